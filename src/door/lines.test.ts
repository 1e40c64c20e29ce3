import { expect, test } from "vitest";
import type { KeptLine } from "../wire/timelines.ts";
import { Lines, type LineShelf } from "./lines.ts";

const hour = 1_800_000_000;

function shelf() {
  const kept = new Map<string, KeptLine>();
  const port: LineShelf = {
    load: () => Promise.resolve([...kept.values()]),
    save: async (one) => void kept.set(one.id, one),
    remove: async (id) => void kept.delete(id),
  };
  return { kept, port };
}
const open = (port: LineShelf, clock: { now: number }): Promise<Lines> =>
  Lines.load({ shelf: port, now: () => clock.now * 1000, onTrouble: (_, why) => expect.fail(String(why)) });

test("DR-30 the seed is committed to when a Space opens, kept, and told from the hour on; a restart changes nobody's turn", async () => {
  const { kept, port } = shelf();
  const clock = { now: hour - 600 };
  const lines = await open(port, clock);
  lines.open("demo", hour * 1000);
  const told = lines.facts("demo");
  expect(told).toMatchObject({ hour, seed: null, buckets: [], commitment: expect.stringMatching(/^[0-9a-f]{64}$/) });
  await lines.keep();
  expect(kept.get("demo")).toMatchObject({ v: 1, commitment: told?.commitment, seed: expect.any(String) });
  lines.report({ demo: { places: [[0, 300]], seated: 0 }, unknown: { places: [[0, 1]], seated: 1 } });
  clock.now = hour + 5;
  lines.call(120);
  await lines.keep();
  const again = await open(port, clock);
  again.open("demo", hour * 1000);
  expect(again.facts("demo")).toEqual({ ...lines.facts("demo"), calledLastMinute: 0 });
  expect(again.facts("demo")).toMatchObject({
    commitment: told?.commitment,
    buckets: [[0, hour, 300]],
    called: { from: 0, part: 0.4 },
  });
  again.close("demo");
  await again.keep();
  expect(kept.size).toBe(0);
  expect(again.facts("demo")).toBeUndefined();
});

test("DR-31 seats are shared among the Spaces whose lines wait, and only what has changed is told", async () => {
  const clock = { now: hour + 60 };
  const lines = await open(shelf().port, clock);
  for (const id of ["a", "b", "c", "idle"]) lines.open(id, hour * 1000);
  expect(lines.call(0)).toEqual(["a", "b", "c", "idle"]);
  expect(lines.call(0)).toEqual([]);
  lines.report({
    a: { places: [[0, 500]], seated: 0 },
    b: { places: [[0, 500]], seated: 0 },
    c: { places: [[0, 5]], seated: 0 },
  });
  expect(lines.call(105)).toEqual(["a", "b", "c"]);
  const waits = (id: string): number => {
    const facts = lines.facts(id);
    return (
      facts?.buckets.reduce(
        (sum, [from, , n]) => sum + n * (from === facts.called.from ? 1 - facts.called.part : 1),
        0,
      ) ?? 0
    );
  };
  expect([waits("a"), waits("b"), waits("c")].map(Math.round)).toEqual([450, 450, 0]);
  expect(lines.waiting).toBe(900);
});
