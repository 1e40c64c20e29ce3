import { expect, test } from "vitest";
import { readRange } from "./range.ts";

test.each([
  ["bytes=0-0", { kind: "part", from: 0, to: 0 }],
  ["bytes=5-", { kind: "part", from: 5, to: 99 }],
  ["bytes=5-1000", { kind: "part", from: 5, to: 99 }],
  ["bytes=-10", { kind: "part", from: 90, to: 99 }],
  ["bytes=-1000", { kind: "part", from: 0, to: 99 }],
  ["bytes=99-99", { kind: "part", from: 99, to: 99 }],
  ["bytes=100-", { kind: "unsatisfiable" }],
  ["bytes=-0", { kind: "unsatisfiable" }],
  ["bytes=5-4", { kind: "whole" }],
  ["bytes=0-1,5-6", { kind: "whole" }],
  ["bytes=-", { kind: "whole" }],
  ["bytes=a-b", { kind: "whole" }],
  ["items=0-1", { kind: "whole" }],
  ["bytes=0x1-2", { kind: "whole" }],
  [undefined, { kind: "whole" }],
])("ED-9 Range %j of 100 bytes", (header, range) => {
  expect(readRange(header, 100)).toEqual(range);
});
