import { randomBytes } from "node:crypto";
import type http from "node:http";
import type { Socket } from "node:net";
import { ms } from "../foundation/duration.ts";
import { reason } from "../foundation/errors.ts";
import { Target } from "../foundation/target.ts";
import { cacheHeader } from "../wire/tickets.ts";
import { Adoption } from "./adoption.ts";
import { Arrivals, type ArrivalsOptions } from "./arrivals.ts";
import { Audience } from "./audience.ts";
import { AudienceReporter } from "./audience-reporter.ts";
import { Beacons } from "./beacons.ts";
import { Channels } from "./channels.ts";
import { maxChunkReaders } from "./chunk-readers.ts";
import { askedOrigin, clientAddress, noTrust, peerAddress, speaksForOthers, type Trust } from "./client-address.ts";
import { DirectWrites } from "./direct-writes.ts";
import { undrainedMs } from "./deadlines.ts";
import { Directory } from "./directory.ts";
import { DoorRoutes } from "./door-routes.ts";
import { Doorkeeper } from "./doorkeeper.ts";
import { drain, drainMs } from "./drain.ts";
import type { Edge, EdgeOptions } from "./edge.ts";
import { EdgeKey } from "./edge-key.ts";
import { EdgeRoutes } from "./edge-routes.ts";
import { FeedFollower } from "./feed-follower.ts";
import { FeedTeller } from "./feed-teller.ts";
import { followedClock } from "./followed-clock.ts";
import { createFronts } from "./front.ts";
import { Gate } from "./guard.ts";
import { HoldBudget } from "./hold-budget.ts";
import { Leaving } from "./leaving.ts";
import { KeptConnections } from "./kept-connections.ts";
import { LiveRoutes } from "./live-routes.ts";
import { LiveTexts } from "./live-texts.ts";
import { edgeMetrics, newCounts } from "./metrics.ts";
import { loadPages } from "./page-files.ts";
import { Pages } from "./pages.ts";
import { playing } from "./playing.ts";
import { Playlists } from "./playlists.ts";
import { ApiProxy } from "./proxy.ts";
import { PushMode } from "./push-mode.ts";
import { ReplayRoutes } from "./replay-routes.ts";
import { reading } from "./reading.ts";
import { Router } from "./router.ts";
import { alwaysOpen, withTold } from "./service-level.ts";
import { Slices } from "./slices.ts";
import { StandingPages } from "./standing-page.ts";
import { Streams } from "./streams.ts";
import { Upstream } from "./upstream.ts";
import { WebSocketProxy } from "./websocket-proxy.ts";

export type { Edge, EdgeHealth, EdgeOptions } from "./edge.ts";

/**
 * Milliseconds for which a connection whose client waits for an answer may stand still before it is closed: longer than
 * control may take to answer. Who is owed bytes and takes none has `undrainedMs`. Endless responses and WebSockets have
 * their own rules.
 */
export const defaultStallMs = 60_000;
/** So much of the connections there may be are endless responses: whoever is above it can still be told so. */
const listenersShare = 0.985;
/** For so long answers wait in one turn of the loop, ms. */
const answersPatienceMs = 100;
const sweepMs = ms(250);
const audienceMs = ms(1000);

