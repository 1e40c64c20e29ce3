import type { Meter } from "../foundation/meter.ts";
import type { Audience } from "./audience.ts";
import { type Census, newCensus } from "./census.ts";
import type { AudienceReporter } from "./audience-reporter.ts";
import type { Channels } from "./channels.ts";
import { type CounterOf, registerCounters } from "./counters.ts";
import type { Directory } from "./directory.ts";
import type { Doorkeeper } from "./doorkeeper.ts";
import type { FeedTeller } from "./feed-teller.ts";
import type { HoldBudget } from "./hold-budget.ts";
import type { KeptConnections } from "./kept-connections.ts";
import type { LiveCounts } from "./live-routes.ts";
import type { EdgeCounts } from "./parts.ts";
import type { ApiProxy, ProxyCounts } from "./proxy.ts";
import type { ReplayCounts, ReplayRoutes } from "./replay-routes.ts";
import type { Upstream } from "./upstream.ts";
import type { WebSocketProxy } from "./websocket-proxy.ts";

/** Everything that an edge counts as plain numbers, because it happens for every listener. */
export interface AllCounts extends EdgeCounts, LiveCounts, ReplayCounts, ProxyCounts, Census {
  joins: number;
  /** Of these, those that began without HTTP. */
  knownJoins: number;
  webSocketOverflow: number;
  badRequests: number;
  backlogOverflow: number;
  beacons: number;
  beaconOverflow: number;
  places: number;
  placeOverflow: number;
  unseated: number;
  seated: number;
  badTickets: number;
  badFeedLines: number;
  /** Listeners whose connection was given to a successor, and taken from a predecessor. */
  handedOver: number;
  adopted: number;
  /** Segments sent on kept connections without a parser. */
  keptAnswers: number;
}

export const newCounts = (): AllCounts => ({
  ...newCensus(),
  sentBytes: 0,
  slowSkips: 0,
  slowCloses: 0,
  jumps: 0,
  badSegments: 0,
  joins: 0,
  knownJoins: 0,
  numberedBytes: 0,
  holdOverflow: 0,
  notFound: 0,
  replayOverflow: 0,
  apiOverflow: 0,
  webSocketOverflow: 0,
  badRequests: 0,
  backlogOverflow: 0,
  beacons: 0,
  beaconOverflow: 0,
  places: 0,
  placeOverflow: 0,
  unseated: 0,
  seated: 0,
  badTickets: 0,
  badFeedLines: 0,
  handedOver: 0,
  adopted: 0,
  keptAnswers: 0,
});

export interface MetricsOptions {
  readonly meter: Meter;
  readonly counts: AllCounts;
  readonly channels: Channels;
  readonly kept: KeptConnections;
  readonly budget: HoldBudget;
  readonly directory: Directory;
  readonly upstream: Upstream;
  readonly teller: FeedTeller;
  readonly audience: Audience;
  readonly reporter: AudienceReporter;
  readonly api: ApiProxy;
  readonly webSockets: WebSocketProxy;
  readonly replay: ReplayRoutes;
  readonly keeper: Doorkeeper;
}

