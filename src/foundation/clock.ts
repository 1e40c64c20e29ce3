import { type EpochMs, epochMs, type Milliseconds, ms } from "./duration.ts";

/**
 * The timeline's clock. It never jumps: wall time is read once, by the supervisor, and from then on it is that
 * reading plus the kernel's monotonic clock (CLOCK_MONOTONIC, one for all processes of a machine since boot). All
 * processes of one `rostra serve` share the reading, so they agree to the microsecond even after a restart of one of
 * them, and a system clock that is set by an hour moves no segment.
 */
export interface Clock {
  /** Now on the timeline. */
  now(): EpochMs;
  /** How far the system's wall clock has moved away from this one; positive when the wall is ahead. */
  drift(): Milliseconds;
}

/** What processes share to agree on the time: a wall reading and the monotonic reading of the same moment. */
export interface ClockAnchor {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;

export const newAnchor = (): ClockAnchor => ({ wallMs: Date.now(), monotonicMs: monotonicMs() });

export const encodeAnchor = (anchor: ClockAnchor): string => `${anchor.wallMs}:${anchor.monotonicMs}`;

/** Reads what `encodeAnchor` wrote; `undefined` when the text is not one. */
export function decodeAnchor(text: string | undefined): ClockAnchor | undefined {
  const match = /^(\d+(?:\.\d+)?):(\d+(?:\.\d+)?)$/.exec(text ?? "");
  return match ? { wallMs: Number(match[1]), monotonicMs: Number(match[2]) } : undefined;
}

export function anchoredClock(anchor: ClockAnchor): Clock {
  const now = (): EpochMs => epochMs(anchor.wallMs + monotonicMs() - anchor.monotonicMs);
  return { now, drift: () => ms(Date.now() - now()) };
}

/** A clock for tests: it stands still until told to move. */
export interface ManualClock extends Clock {
  advance(by: Milliseconds): void;
}

export function manualClock(start: EpochMs): ManualClock {
  let at: number = start;
  return {
    now: () => epochMs(at),
    drift: () => ms(0),
    advance: (by) => {
      at += by;
    },
  };
}
