/**
 * Branded units: the type carries the unit, so that seconds never pass for milliseconds.
 * A brand exists only in the type system; at run time the value is a plain number.
 */
declare const unit: unique symbol;
type Unit<Name extends string> = number & { readonly [unit]: Name };

/** A length of time in milliseconds. */
export type Milliseconds = Unit<"ms">;
/** A point in time: milliseconds since 1970-01-01T00:00:00Z, as the timeline's clock tells it. */
export type EpochMs = Unit<"epochMs">;
/** A count of samples at 48 kHz. */
export type Samples = Unit<"samples">;

export const ms = (value: number): Milliseconds => value as Milliseconds;
export const seconds = (value: number): Milliseconds => (value * 1000) as Milliseconds;
export const minutes = (value: number): Milliseconds => (value * 60_000) as Milliseconds;
export const epochMs = (value: number): EpochMs => value as EpochMs;
export const samples = (value: number): Samples => value as Samples;

/** The moment `by` milliseconds after `at` (before it when negative). */
export const later = (at: EpochMs, by: number): EpochMs => (at + by) as EpochMs;
/** How long from `start` to `end`; negative when `end` comes first. */
export const between = (start: EpochMs, end: EpochMs): Milliseconds => (end - start) as Milliseconds;