const counters: readonly CounterOf<AllCounts>[] = [
  ["sentBytes", "rostra_edge_stream_sent_bytes_total", "Bytes written to listeners on endless responses."],
  [
    "numberedBytes",
    "rostra_edge_numbered_sent_bytes_total",
    "Bytes of segments that were sent as numbered objects, to whomever.",
  ],
  ["joins", "rostra_edge_joins_total", "Endless responses begun."],
  ["knownJoins", "rostra_edge_known_joins_total", "Of these, those whose request was known by its bytes."],
  ["slowSkips", "rostra_edge_slow_skips_total", "Times a slow listener was skipped to the live edge."],
  ["slowCloses", "rostra_edge_slow_closes_total", "Connections closed because they never drained."],
  ["jumps", "rostra_edge_jumps_total", "Times a puller left segments out in favour of the live edge."],
  ["badSegments", "rostra_edge_bad_segments_total", "Segments that failed their check and were asked for again."],
  ["badFeedLines", "rostra_edge_bad_feed_lines_total", "Lines of a feed that could not be read."],
  ["holdOverflow", "rostra_edge_hold_overflow_total", "Early requests refused because too many were held."],
  ["notFound", "rostra_edge_not_found_total", "Requests for what does not exist."],
  ["replayOverflow", "rostra_edge_replay_overflow_total", "Replay requests refused because too many were under way."],
  ["apiOverflow", "rostra_edge_api_overflow_total", "API requests refused because too many were under way."],
  ["webSocketOverflow", "rostra_edge_websocket_overflow_total", "WebSockets refused because too many were open."],
  ["backlogOverflow", "rostra_edge_backlog_overflow_total", "Requests refused because too many waited for an answer."],
  ["badRequests", "rostra_edge_bad_requests_total", "Connections that did not speak HTTP, or too slowly."],
  ["beacons", "rostra_edge_beacons_total", "Beacons of players that were counted."],
  ["beaconOverflow", "rostra_edge_beacon_overflow_total", "Beacons that were over the budget and not counted."],
  ["places", "rostra_edge_places_total", "Places in line that were asked for and given, or seats in their stead."],
  [
    "placeOverflow",
    "rostra_edge_place_overflow_total",
    "Places refused because one address or all asked for too many.",
  ],
  ["seated", "rostra_edge_line_seated_total", "Those who sat down with a seat that had just been given."],
  ["unseated", "rostra_edge_unseated_total", "Requests for sound that were told to stand in line."],
  ["badTickets", "rostra_edge_bad_tickets_total", "Seats and places shown that are none here."],
  ["handedOver", "rostra_edge_handed_over_total", "Listeners whose connection was given to a successor."],
  [
    "keptAnswers",
    "rostra_edge_kept_answers_total",
    "Segments sent on kept connections that ask for one after the other.",
  ],
  ["adopted", "rostra_edge_adopted_total", "Listeners whose connection was taken over from a predecessor."],
];

/** Tells an edge's numbers when somebody asks for them. */
export function edgeMetrics(options: MetricsOptions): void {
  const { meter, counts, channels, kept, budget, directory, upstream, teller } = options;
  const { audience, reporter, api, webSockets, replay, keeper } = options;
  const gauges = new Map([
    [meter.gauge("rostra_edge_listeners", "Listeners on endless responses."), () => channels.listeners],
    [meter.gauge("rostra_edge_channels", "Renditions that are pulled or kept now."), () => channels.size],
    [
      meter.gauge("rostra_edge_kept_connections", "Connections that ask for one segment after the other."),
      () => kept.size,
    ],
    [meter.gauge("rostra_edge_held_requests", "Requests held until something is published."), () => budget.held],
    [meter.gauge("rostra_edge_spaces", "Spaces in the directory."), () => directory.size],
    [meter.gauge("rostra_edge_spaces_refused", "Spaces left out of a full directory."), () => directory.refused],
    [meter.gauge("rostra_edge_origin_up", "Whether the origin's feed is connected."), () => Number(directory.synced)],
    [
      meter.gauge("rostra_edge_upstream_rank", "Which upstream is followed: 0 is the first."),
      () => upstream.current.rank,
    ],
    [meter.gauge("rostra_edge_upstream_moves", "How often another upstream was followed."), () => upstream.moves],
    [meter.gauge("rostra_edge_feed_readers", "Edges that follow this one."), () => teller.readers],
    [
      meter.gauge("rostra_edge_numbered_listeners", "Listeners by numbered segments, told apart."),
      () => audience.known,
    ],
    [meter.gauge("rostra_edge_audience_overflow", "Fetches by listeners not told apart."), () => audience.overflow],
    [
      meter.gauge("rostra_edge_uniques_overflow", "Listeners of Spaces over the cap of sketches."),
      () => audience.uniques.overflow,
    ],
    [meter.gauge("rostra_edge_seats_held", "Connections that have a seat to come back with."), () => keeper.seats.size],
    [meter.gauge("rostra_edge_edges_below", "Edges whose audience this one sums up."), () => reporter.below],
    [meter.gauge("rostra_edge_edges_overflow", "Audience reports left out: too many edges."), () => reporter.overflow],
    [meter.gauge("rostra_edge_api_in_flight", "API requests under way."), () => api.inFlight],
    [meter.gauge("rostra_edge_websockets", "WebSockets open."), () => webSockets.size],
    [meter.gauge("rostra_edge_replay_cached_bytes", "Bytes of replays kept."), () => replay.cachedBytes],
  ]);
  const tellCounters = registerCounters(meter, counts, counters);
  meter.onCollect(() => {
    for (const [gauge, value] of gauges) gauge.set(value());
    tellCounters();
  });
}
