import { expect, test } from "vitest";
import { parseRange } from "./range.ts";

test.each([
  ["bytes=0-0", { from: 0, to: 1 }],
  ["bytes=10-", { from: 10, to: 1000 }],
  ["bytes=990-2000", { from: 990, to: 1000 }],
  ["bytes=-5", { from: 995, to: 1000 }],
  ["bytes=-5000", { from: 0, to: 1000 }],
  ["Bytes=5-9", { from: 5, to: 10 }],
  ["bytes=1000-", "unsatisfiable"],
  ["bytes=-0", "unsatisfiable"],
  ["bytes=5-4", undefined],
  ["bytes=-", undefined],
  ["bytes=0-1,5-6", undefined],
  ["bytes=x-", undefined],
  ["items=0-1", undefined],
  ["bytes=99999999999999999-", undefined],
  [undefined, undefined],
])("OR-63 the range %j is read as RFC 9110 says", (header, expected) => {
  expect(parseRange(header, 1000)).toEqual(expected);
});
