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
  /** Listeners by number that stay, and by HLS: segments they get in a second. */
  readonly numbered: Answered | undefined;
  readonly hls: Answered | undefined;
  /** People who come to `stream.mp4`, by chunk: plain, and over TLS. */
  readonly coming: readonly Coming[];
  /** The same at one pace to a worker that has just begun. */
  readonly first: Coming | undefined;
}

export interface Answered {
  readonly answersPerSecond: number;
  /** µs a second, of each window. */
  readonly windows: readonly number[];
}

/** People who open the page with so many requests, ask for the state, join and stay: at one pace after the other. */
export interface Coming {
  readonly tls: boolean;
  readonly pageRequests: number;
  readonly paces: readonly Pace[];
}

/** So many a second (`pace`), in several windows, and a while after them in which nobody comes. */
export interface Pace {
  readonly pace: number;
  readonly windows: readonly Span[];
  readonly after: Span;
}

/** The worker's time in a span, µs; who came in it, and for how many seconds all who are there played, together. */
export interface Span {
  readonly seconds: number;
  readonly busy: number;
  readonly came: number;
  readonly played: number;
}

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
] as const;
export type RoundName = (typeof roundNames)[number];

/** So many listeners of one rendition, pushed by chunk or by segment. */
export interface Steady {
  readonly tls: boolean;
  readonly push: "chunk" | "segment";
  readonly listeners: number;
  readonly bytesPerWrite: number;
  readonly writesPerSecond: number;
  /** µs a second, of each window. */
  readonly windows: readonly number[];
}
