import { type LevelCause, levelSteps, seatShare } from "../wire/levels.ts";

/** What an edge can measure of itself in one second. */
export interface Usage {
  /** Share of the second in which the loop had work, 0 to 1. Work that waits for a processor counts: the loop is as full. */
  readonly busy: number;
  /** By how much timers were late in it (95th percentile), seconds. */
  readonly lag: number;
  /** For how long the oldest chunk is on its way that not all who listen have been given, seconds. */
  readonly behind: number;
  /** Who plays, and all connections. */
  readonly playing: number;
  readonly open: number;
  /** Resident memory of the process, bytes. */
  readonly memory: number;
  /** Bytes sent in it. */
  readonly sent: number;
}

/** What an edge has to give; what is left out binds nothing. */
export interface Limits {
  /** Connections. */
  readonly connections?: number | undefined;
  /** Listeners. */
  readonly listeners?: number | undefined;
  /** Bytes of memory. */
  readonly memory?: number | undefined;
  /** Bytes a second. */
  readonly egress?: number | undefined;
}

/** How full an edge is: what `nextLevel` asks for, and why. */
export interface Pressure {
  /** Of the fullest resource, 0 to 1 and above. */
  readonly share: number;
  /** Seconds. */
  readonly lag: number;
  /** What brings it highest. */
  readonly cause: LevelCause;
  /** How many more listeners the scarce resources hold, up to `seatShare`; negative when there are too many. */
  readonly room: number;
}

/** Over how many seconds what a rush fills is taken as a mean. */
export const smoothedSeconds = 5;
/** For how many seconds lag has to last to count, and to turn newcomers away. */
export const lastingSeconds = 3;
export const graveSeconds = 5;
/** A chunk may take a segment's time to all of them: players have more than that in hand. */
const segmentSeconds = 0.96;
/** A loop that has less work than that is late because others have the processors; turning listeners away gives it none. */
const busyAtLeast = 0.5;
/** What one more listener takes at most, until it is known better: bytes a second and bytes of memory. */
const listenerEgress = 6000;
const listenerMemory = 64 * 1024;
/** When so few of those are left who were there when memory was fullest, it is not theirs what is still resident. */
const crowdGone = 0.1;

const stepOf = (level: number): { readonly share: number; readonly lag: number } =>
  levelSteps[level - 1] ?? { share: Number.POSITIVE_INFINITY, lag: Number.POSITIVE_INFINITY };
/** The most that keeps below a level. */
const below = (level: number, what: "share" | "lag"): number => stepOf(level)[what] * 0.999;

/**
 * Turns what is measured each second into how full an edge is. Each resource goes as far up the levels as it can be believed:
 * what cannot be taken back by turning people away raises none that turns people away (docs/decisions, "Levels follow what lasts").
 */
export class Load {
  readonly #limits: Limits;
  /** The latest, oldest first. */
  readonly #seconds: Usage[] = [];
  /** When memory was fullest. */
  #fullest = { memory: 0, open: 0 };

  constructor(limits: Limits = {}) {
    this.#limits = limits;
  }