/** Makes an edge; it follows the origin at once and ends with the scope. */
export async function createEdge(options: EdgeOptions): Promise<Edge> {
  const { log, meter, scope, id = randomBytes(6).toString("hex") } = options;
  const isRemote = options.upstreams.some((address) => address.startsWith("http"));
  const followed = followedClock(options.clock);
  // On one machine all processes have the same clock; on another it is the origin's that counts.
  const clock = isRemote ? followed : options.clock;
  const door = options.door?.(() => clock.now());
  const key = options.key === undefined ? undefined : new EdgeKey(options.key);
  const isEdge = (request: http.IncomingMessage): boolean => key?.isShownBy(request) ?? false;
  const trust: Trust = { ...(options.trust ?? noTrust), isEdge };
  const counts = newCounts();
  const files = await loadPages(options.web, log);
  const pages = new Pages(files, (space) => directory.find(space)?.state.edges ?? []);
  const budget = new HoldBudget({
    most: options.maxHeld,
    patienceMs: options.heldMs,
    behavedAt: (address) => options.guard?.behavedAt(address) ?? 0,
  });
  const pushMode = new PushMode(options.push);
  const fetches = meter.counter("rostra_edge_upstream_fetches_total", "Requests to the origin, by what for.");
  const upstream = new Upstream({ addresses: options.upstreams, id, key: options.key, fetches, log });
  const readers = { open: 0, most: maxChunkReaders, patienceMs: budget.patienceMs };
  const slices = new Slices();
  // Beside each other, each has a third of a busy loop: those who play, all other answers, and whoever comes. In a turn that is
  // long because many ask, answers wait: who has none asks nothing more, so the turn ends.
  const answers = new Slices(undefined, answersPatienceMs);
  const breathe = (): void => {
    slices.breathe();
    answers.breathe();
  };
  const writes = new DirectWrites();
  const onLeave = (socket: Socket): void => keeper.seats.left(socket);
  const channels = new Channels({ clock, log, upstream, pushMode, budget, readers, counts, slices, writes, onLeave });
  const playlists = new Playlists(budget, slices, counts);
  const directory: Directory = new Directory({
    log,
    onChange: (entry) => {
      playlists.changed(entry);
      const space = entry.state.id;
      const isGone = directory.find(space) !== entry;
      if (isGone) channels.gone(entry);
      if (entry.over || isGone) {
        audience.uniques.forget(space);
        door?.forget(space);
      }
      options.onSpace?.(entry, isGone);
    },
    onLine: (line) => {
      if (line.t === "line") door?.told(line);
      teller.tell(line);
    },
  });
  const levels = withTold(options.levels ?? alwaysOpen, directory);
  const teller = new FeedTeller({ directory, id, maxReaders: options.maxFeedReaders });
  const audience = new Audience({ salt: (space) => directory.find(space)?.salt });
  const address = (request: http.IncomingMessage): string => clientAddress(request, trust);
  const keeper = new Doorkeeper({ door, levels, audience, address, counts });
  const { stallMs = defaultStallMs, undrainedMs: undrained = Math.min(undrainedMs, stallMs) } = options;
  const gate = options.guard && new Gate(options.guard, trust);
  const kept = new KeptConnections({
    directory,
    channels,
    audience,
    writes,
    counts,
    address,
    gate,
    budget,
    breathe,
    stallMs: undrained,
  });
  const streams = new Streams({
    directory,
    channels,
    audience,
    keeper,
    counts,
    address,
    witness: options.witness,
    maxListeners: options.maxConnections && Math.floor(options.maxConnections * listenersShare),
  });
  const join: ArrivalsOptions["join"] = (socket, request) => (breathe(), streams.join(socket, request));
  const arrivals = new Arrivals({ known: streams.known, join });
  const texts = new LiveTexts(upstream);
  const places = new DoorRoutes({ door, keeper, directory, audience, address, counts });
  const live = new LiveRoutes({
    directory,
    channels,
    kept,
    streams,
    keeper,
    door: places,
    playlists,
    texts,
    audience,
    pushMode,
    levels,
    counts,
    now: () => clock.now(),
    address,
    isEdge,
    isCache: (request) =>
      request.headers[cacheHeader] !== undefined && speaksForOthers(trust, peerAddress(request.socket)),
  });
  const beacons = new Beacons({ audience, address, counts });
  const replay = new ReplayRoutes({ directory, upstream, counts, address, isEdge });
  const ownControl = options.control === undefined ? undefined : new Target(options.control);
  const control = (): Target => ownControl ?? upstream.current.target;
  const api = new ApiProxy({
    control,
    counts,
    trust,
    levels,
    maxRequests: options.maxApi,
    maxPerAddress: options.maxApiPerAddress,
    turns: options.turns,
  });
  const webSockets = new WebSocketProxy({
    control,
    counts,
    trust,
    maxSockets: options.maxWebSockets,
    turns: options.turns,
    undrainedMs: undrained,
  });
  const reporter = new AudienceReporter({
    name: options.name,
    audience,
    beacons,
    door,
    levels,
    seats: () => levels.seats,
    streams: () => channels.bySpace(),
    urls: options.urls,
  });
  const edges = new EdgeRoutes({
    key,
    teller,
    reporter,
    shown: (request) => options.guard?.vouch(peerAddress(request.socket)),
  });
  const origin = (request: http.IncomingMessage): string => askedOrigin(request, trust);
  const standing = new StandingPages({ files, directory, levels, texts, origin, now: () => clock.now() });
  const router = new Router({ live, beacons, door: places, directory, replay, edges, api, pages, standing, counts });
  const adoption = new Adoption({ directory, channels, counts });
  const { server, secure, ...front } = await createFronts({
    router,
    witness: options.witness,
    address,
    webSockets,
    counts,
    slices: answers,
    log,
    clock,
    meter,
    scope,
    stallMs,
    undrainedMs: undrained,
    tls: options.tls,
    proxyProtocol: options.proxyProtocol,
    arrivals,
    trust,
    gate,
    connections: {
      most: options.maxConnections,
      // What is passed on has a connection onward as well, and a rendition that is pulled has up to two.
      elsewhere: () => adoption.open + api.inFlight + webSockets.size + replay.downloads + 2 * channels.size,
      closeIdle: (most, before) => kept.closeIdle(most, before),
    },
  });
  const servers = secure ? [server, secure.server] : [server];
  for (const one of servers) one.prependListener("request", breathe).on("connection", breathe);

  // While it drains it goes on as before, the scope's end or not.
  const drained = new AbortController();
  const follower = new FeedFollower({
    upstream,
    id,
    counts,
    log,
    signal: drained.signal,
    timing: options.feedTiming,
    onLine: (line) => {
      if (line.t === "tick") followed.tick(line.now);
      directory.apply(line);
    },
    onPath: (path) => teller.comesThrough(path),
    onConnection: (connected) => {
      directory.connection(connected);
      reporter.again();
    },
  });
  const following = follower.run();

  scope.every(sweepMs, () => {
    const now = performance.now();
    channels.sweep(now);
    kept.sweep(now);
    arrivals.sweep(now);
    playlists.sweep(now);
    webSockets.sweep(now);
  });
  const tellAudience = async (): Promise<void> => {
    const body = reporter.next();
    const { current } = upstream;
    const lost = (why: unknown): void => {
      reporter.lost(body);
      log.debug("audience-not-told", { reason: reason(why) });
    };
    await current.post(current.paths.audience, body, 900).then((status) => {
      if (status !== 204) lost(`${current.name} answered ${status}`);
    }, lost);
  };
  scope.every(audienceMs, () => {
    keeper.tick(!directory.synced);
    void tellAudience();
  });
  edgeMetrics({
    meter,
    counts,
    channels,
    kept,
    budget,
    directory,
    upstream,
    teller,
    audience,
    reporter,
    api,
    webSockets,
    replay,
    keeper,
  });

  scope.onEnd(async () => {
    teller.end();
    const farewell = options.farewell?.() ?? { window: drainMs };
    await drain({ servers, channels, kept, arrivals, webSockets, leaving: new Leaving(), counts, log, ...farewell });
    // Its listeners are somebody else's now.
    await tellAudience();
    drained.abort();
    await following;
    upstream.close();
  });
  return {
    server,
    secure,
    directory,
    reporter,
    adoption,
    load: () => {
      const [open, streams] = [front.open() + adoption.open, channels.listeners];
      // Whoever fetches segments holds a connection: names alone, of which one client can make any number, fill no seats.
      const numbered = Math.min(audience.known, Math.max(0, open - streams));
      const sent = counts.sentBytes + counts.numberedBytes;
      return { playing: streams + numbered, open: Math.max(open, streams), behind: channels.behind, sent };
    },
    reading: () =>
      reading({
        counts,
        front: front.counts,
        moves: upstream.moves,
        gauges: { open: front.open(), listeners: channels.listeners, numbered: audience.known, held: budget.held },
      }),
    listeners: () => {
      const all = channels.bySpace();
      for (const [space, count] of audience.numbered()) all.set(space, (all.get(space) ?? 0) + count);
      return all;
    },
    playing: () => playing({ channels, kept, http: front.playing, trust }),
    health: () => ({
      origin: directory.synced,
      upstream: upstream.current.name,
      trouble: follower.trouble,
      spaces: directory.size,
      listeners: channels.listeners,
    }),
  };
}
