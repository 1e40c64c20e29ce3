/** Units of the model beside those of `foundation/duration.ts`; as there, a brand exists only in the type system. */
declare const unit: unique symbol;
type Unit<Name extends string> = number & { readonly [unit]: Name };

/** People. The model is a fluid: their number need not be whole. */
export type People = Unit<"people">;
export type Bytes = Unit<"bytes">;
export type BitsPerSecond = Unit<"bit/s">;
/** Processor time of one core in microseconds. */
export type Microseconds = Unit<"µs">;

export const people = (value: number): People => value as People;
export const bytes = (value: number): Bytes => value as Bytes;
export const bitsPerSecond = (value: number): BitsPerSecond => value as BitsPerSecond;
export const microseconds = (value: number): Microseconds => value as Microseconds;
