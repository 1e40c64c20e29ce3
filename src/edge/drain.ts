import type http from "node:http";
import { Server } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type Milliseconds, ms } from "../foundation/duration.ts";
import type { Log } from "../foundation/log.ts";
import { chunksPerSegment, segmentMs } from "../wire/timeline.ts";
import { closeQueues } from "./accept-queues.ts";
import type { Arrivals } from "./arrivals.ts";
import type { Channels } from "./channels.ts";
import type { FanOut } from "./fan-out.ts";
import { handOver, maxHandOverMs, type Successor } from "./hand-over.ts";
import type { KeptConnections } from "./kept-connections.ts";
import type { Leaving } from "./leaving.ts";
import { letGo, lingerMs } from "./raw-answer.ts";
import type { WebSocketProxy } from "./websocket-proxy.ts";

/** Milliseconds for which an edge drains when nobody says for how long: a segment and some. */
export const drainMs: Milliseconds = ms(1500);
/** How often it is looked who is due, ms. */
const lookMs = 50;
/** Over how many ms those who are due at one segment's end are ended: less than until the next chunk, which they do without. */
const spreadMs = 250;
/**
 * For how long after a segment's end responses are ended, ms. Whoever is let go of later, where whole segments are pushed, is back
 * so late on a busy machine that a segment more is over, and that would be missing.
 */
const freshMs = segmentMs / chunksPerSegment;

/** How an edge goes. */
export interface Farewell {
  /** For how long those who are connected may move. */
  readonly window: Milliseconds;
  /** Whether nobody will answer here any more: idle connections have nothing to wait for. @default false */
  readonly serverStops?: boolean;
  /** Who is given the endless responses' connections, where there is somebody. */
  readonly successor?: Successor | undefined;
}

export interface DrainOptions extends Farewell {
  readonly servers: readonly http.Server[];
  readonly channels: Channels;
  readonly kept: KeptConnections;
  readonly arrivals: Arrivals;
  readonly webSockets: WebSocketProxy;
  readonly leaving: Leaving;
  readonly counts: { handedOver: number };
  readonly log: Log;
}

/**
 * Lets everybody go. No new connections are taken. What can be is handed to the successor; the other endless responses
 * end at a segment's end, spread evenly over the window; kept connections are closed by one of their next answers,
 * WebSockets one by one with 1012, and requests that are held are answered. What is left after the window is cut off.
 */
export async function drain(options: DrainOptions): Promise<void> {
  const { servers, channels, kept, arrivals, webSockets, leaving, counts, log, window, successor, serverStops } =
    options;
  const since = performance.now();
  const listeners = channels.listeners;
  const closed = Promise.all(servers.map(takeNoMore));
  leaving.begin(since + window);
  for (const server of servers) {
    server.prependListener("request", ({ url, socket }, response) => {
      if (leaving.isLastAnswer()) response.shouldKeepAlive = false;
      // Who comes back on a connection that was kept from before asks again on a new one by itself (RFC 9112, 9.3.1): elsewhere.
      if (url?.endsWith("/stream.mp4") && socket.bytesWritten > 0) socket.destroy();
    });
  }
  // After the listener above: what is asked for on them is to be answered as one of the last, too.
  arrivals.leave();
  kept.leave();
  if (serverStops) for (const server of servers) server.closeIdleConnections();
  const webSocketsGone = webSockets.leave(window);
  let handedOver = 0;
  if (successor) {
    // For nobody is this a wait: whoever is still here plays on.
    handedOver = await handOver(channels, successor, since + maxHandOverMs);
    counts.handedOver += handedOver;
  }
  const ended = channels.listeners;
  await endResponses(channels, window);
  // A client of a kept connection that asks for nothing more is not waited for longer than the others were.
  const rest = Math.max(0, since + window - performance.now());
  await Promise.race([Promise.all([closed, webSocketsGone]), sleep(rest, undefined, { ref: false })]);
  webSockets.end();
  await channels.end();
  for (const server of servers) server.closeAllConnections();
  await Promise.race([closed, sleep(lingerMs, undefined, { ref: false })]);
  const tookMs = Math.round(performance.now() - since);
  if (listeners > 0) log.info("drained", { listeners, handedOver, ended, tookMs });
}

/**
 * Closes the port and leaves every connection as it is; resolves when all are gone. (The HTTP server's own `close` also cuts
 * idle connections off, on which a request may be coming just now.)
 */
function takeNoMore(server: http.Server): Promise<void> {
  if (!server.listening) return Promise.resolve();
  closeQueues(server);
  return new Promise((resolve) => {
    Server.prototype.close.call(server, () => {
      // Now it can end for itself: what it looks after idle connections with.
      server.close();
      resolve();
    });
  });
}

/**
 * Ends the endless responses at segments' ends, evenly over the window; with the last of them also those of the slow. In
 * a window that is too short for that, everybody's ends with the segment that is under way.
 */
async function endResponses(channels: Channels, window: Milliseconds): Promise<void> {
  const since = performance.now();
  const total = channels.listeners;
  const pace = window < 2 * segmentMs ? 0 : window - segmentMs - spreadMs;
  let ended = 0;
  const boundaries = new Map<FanOut, number>();
  const endDue = (fanOut: FanOut): void => {
    const passed = performance.now() - since;
    const due = Math.ceil(total * (passed >= pace ? 1 : passed / pace)) - ended;
    const sockets = due > 0 ? (fanOut.release(due)?.sockets ?? []) : [];
    for (const socket of sockets) setTimeout(() => letGo(socket), Math.random() * spreadMs);
    ended += sockets.length;
  };
  channels.onBoundary = (fanOut) => {
    boundaries.set(fanOut, performance.now());
    endDue(fanOut);
  };
  while (channels.listeners > 0 && performance.now() - since < window) {
    for (const [fanOut, at] of boundaries) if (performance.now() - at < freshMs) endDue(fanOut);
    if (performance.now() - since >= pace) channels.drain();
    await sleep(lookMs);
  }
  // Those who were released last are still to be told.
  if (ended > 0) await sleep(spreadMs);
}