  /** Takes what one second was. */
  second(usage: Usage): Pressure {
    this.#seconds.push(usage);
    if (this.#seconds.length > Math.max(smoothedSeconds, graveSeconds)) this.#seconds.shift();
    if (usage.memory >= this.#fullest.memory) this.#fullest = usage;
    const shares = this.#shares(usage);
    const lag = this.#lag();
    const [cause, share] = fullestOf(shares);
    const byLag = levelSteps.findLast((step) => lag >= step.lag)?.level ?? 0;
    const byShare = levelSteps.findLast((step) => share >= step.share)?.level ?? 0;
    return { share, lag, cause: byLag > byShare ? "loop-lag" : cause, room: this.#room(usage) };
  }

  #shares(usage: Usage): readonly (readonly [LevelCause, number])[] {
    const { connections, listeners, memory, egress } = this.#limits;
    const { playing, open } = usage;
    return [
      ["cpu", this.#processor()],
      ["connections", Math.max(seated(playing, listeners), this.#connections(playing, open, connections))],
      ["memory", this.#memory(usage, memory)],
      [
        "egress",
        shareOf(
          this.#mean(({ sent }) => sent),
          egress,
        ),
      ],
    ];
  }

  /** Those who do not play make room by being closed (`connections.ts`), not by newcomers who are turned away: level 2 at most. */
  #connections(playing: number, open: number, most: number | undefined): number {
    return Math.max(seated(playing, most), Math.min(shareOf(open, most), below(3, "share")));
  }

  /** A full loop that serves everybody in time is well used: it raises to 2 only with lag, and to 3 when those who play get theirs late. */
  #processor(): number {
    const busy = this.#mean((one) => one.busy);
    if (this.#lasting(({ behind }) => behind, graveSeconds) > segmentSeconds) return Math.min(busy, below(4, "share"));
    return Math.min(busy, below(this.#lasting(({ lag }) => lag) >= stepOf(1).lag ? 3 : 2, "share"));
  }

  /** An allocator keeps what it had: that must not turn newcomers away from an edge that has become empty. */
  #memory({ memory, open }: Usage, most: number | undefined): number {
    const share = shareOf(memory, most);
    return this.#isCrowdGone(open) ? Math.min(share, below(3, "share")) : share;
  }

  /** What has lasted: one stall, however long, is in one second. */
  #lag(): number {
    const isBusy = this.#mean(({ busy }) => busy) >= busyAtLeast;
    const late = ({ lag, behind }: Usage): number =>
      Math.max(isBusy ? lag : Math.min(lag, below(2, "lag")), behind - segmentSeconds, 0);
    return Math.max(Math.min(this.#lasting(late), below(3, "lag")), this.#lasting(late, graveSeconds));
  }

  #room({ playing, open, memory, sent }: Usage): number {
    const { memory: mostMemory, egress } = this.#limits;
    const rate = Math.max(
      sent,
      this.#mean((one) => one.sent),
    );
    const each = Math.max(listenerEgress, playing > 0 ? rate / playing : 0);
    const left = (most: number | undefined, used: number, one: number): number =>
      most === undefined ? Number.POSITIVE_INFINITY : Math.ceil((most * seatShare - used) / one);
    const ofMemory = this.#isCrowdGone(open) ? undefined : mostMemory;
    const seats = placesOf(this.#limits) - playing;
    return Math.min(seats, left(ofMemory, memory, listenerMemory), left(egress, rate, each));
  }

  #isCrowdGone(open: number): boolean {
    return open < this.#fullest.open * crowdGone;
  }

  #mean(of: (usage: Usage) => number): number {
    return this.#seconds.slice(-smoothedSeconds).reduce((sum, one) => sum + of(one), 0) / smoothedSeconds;
  }

  #lasting(of: (usage: Usage) => number, seconds = lastingSeconds): number {
    const last = this.#seconds.slice(-seconds);
    return last.length < seconds ? 0 : Math.min(...last.map(of));
  }
}

/** Of so many places newcomers are given these; the others are for who comes back. */
const seatsOf = (most: number | undefined): number =>
  most === undefined ? Number.POSITIVE_INFINITY : Math.max(1, Math.floor(most * seatShare));
/** How many newcomers are seated where nobody is yet. */
export const placesOf = ({ listeners, connections }: Limits): number =>
  Math.min(seatsOf(listeners), seatsOf(connections));
/** `seatShare` exactly when all of these are taken. */
const seated = (playing: number, most: number | undefined): number => (playing / seatsOf(most)) * seatShare;
const shareOf = (used: number, most: number | undefined): number => (most === undefined ? 0 : used / most);

function fullestOf(shares: readonly (readonly [LevelCause, number])[]): readonly [LevelCause, number] {
  return shares.reduce((most, one) => (one[1] > most[1] ? one : most));
}
