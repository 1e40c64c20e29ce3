import type http from "node:http";
import type { BlockList } from "node:net";
import type { Duplex } from "node:stream";
import type { Clock } from "../foundation/clock.ts";
import { minutes } from "../foundation/duration.ts";
import { Problem } from "../foundation/errors.ts";
import { nodeHttp } from "../foundation/http.ts";
import { internalProblem } from "../foundation/link.ts";
import type { Log } from "../foundation/log.ts";
import type { Meter } from "../foundation/meter.ts";
import type { Scope } from "../foundation/scope.ts";
import { frontMetrics, newFrontCounts } from "./front-metrics.ts";
import { headWithinMs, maxHeadBytes, parseProblem, requestWithinMs } from "./parse-problem.ts";
import { refuseRaw } from "./raw-answer.ts";
import { sendRefusal } from "./respond.ts";
import type { Router } from "./router.ts";
import type { SecureOptions, SecureServer } from "./tls.ts";
import { isRoomUpgrade, type WebSocketProxy } from "./websocket-proxy.ts";

export interface FrontOptions {
  readonly router: Router;
  readonly webSockets: WebSocketProxy;
  readonly counts: { badRequests: number; slowCloses: number };
  readonly log: Log;
  readonly clock: Clock;
  readonly meter: Meter;
  readonly scope: Scope;
  /** Milliseconds for which a connection with an answer under way may stand still before it is closed. */
  readonly stallMs: number;
  /** A second server, behind TLS. @default there is none */
  readonly tls?: SecureOptions | undefined;
  /** Who has to begin each connection with a PROXY protocol header, on both servers. @default nobody */
  readonly proxyProtocol?: BlockList | undefined;
}

/** What the public connects to: HTTP servers whose requests all go to the router. They do not listen yet. */
export interface Fronts {
  readonly server: http.Server;
  readonly secure: SecureServer | undefined;
}

const httpOptions = {
  headersTimeout: headWithinMs,
  requestTimeout: requestWithinMs,
  keepAliveTimeout: 20_000,
  connectionsCheckingInterval: 2000,
  maxHeaderSize: maxHeadBytes,
  noDelay: true,
  optimizeEmptyRequests: true,
  shouldUpgradeCallback: isRoomUpgrade,
} satisfies http.ServerOptions;

/** How often it is looked whether another day's ticket key is due. */
const rotationMs = minutes(1);

export async function createFronts(options: FrontOptions): Promise<Fronts> {
  const { tls, proxyProtocol, clock, meter, scope } = options;
  const counts = newFrontCounts();
  const server = nodeHttp.createServer(httpOptions);
  // Loaded when it is wanted: TLS is some megabytes of code.
  const secure = tls && (await import("./tls.ts")).createSecureServer(httpOptions, tls, counts, clock.now());
  if (secure) {
    scope.every(rotationMs, () => secure.rotate(clock.now()));
    scope.signal.addEventListener("abort", () => secure.handshakes.end());
  }
  for (const one of secure ? [server, secure.server] : [server]) {
    serveRequests(one, options);
    if (!proxyProtocol) continue;
    const { requireProxyHeader } = await import("./proxy-protocol.ts");
    requireProxyHeader(one, { from: proxyProtocol, counts });
  }
  frontMetrics(meter, counts, secure);
  return { server, secure };
}

function serveRequests(server: http.Server, { router, webSockets, counts, log, stallMs }: FrontOptions): void {
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
}
