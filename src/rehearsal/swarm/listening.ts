import type { SegmentNumber } from "../../wire/timeline.ts";
import type { Loss } from "./connection.ts";

/** Why something did not come about, or ended. */
export type Failure =
  | { readonly kind: Loss | "timeout" }
  | { readonly kind: "status"; readonly status: number; readonly retryAfter: number | undefined };

/** Who is told how a visit or a listener fares. */
export interface Told {
  /** Tells people apart. */
  readonly number: number;
  /** The first byte of an answer. */
  answered(): void;
  /** A chunk of sound is whole. */
  heard(): void;
  /** All that was asked for is here. */
  done(): void;
  failed(failure: Failure): void;
}

/** What a person is about: it asks until it is closed, and tells nothing any more then. */
export interface Doing {
  /** When something came last, or was asked for. */
  readonly lastAt: number;
  /** After what silence it is given up, ms. */
  readonly limitMs: number;
  close(): void;
}

/** Gets sound to a person in one way. */
export interface Listening extends Doing {
  /** The segment that it needs next, once it has one. */
  readonly needs: SegmentNumber | undefined;
}
