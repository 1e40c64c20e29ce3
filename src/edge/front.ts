import type http from "node:http";
import type { BlockList, Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Clock } from "../foundation/clock.ts";
import { minutes, ms } from "../foundation/duration.ts";
import { Problem } from "../foundation/errors.ts";
import { nodeHttp } from "../foundation/http.ts";
import { internalProblem } from "../foundation/link.ts";
import type { Log } from "../foundation/log.ts";
import type { Meter } from "../foundation/meter.ts";
import type { Scope } from "../foundation/scope.ts";
import type { Arrivals } from "./arrivals.ts";
import { Backlog } from "./backlog.ts";
import { badRequest, expectationFailed, noTunnel } from "./bad-request.ts";
import type { Witness } from "./census.ts";
import type { Trust } from "./client-address.ts";
import { Connections, type ConnectionsOptions, maxPipelinedInRush } from "./connections.ts";
import { headWithinMs, lookEveryMs, maxHeadBytes, requestWithinMs } from "./deadlines.ts";
import { type FrontCounts, frontMetrics, newFrontCounts } from "./front-metrics.ts";
import type { Gate, Misdeed } from "./guard.ts";
import { maxPaced } from "./pace.ts";
import { parseProblem } from "./parse-problem.ts";
import { refuseRaw } from "./raw-answer.ts";
import { overloaded, refuseUnread, sendRefusal } from "./respond.ts";
import type { Router } from "./router.ts";
import type { Slices } from "./slices.ts";
import type { SecureOptions, SecureServer } from "./tls.ts";
import { isRoomUpgrade, type WebSocketProxy } from "./websocket-proxy.ts";

export interface FrontOptions {
  readonly router: Router;
  readonly webSockets: WebSocketProxy;
  readonly counts: { badRequests: number; slowCloses: number; requests: number; backlogOverflow: number };
  /** The time in which requests are answered when there are more than there is time for. */
  readonly slices: Slices;
  /** Told who asks; and how the address of a request is known. @default nobody is told */
  readonly witness?: Witness | undefined;
  readonly address: (request: http.IncomingMessage) => string;
  readonly log: Log;
  readonly clock: Clock;
  readonly meter: Meter;
  readonly scope: Scope;
  /** Milliseconds for which a connection whose client waits for an answer may stand still before it is closed. */
  readonly stallMs: number;
  /** Milliseconds for which a client that is owed bytes may take none of them. */
  readonly undrainedMs: number;
  /** A second server, behind TLS. @default there is none */
  readonly tls?: SecureOptions | undefined;
  /** Who has to begin each connection with a PROXY protocol header, on both servers. @default nobody */
  readonly proxyProtocol?: BlockList | undefined;
  /** Who has new connections of the plain server first. */
  readonly arrivals: Arrivals;
  /** Which proxies in front are believed. */
  readonly trust: Trust;
  /** Says which connections may come, and how often they may ask. @default all, as often as they want */
  readonly gate?: Gate | undefined;
  /** Connections at once, and what takes from their number and may be closed beside HTTP's. See `ConnectionsOptions`. */
  readonly connections?: Omit<ConnectionsOptions, "counts"> | undefined;
}

/** What the public connects to: HTTP servers whose requests all go to the router. They do not listen yet. */
export interface Fronts {
  readonly server: http.Server;
  readonly secure: SecureServer | undefined;
  readonly counts: FrontCounts;
  /** Connections that are open now. */
  readonly open: () => number;
  /** Those of HTTP on which somebody seems to play. */
  readonly playing: () => Iterable<Socket>;
}

const httpOptions = {
  headersTimeout: headWithinMs,
  requestTimeout: requestWithinMs,
  keepAliveTimeout: 20_000,
  connectionsCheckingInterval: lookEveryMs,
  maxHeaderSize: maxHeadBytes,
  noDelay: true,
  // It would be refused without a problem; `badRequest` looks.
  requireHostHeader: false,
  optimizeEmptyRequests: true,
  shouldUpgradeCallback: isRoomUpgrade,
} satisfies http.ServerOptions;

/** How often it is looked how many connections there are. */
const sweepMs = ms(250);
/** How often it is looked whether another day's ticket key is due. */
const rotationMs = minutes(1);

export async function createFronts(options: FrontOptions): Promise<Fronts> {
  const { tls, proxyProtocol, clock, meter, scope, gate } = options;
  const counts = newFrontCounts();
  const server = nodeHttp.createServer(httpOptions);
  const onFailed = gate && ((socket: Socket): void => gate.saw(socket, "failed-handshake"));
  // Loaded when it is wanted: TLS is some megabytes of code.
  const secure =
    tls && (await import("./tls.ts")).createSecureServer(httpOptions, { ...tls, onFailed }, counts, clock.now());
  if (secure) {
    scope.every(rotationMs, () => secure.rotate(clock.now()));
    scope.signal.addEventListener("abort", () => secure.handshakes.end());
  }
  const onUnused = gate && ((socket: Socket): void => gate.saw(socket, "unused-handshake"));
  const onOverflow = (socket: Socket): void => gate?.saw(socket, "bad-request");
  const connections = new Connections({ ...options.connections, counts, onUnused, onOverflow });
  scope.every(sweepMs, () => {
    const now = performance.now();
    void connections.sweep(now);
    gate?.tick(now);
  });
  for (const one of secure ? [server, secure.server] : [server]) {
    connections.watch(one, one === server ? "connection" : "secureConnection");
    const backlog = serveRequests(one, connections, counts, options);
    // What is put before the server last comes first: a proxy's header, the guard, and then who is known by its bytes.
    if (one === server && !proxyProtocol) {
      options.arrivals.watch(server);
      const most = (): number => (backlog.isRush ? maxPipelinedInRush : Infinity);
      options.arrivals.inRush({ most, refused: (socket) => connections.refuse(socket) });
    }
    gate?.watch(one, one === server ? "http" : "tls");
    if (!proxyProtocol) continue;
    const { requireProxyHeader } = await import("./proxy-protocol.ts");
    requireProxyHeader(one, { from: proxyProtocol, counts });
  }
  // After the steps that were put before HTTP: every one of them is counted, whoever takes it.
  for (const one of secure ? [server, secure.server] : [server]) one.on("connection", () => counts.connections++);
  frontMetrics(meter, counts, connections, secure);
  return { server, secure, counts, open: () => connections.open, playing: () => connections.playing() };
}

