import type { CountName, GaugeName, ShieldCountName } from "../wire/evidence.ts";
import type { FrontCounts } from "./front-metrics.ts";
import type { AllCounts } from "./metrics.ts";

/** What an edge has counted since it began, and what there is now, by the names that evidence has for it; without what its shield did. */
export interface EdgeReading {
  readonly counts: Readonly<Record<Exclude<CountName, ShieldCountName>, number>>;
  readonly gauges: Readonly<Record<Exclude<GaugeName, "took">, number>>;
}

export interface ReadingOptions {
  readonly counts: AllCounts;
  readonly front: FrontCounts;
  /** How often another upstream was followed. */
  readonly moves: number;
  readonly gauges: EdgeReading["gauges"];
}

/** Costs some additions: to be asked every second. */
export function reading({ counts, front, moves, gauges }: ReadingOptions): EdgeReading {
  // A kept connection's first request came as one of HTTP and is answered as one of its own.
  const kept = counts.keptAnswers - counts.keptTaken;
  return {
    counts: {
      connections: front.connections,
      connectionsRefused: front.connectionsRefused + front.handshakeOverflow,
      requests: counts.requests + counts.knownJoins + kept,
      pages: counts.pages,
      states: counts.states,
      playlists: counts.playlists,
      segments: counts.segments + kept,
      inits: counts.inits,
      joins: counts.joins,
      beacons: counts.beacons + counts.beaconOverflow,
      api: counts.api,
      replays: counts.replays,
      notFound: counts.notFound,
      refused:
        counts.holdOverflow +
        counts.apiOverflow +
        counts.replayOverflow +
        counts.webSocketOverflow +
        counts.streamOverflow +
        counts.beaconOverflow +
        counts.placeOverflow,
      bad: counts.badRequests + front.pipelineOverflow + front.proxyHeaderRefusals,
      left: counts.left,
      leftEarly: counts.leftEarly,
      unread: counts.slowSkips + counts.slowCloses,
      handshakes: front.handshakes,
      handshakesFailed: front.failedHandshakes,
      trouble: counts.jumps + counts.badSegments + counts.badFeedLines + moves,
      bytes: counts.sentBytes + counts.numberedBytes,
      noSeat: counts.unseated,
      placed: counts.places,
      standing: counts.standing + counts.places,
    },
    gauges,
  };
}
