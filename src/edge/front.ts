import type http from "node:http";
import type { Duplex } from "node:stream";
import { Problem } from "../foundation/errors.ts";
import { nodeHttp } from "../foundation/http.ts";
import { internalProblem } from "../foundation/link.ts";
import type { Log } from "../foundation/log.ts";
import { headWithinMs, maxHeadBytes, parseProblem, requestWithinMs } from "./parse-problem.ts";
import { refuseRaw } from "./raw-answer.ts";
import { sendRefusal } from "./respond.ts";
import type { Router } from "./router.ts";
import { isRoomUpgrade, type WebSocketProxy } from "./websocket-proxy.ts";

export interface FrontOptions {
  readonly router: Router;
  readonly webSockets: WebSocketProxy;
  readonly counts: { badRequests: number; slowCloses: number };
  readonly log: Log;
  /** Milliseconds for which a connection with an answer under way may stand still before it is closed. */
  readonly stallMs: number;
}

/** What the public connects to: an HTTP server whose requests go to the router. It does not listen yet. */
export function createFront({ router, webSockets, counts, log, stallMs }: FrontOptions): http.Server {
  const server = nodeHttp.createServer({
    headersTimeout: headWithinMs,
    requestTimeout: requestWithinMs,
    keepAliveTimeout: 20_000,
    connectionsCheckingInterval: 2000,
    maxHeaderSize: maxHeadBytes,
    noDelay: true,
    optimizeEmptyRequests: true,
    shouldUpgradeCallback: isRoomUpgrade,
  });
  server.on("request", (request, response) => {
    router.route(request, response).catch((thrown: unknown) => {
      if (!(thrown instanceof Problem)) log.error("request-failed", { error: thrown });
      if (response.headersSent) response.destroy();
      else sendRefusal(response, thrown instanceof Problem ? thrown : internalProblem());
    });
  });
  server.on("upgrade", (request: http.IncomingMessage, socket: Duplex, early: Buffer) =>
    webSockets.handle(request, socket, early),
  );
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex) => {
    // What still comes behind a request that was refused.
    if (socket.writableEnded) return;
    counts.badRequests++;
    const problem = parseProblem(error.code);
    if (problem === undefined || !socket.writable) socket.destroy();
    else refuseRaw(socket, problem);
  });
  server.setTimeout(stallMs, (socket) => {
    // An idle connection has nothing to drain; its time between requests is over.
    if (socket.writableLength > 0) counts.slowCloses++;
    socket.destroy();
  });
  return server;
}
