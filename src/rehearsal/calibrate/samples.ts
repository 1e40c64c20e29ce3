/** What `rostra calibrate` measures at one worker, before anything is made of it. Processor time is the worker's own, in µs. */
export interface Samples {
  /** With nobody there: µs a second, of each window. */
  readonly idle: readonly number[];
  /** One listener on each of `renditions` renditions: µs a second, of each window. */
  readonly pulling: { readonly renditions: number; readonly windows: readonly number[] };
  /** µs for one of each, round by round; a round of one stands beside the same round of the others. */
  readonly rounds: Readonly<Partial<Record<RoundName, readonly number[]>>>;
  /** Listeners of endless responses that stay. */
  readonly steady: readonly Steady[];
  /** Listeners by number that stay. */
  readonly numbered: { readonly answersPerSecond: number; readonly windows: readonly number[] } | undefined;
}

/** How many a second come alone (`stateLone`, `keptLone`). */
export const loneRate = 100;

/** What is done so often in a round. */
export const roundNames = [
  /** The state, and an object of the page, on kept connections; an API call. */
  "stateKept",
  "pageKept",
  "apiKept",
  /** A connection for one state: plain, over TLS, over TLS that resumes. */
  "stateAlone",
  "stateTls",
  "stateResumed",
  /** A connection that joins, hears something and goes. */
  "streamAlone",
  /** A connection for one state, and a state on kept ones, of which none comes while the worker is at another. */
  "stateLone",
  "keptLone",
] as const;
export type RoundName = (typeof roundNames)[number];

/** So many listeners of one rendition, pushed by chunk or by segment. */
export interface Steady {
  readonly tls: boolean;
  readonly listeners: number;
  readonly bytesPerWrite: number;
  readonly writesPerSecond: number;
  /** µs a second, of each window. */
  readonly windows: readonly number[];
}
