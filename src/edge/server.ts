import type http from "node:http";
import type { Clock } from "../foundation/clock.ts";
import { ms } from "../foundation/duration.ts";
import { reason } from "../foundation/errors.ts";
import { Link } from "../foundation/link.ts";
import type { Log } from "../foundation/log.ts";
import type { Meter } from "../foundation/meter.ts";
import type { Scope } from "../foundation/scope.ts";
import type { AudienceReport, FeedLine } from "../wire/timelines.ts";
import { Audience } from "./audience.ts";
import { Channels } from "./channels.ts";
import { clientAddress, noTrust, type Trust } from "./client-address.ts";
import { Directory } from "./directory.ts";
import { createFront } from "./front.ts";
import { holdBudget } from "./holds.ts";
import { LiveRoutes } from "./live-routes.ts";
import { edgeMetrics, newCounts } from "./metrics.ts";
import { loadPages } from "./page-files.ts";
import { Pages } from "./pages.ts";
import { Playlists } from "./playlists.ts";
import { ApiProxy } from "./proxy.ts";
import { PushMode, type PushThresholds } from "./push-mode.ts";
import { ReplayRoutes } from "./replay-routes.ts";
import { Router } from "./router.ts";
import { Slices } from "./slices.ts";
import { Upstream } from "./upstream.ts";
import { WebSocketProxy } from "./websocket-proxy.ts";

export interface EdgeOptions {
  /** What this edge is called in the audience report, for example `edge-1`. */
  readonly name: string;
  /** The Unix sockets of the origin and of control. */
  readonly origin: string;
  readonly control: string;
  /** The folder of the built pages. */
  readonly web: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  /** Ending it drains the edge. */
  readonly scope: Scope;
  /** Which proxies in front are believed. @default noTrust */
  readonly trust?: Trust;
  readonly push?: PushThresholds;
  /** @default maxHeldRequests */
  readonly maxHeld?: number;
  /** Milliseconds. @default maxHeldMs */
  readonly heldMs?: number;
  /** @default maxApiRequests */
  readonly maxApi?: number;
  /** @default maxApiPerAddress */
  readonly maxApiPerAddress?: number;
  /** @default maxWebSockets */
  readonly maxWebSockets?: number;
  /** Milliseconds. @default stallMs */
  readonly stallMs?: number;
}

/** An edge: an HTTP server that whoever made it lets listen. */
export interface Edge {
  readonly server: http.Server;
  readonly directory: Directory;
  /** What `/healthz` of the admin socket tells. */
  health(): { readonly origin: boolean; readonly spaces: number; readonly listeners: number };
}

/**
 * Milliseconds for which a connection with an answer under way may stand still before it is closed: longer than control
 * may take to answer. Endless responses and WebSockets have their own rules.
 */
export const stallMs = 60_000;
/** Milliseconds that endless responses have to come to their segment's end when the edge ends: one segment and some. */
export const drainMs = 1500;
const sweepMs = ms(250);
const audienceMs = ms(1000);

/** Makes an edge; it follows the origin at once and ends with the scope. */
export async function createEdge(options: EdgeOptions): Promise<Edge> {
  const { clock, log, meter, scope, trust = noTrust } = options;
  const counts = newCounts();
  const pages = new Pages(await loadPages(options.web, log));
  const budget = holdBudget(options.maxHeld, options.heldMs);
  const pushMode = new PushMode(options.push);
  const fetches = meter.counter("rostra_edge_upstream_fetches_total", "Requests to the origin, by what for.");
  const upstream = new Upstream(options.origin, fetches);
  const channels = new Channels({ clock, log, upstream, pushMode, budget, counts, slices: new Slices() });
  const playlists = new Playlists(budget, counts);
  const directory: Directory = new Directory({
    log,
    onChange: (entry) => {
      playlists.changed(entry);
      if (directory.find(entry.state.id) !== entry) channels.gone(entry);
    },
  });
  const audience = new Audience();
  const address = (request: http.IncomingMessage): string => clientAddress(request, trust);
  const live = new LiveRoutes({
    directory,
    channels,
    playlists,
    audience,
    pushMode,
    counts,
    now: () => clock.now(),
    address,
  });
  const replay = new ReplayRoutes({ directory, upstream, counts });
  const api = new ApiProxy({
    socketPath: options.control,
    counts,
    trust,
    maxRequests: options.maxApi,
    maxPerAddress: options.maxApiPerAddress,
  });
  const webSockets = new WebSocketProxy({
    socketPath: options.control,
    counts,
    trust,
    maxSockets: options.maxWebSockets,
  });
  const router = new Router({ live, replay, api, pages, counts });
  const server = createFront({ router, webSockets, counts, log, stallMs: options.stallMs ?? stallMs });

  const link = new Link(options.origin);
  const followed = link.follow("/feed", (line) => directory.apply(line as FeedLine), {
    signal: scope.signal,
    log,
    onState: (connected) => directory.connection(connected),
  });

  scope.every(sweepMs, () => {
    const now = performance.now();
    channels.sweep(now);
    playlists.sweep(now);
  });
  scope.every(audienceMs, () => {
    const listeners = audience.count();
    for (const [space, streaming] of channels.bySpace()) listeners.set(space, (listeners.get(space) ?? 0) + streaming);
    const body: AudienceReport = { edge: options.name, listeners: Object.fromEntries(listeners) };
    link
      .request({ method: "POST", path: "/audience", body, timeoutMs: 900 })
      .catch((failure: unknown) => log.debug("audience-not-told", { reason: reason(failure) }));
  });
  edgeMetrics({ meter, counts, channels, budget, directory, audience, api, webSockets, replay });

  scope.onEnd(async () => {
    await drain(server, channels, webSockets);
    await followed;
    link.close();
    upstream.close();
  });
  return {
    server,
    directory,
    health: () => ({ origin: directory.synced, spaces: directory.size, listeners: channels.listeners }),
  };
}

/** No new connections; endless responses end with their segment; what is left after `drainMs` is closed. */
async function drain(server: http.Server, channels: Channels, webSockets: WebSocketProxy): Promise<void> {
  const closed = new Promise<void>((resolve) => (server.listening ? server.close(() => resolve()) : resolve()));
  server.closeIdleConnections();
  channels.drain();
  const force = setTimeout(() => {
    webSockets.end();
    void channels.end();
    server.closeAllConnections();
  }, drainMs);
  await closed;
  clearTimeout(force);
  webSockets.end();
  await channels.end();
}
