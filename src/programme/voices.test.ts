import { expect, test } from "vitest";
import { ringLevel, VoicesGatherer } from "./voices.ts";

test("PR-7 a chunk tells at three moments who spoke, each at their loudest there", () => {
  const gatherer = new VoicesGatherer();
  const speaking = (id: string, db: number): { id: string; db: number; speaking: true } => ({ id, db, speaking: true });
  gatherer.add(0, [speaking("a", -40)]);
  gatherer.add(5, [speaking("a", -20), { id: "b", db: -20, speaking: false }]);
  gatherer.add(15, [speaking("b", -9)]);
  expect(gatherer.take()).toEqual({ t: "voices", at: [[["a", 7]], [], [["b", 9]]] });
  expect(gatherer.take()).toEqual({ t: "voices", at: [[], [], []] });
});

test("PR-7 ring levels go from 0 to 9", () => {
  expect([-90, -54, -30, -9, 0].map(ringLevel)).toEqual([0, 0, 5, 9, 9]);
});
