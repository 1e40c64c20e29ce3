import { expect, test } from "vitest";
import { readRange } from "./range.ts";

test.each([
  ["bytes=0-0", { kind: "part", from: 0, to: 0 }],
  ["bytes=5-", { kind: "part", from: 5, to: 99 }],
  ["bytes=5-1000", { kind: "part", from: 5, to: 99 }],
  ["bytes=-10", { kind: "part", from: 90, to: 99 }],
  ["bytes=-1000", { kind: "part", from: 0, to: 99 }],
  ["bytes=99-99", { kind: "part", from: 99, to: 99 }],
  ["Bytes=5-9", { kind: "part", from: 5, to: 9 }],
  [" bytes=5-9 ", { kind: "part", from: 5, to: 9 }],
  ["bytes=0000000005-09", { kind: "part", from: 5, to: 9 }],
  ["bytes=100-", { kind: "unsatisfiable" }],
  ["bytes=100-200", { kind: "unsatisfiable" }],
  ["bytes=-0", { kind: "unsatisfiable" }],
  ["bytes=999999999999999-", { kind: "unsatisfiable" }],
  ["bytes=5-4", { kind: "whole" }],
  ["bytes=0-1,5-6", { kind: "whole" }],
  [`bytes=${"0-1,".repeat(2000)}0-1`, { kind: "whole" }],
  ["bytes=-", { kind: "whole" }],
  ["bytes=--1", { kind: "whole" }],
  ["bytes=", { kind: "whole" }],
  ["bytes", { kind: "whole" }],
  ["", { kind: "whole" }],
  ["bytes=a-b", { kind: "whole" }],
  ["bytes=x-", { kind: "whole" }],
  ["bytes= 0-1", { kind: "whole" }],
  ["bytes=0 - 1", { kind: "whole" }],
  ["bytes=1e2-", { kind: "whole" }],
  ["bytes=+1-2", { kind: "whole" }],
  ["bytes=0x1-2", { kind: "whole" }],
  ["bytes=99999999999999999-", { kind: "whole" }],
  ["items=0-1", { kind: "whole" }],
  ["none", { kind: "whole" }],
  [undefined, { kind: "whole" }],
])("WI-11 the range %j of 100 bytes", (header, range) => {
  expect(readRange(header, 100)).toEqual(range);
});

test("WI-11 nothing has no part", () => {
  for (const header of ["bytes=0-", "bytes=0-0", "bytes=-5"])
    expect(readRange(header, 0)).toEqual({ kind: "unsatisfiable" });
});
