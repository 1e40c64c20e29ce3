import { Problem } from "../foundation/errors.ts";

/** What is wrong with bytes that should have been a chunk; 400 `bad-chunk`. */
export const badChunk = (detail: string): Problem =>
  new Problem({
    status: 400,
    code: "bad-chunk",
    title: "The bytes are not a chunk",
    detail,
    action: "Send what the programme made: emsg boxes, then one moof and one mdat.",
  });
