import { expect, test } from "vitest";
import { readAudience, writtenOf } from "./run-audience.tsx";

const written = { ...writtenOf(null), listeners: "20 000" };

test("DK-8 who is expected is sent in seconds and bits, and an edge only where one was said", () => {
  expect(readAudience(written, true)).toEqual({ listeners: 20_000, over: 60, lasts: 7200 });
  const edge = { cores: "16", nic: "2,5", memory: "64" };
  expect(readAudience({ ...written, listeners: "8,000,000", lasts: "90", ...edge }, true)).toEqual({
    listeners: 8_000_000,
    over: 60,
    lasts: 5400,
    edge: { cores: 16, nic: 2_500_000_000, memory: 64_000_000_000, tls: true },
  });
});

test("DK-8 what is no number is said at its field, and nothing is sent", () => {
  expect(readAudience(writtenOf(null), false)).toEqual({ wrong: ["listeners"] });
  expect(readAudience({ ...written, over: "soon", lasts: "-3" }, false)).toEqual({ wrong: ["over", "lasts"] });
  expect(readAudience({ ...written, cores: "16" }, false)).toEqual({ wrong: ["nic", "memory"] });
  expect(readAudience({ ...written, cores: "16", nic: "0", memory: "x" }, false)).toEqual({ wrong: ["nic", "memory"] });
});

test("DK-8 the fields begin with what was said before", () => {
  const edge = { cores: 4, nic: 1_000_000_000, memory: 8_000_000_000, tls: false };
  const before = { listeners: 500, over: 30, lasts: 5400, edge };
  expect(readAudience(writtenOf(before), false)).toEqual(before);
});
