import type { Histogram } from "../../sketch/histogram.ts";

/**
 * What one process of the swarm is told to do, and what it tells each second. Both are plain JSON. Times are seconds from the
 * run's beginning unless they say otherwise; nothing here is trusted to be in a range: the conductor checks what people write.
 */

/** How a listener gets its sound. `stream`: the endless response; `numbered`: one segment after another; `hls`: media playlist and segments. */
export const listenerWays = ["stream", "numbered", "hls"] as const;
export type ListenerWay = (typeof listenerWays)[number];

/** Where the crowd goes. */
export interface SwarmTarget {
  /** Base addresses of the edges, without a trailing slash; a listener begins at one of them and moves on to the next when it fails. */
  readonly bases: readonly string[];
  /**
   * The name (and port) the target is known by: sent as Host, and the name its certificate is checked against. Bases then have the
   * address that was checked, so that a name that changes leads nobody elsewhere. @default that of the base
   */
  readonly host?: string;
  /** The Space's id or slug. */
  readonly space: string;
  /** PEM that the target's certificate is checked against besides the system's; only for `https:` bases. */
  readonly ca?: string;
}

/** What people and their players do in a run; the same words as the model's (`../model/behaviour.ts`), in seconds. */
export interface SwarmBehaviour {
  /** Share of each way; they sum to 1. */
  readonly mix: Readonly<Record<ListenerWay, number>>;
  /** Share of listeners that ask for the page, its files and the state first, as a browser does; the others begin with the state. */
  readonly pageShare: number;
  /** A person without sound reloads after so long, mean; nobody sooner than `patience`. Gives up after `giveUpAfter`, mean. */
  readonly patience: number;
  readonly reloadAfter: number;
  readonly giveUpAfter: number;
  /** How long people stay, mean; the share of them that comes back, and after how long, mean. */
  readonly leaveAfter: number;
  readonly returnShare: number;
  readonly returnAfter: number;
  /** At the end everybody asks for the state within so long (0: no herd). */
  readonly endWithin: number;
}

export interface SwarmOrder {
  readonly target: SwarmTarget;
  readonly behaviour: SwarmBehaviour;
  /** When each listener of this process arrives, ascending. */
  readonly arrivals: readonly number[];
  /** When everybody leaves. The herd at the end comes then. */
  readonly until: number;
  /** Local addresses that connections are made from, in turn; empty: the system's choice. */
  readonly sources: readonly string[];
  /** Connections at once that this process may hold; what is over waits and is counted (`heldBack`). */
  readonly most: number;
  readonly seed: number;
  /** Shares the run's beginning, T0, between the processes, in ms since 1970. */
  readonly beginsAt: number;
  /** How often it tells. @default 1: each second */
  readonly tellsEvery?: number;
}

/** What was counted since the process began. Counters only grow. */
export interface SwarmCounts {
  /** People that came (each once), and attempts to get sound they made. */
  readonly arrived: number;
  readonly attempts: number;
  /** People that heard sound at least once. */
  readonly heard: number;
  /** Attempts that failed, by why. */
  readonly refusedConnects: number;
  /** Answered other than 200, by status. */
  readonly refused: Readonly<Record<string, number>>;
  readonly timeouts: number;
  /** Connections that ended while playing, although the Space went on. */
  readonly cut: number;
  readonly reloads: number;
  readonly moves: number;
  readonly gaveUp: number;
  readonly left: number;
  readonly returned: number;
  /** Segments received whole and checked, over all listeners. */
  readonly segments: number;
  /** Segments that a listener never got between two that it got. */
  readonly gaps: number;
  /** Segments or chunks that came twice or out of order. */
  readonly disorder: number;
  /** Segments whose bytes are not those that were published (compared with the same segment asked for by number). */
  readonly wrong: number;
  /** Segments that could not be compared since the reference was not to be had. */
  readonly unchecked: number;
  /** Segments that were silence in place of the programme (hold audio). */
  readonly hold: number;
  /** Bytes of answers read. */
  readonly bytes: number;
  readonly heldBack: number;
}

/** One process's account of a second; the conductor adds them up. */
export interface SwarmSecond extends SwarmCounts {
  readonly t: "second" | "end";
  readonly at: number;
  /** People that play, wait for sound, and are away or gone, now. */
  readonly playing: number;
  readonly waiting: number;
  /**
   * From when a person came (their first connection, for the page or the state) to the first byte of any answer, and to the first sound,
   * of those that got there in this second. Milliseconds, as all histograms here.
   */
  readonly firstByte: Histogram;
  readonly firstSound: Histogram;
  /**
   * How far behind the moment when that listener could first have it each segment's last byte came, of segments of this second: when it was
   * over on the server's clock, or when the listener asked for sound, whichever is later.
   */
  readonly behind: Histogram;
  /** CPU seconds of this process so far, its resident memory in bytes, and the worst delay of its loop in this second, ms. */
  readonly cpu: number;
  readonly rss: number;
  readonly loopDelay: number;
}
