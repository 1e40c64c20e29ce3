import type { Clock } from "../foundation/clock.ts";
import { Problem } from "../foundation/errors.ts";

export interface AdmissionLimits {
  /** Sessions of one Space. @default 24: host, co-hosts and speakers, and a reserve for those who replace theirs */
  readonly perSpace?: number;
  /** Sessions of this process. @default 200 */
  readonly total?: number;
  /** Sessions of this process that are connecting. @default 40 */
  readonly connecting?: number;
  /** New sessions a second that are let in for long, and how many at once. @default 10 and 40 */
  readonly perSecond?: number;
  readonly burst?: number;
}

export const admissionDefaults = { perSpace: 24, total: 200, connecting: 40, perSecond: 10, burst: 40 } as const;

/** What there is when somebody asks. */
export interface Occupancy {
  readonly inSpace: number;
  readonly total: number;
  readonly connecting: number;
}

/** Lets new sessions in, within the caps; each costs a DTLS handshake, two codecs and a place in every tick. */
export class Admission {
  readonly #limits: Required<AdmissionLimits>;
  readonly #clock: Clock;
  #tokens: number;
  #filledAt: number;

  constructor(clock: Clock, limits: AdmissionLimits = {}) {
    this.#limits = { ...admissionDefaults, ...limits };
    this.#clock = clock;
    this.#tokens = this.#limits.burst;
    this.#filledAt = clock.now();
  }

  /** Throws `stage-full` (503) or `stage-busy` (503, with Retry-After) when there is no room. */
  admit(occupancy: Occupancy): void {
    const { perSpace, total, connecting, perSecond, burst } = this.#limits;
    if (occupancy.inSpace >= perSpace)
      throw full(`This Space has ${occupancy.inSpace} sessions; ${perSpace} are allowed.`);
    if (occupancy.total >= total)
      throw full(`This server has ${occupancy.total} speakers' sessions; ${total} are allowed.`);
    if (occupancy.connecting >= connecting) throw busy(`${occupancy.connecting} sessions are connecting already.`);
    const now = this.#clock.now();
    this.#tokens = Math.min(burst, this.#tokens + (Math.max(0, now - this.#filledAt) / 1000) * perSecond);
    this.#filledAt = now;
    if (this.#tokens < 1) throw busy(`More than ${perSecond} sessions a second were asked for.`);
    this.#tokens -= 1;
  }
}

const full = (detail: string): Problem =>
  new Problem({
    status: 503,
    code: "stage-full",
    title: "The stage is full",
    detail,
    action: "Wait until somebody leaves the stage.",
    retryAfter: 10,
  });

const busy = (detail: string): Problem =>
  new Problem({
    status: 503,
    code: "stage-busy",
    title: "Too many come on stage at once",
    detail,
    action: "Try again in a moment.",
    retryAfter: 2,
  });