function serveRequests(
  server: http.Server,
  connections: Connections,
  frontCounts: FrontCounts,
  { router, webSockets, counts, slices, trust, witness, address, log, gate, stallMs, undrainedMs }: FrontOptions,
): Backlog {
  const refuse = (request: http.IncomingMessage, response: http.ServerResponse, problem: Problem): void => {
    counts.badRequests++;
    gate?.saw(request.socket, "bad-request");
    refuseUnread(request, response, problem);
  };
  const answer = (request: http.IncomingMessage, response: http.ServerResponse): void => {
    const routed = router.route(request, response).catch((thrown: unknown) => {
      if (!(thrown instanceof Problem)) log.error("request-failed", { error: thrown });
      if (response.headersSent) response.destroy();
      else sendRefusal(response, thrown instanceof Problem ? thrown : internalProblem());
    });
    if (gate) void routed.then(() => isRefusal(response) && gate.refused(request, address(request)));
  };
  const isEdge = (request: http.IncomingMessage): boolean => trust.isEdge?.(request) ?? false;
  const backlog = new Backlog({ slices, counts, answer, isEdge });
  const take = (request: http.IncomingMessage, response: http.ServerResponse): void => {
    const overflow = backlog.take(request, response);
    if (overflow) refuseUnread(request, response, overflow);
  };
  /** Requests that wait because too many came on their connection. */
  let paced = 0;
  server.on("request", (request, response) => {
    if (!connections.asked(request, response, backlog.isRush)) return;
    counts.requests++;
    witness?.asked(address(request));
    const problem = badRequest(request);
    if (problem) return refuse(request, response, problem);
    const wait = gate?.refusal(request, address);
    if (wait) return refuseUnread(request, response, wait);
    const ms = gate?.wait(request, address) ?? 0;
    if (ms === 0) return take(request, response);
    if (paced >= maxPaced) {
      frontCounts.paceOverflow++;
      return refuseUnread(request, response, overloaded("requests of those who ask too much", maxPaced));
    }
    // Whoever asks too much is answered later, and asks the less for it; those that follow on the connection wait behind.
    paced++;
    setTimeout(() => {
      paced--;
      if (!response.destroyed) take(request, response);
    }, ms);
  });
  server.on("checkExpectation", (request: http.IncomingMessage, response: http.ServerResponse) => {
    if (!connections.asked(request, response)) return;
    const problem = badRequest(request);
    if (problem) refuse(request, response, problem);
    else sendRefusal(response, expectationFailed(request.headers.expect ?? ""));
  });
  server.on("upgrade", (request: http.IncomingMessage, socket: Duplex, early: Buffer) => {
    connections.left(socket);
    webSockets.handle(request, socket, early);
  });
  server.on("connect", (_, socket: Duplex) => {
    connections.left(socket);
    counts.badRequests++;
    gate?.saw(socket as Socket, "bad-request");
    socket.on("error", () => socket.destroy());
    refuseRaw(socket, noTunnel(), ["allow: GET, HEAD, OPTIONS"]);
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex) => {
    // What still comes behind a request that was refused.
    if (socket.writableEnded) return;
    counts.badRequests++;
    const problem = parseProblem(error.code);
    const misdeed = problem && misdeedOf(problem, socket as Socket);
    if (misdeed) gate?.saw(socket as Socket, misdeed);
    // In the middle of an answer a refusal would be taken for a part of it.
    if (problem === undefined || !socket.writable || connections.isAnswering(socket)) socket.destroy();
    else refuseRaw(socket, problem);
  });
  server.setTimeout(undrainedMs, (socket) => {
    // Who waits for us is not slow. An idle connection has nothing to drain; its time between requests is over.
    if (connections.isWaiting(socket, undrainedMs, stallMs)) return void socket.setTimeout(undrainedMs);
    if (socket.writableLength > 0) {
      counts.slowCloses++;
      gate?.saw(socket, "undrained");
    }
    socket.destroy();
  });
  return backlog;
}

/** Whether a request had an answer by which its client is told that it was wrong. */
const isRefusal = ({ statusCode }: http.ServerResponse): boolean => statusCode >= 400 && statusCode < 500;

/** A connection on which nothing was ever said is one that browsers open in advance; behind TLS its handshake counts. */
function misdeedOf({ code }: Problem, socket: Socket): Misdeed | undefined {
  if (code !== "request-too-slow") return "bad-request";
  if (socket.bytesRead > 0) return "slow-request";
  return "encrypted" in socket ? undefined : "spare";
}
