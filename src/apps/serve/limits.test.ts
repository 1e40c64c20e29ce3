import os from "node:os";
import { expect, test } from "vitest";
import { Problem } from "../../foundation/errors.ts";
import { limitChoice, limitEnvironment, limitsOf } from "./limits.ts";

test("SV-52 what the edges of a machine may use is shared evenly by its edge processes", () => {
  const choice = limitChoice({ "max-listeners": "1000", "egress-limit": "900" }, { ROSTRA_MEMORY_LIMIT: "4000" });
  expect(limitsOf(choice, 4, 19_680)).toEqual({
    connections: 19_680,
    listeners: 250,
    egress: 28_125_000,
    memory: 1_000_000_000,
  });
  // A place is none too few, and none is nothing.
  expect(limitsOf({ ...choice, listeners: 3 }, 2).listeners).toBe(2);
  expect(limitsOf(choice, 1).egress).toBe(112_500_000);
});

test("SV-52 words come first, then the environment; processes read from theirs what the supervisor chose", () => {
  const env = { ROSTRA_MAX_LISTENERS: "7", ROSTRA_EGRESS_LIMIT: "8" };
  const choice = limitChoice({ "max-listeners": "5" }, env);
  expect(choice).toEqual({ listeners: 5, egress: 8, memory: undefined });
  expect(limitChoice({}, limitEnvironment(choice))).toEqual(choice);
  expect(limitChoice({}, {})).toEqual({ listeners: undefined, egress: undefined, memory: undefined });
});

test("SV-52 without a limit only memory is limited: half of what there is, and never less than an edge needs", () => {
  const none = limitChoice({}, {});
  const [one, many] = [limitsOf(none, 1), limitsOf(none, 1_000_000)];
  expect(one).toMatchObject({ connections: undefined, listeners: undefined, egress: undefined });
  expect(one.memory).toBeLessThanOrEqual(Math.max(os.totalmem() / 2, 256_000_000));
  expect(many.memory).toBe(256_000_000);
});

test("SV-52 a limit that is no whole number from 1 on is refused, and the option is named", () => {
  for (const [words, env, option] of [
    [{ "max-listeners": "0" }, {}, "--max-listeners"],
    [{ "max-listeners": "many" }, {}, "--max-listeners"],
    [{ "egress-limit": "1.5" }, {}, "--egress-limit"],
    [{}, { ROSTRA_MEMORY_LIMIT: "-1" }, "ROSTRA_MEMORY_LIMIT"],
  ] as const) {
    expect(() => limitChoice(words, env)).toThrow(Problem);
    expect(() => limitChoice(words, env)).toThrow(option);
  }
});
