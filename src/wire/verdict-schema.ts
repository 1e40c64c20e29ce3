import * as v from "valibot";

/** `POST /api/v1/spaces/{space}/told`: people were told of it outside of this server. */
export const toldOutsideSchema = v.strictObject({
  /** Where and how, in a few words. */
  says: v.optional(v.pipe(v.string(), v.trim(), v.maxLength(200)), ""),
  /** ISO 8601, within the last day. @default now */
  at: v.optional(v.pipe(v.string(), v.isoTimestamp())),
});
export type ToldOutside = v.InferInput<typeof toldOutsideSchema>;
