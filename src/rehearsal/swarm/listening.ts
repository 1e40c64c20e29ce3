import type { Loss } from "./connection.ts";

/** Why something did not come about, or ended. */
export type Failure =
  | { readonly kind: Loss | "timeout" }
  | { readonly kind: "status"; readonly status: number; readonly retryAfter: number | undefined };

/** Who is told how a visit or a listener fares. */
export interface Told {
  /** Tells people apart. */
  readonly number: number;
  /** Something of an answer has come. */
  answered(): void;
  /** All that was asked for is here. */
  done(): void;
  failed(failure: Failure): void;
}

/** What a person is about: it asks until it is closed, and tells nothing any more then. */
export interface Doing {
  /** When something came last, or was asked for first. */
  readonly lastAt: number;
  /** After what silence it is given up, ms. */
  readonly limitMs: number;
  close(): void;
}
