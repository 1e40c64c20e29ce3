import { expect, test } from "vitest";
import type { Ops } from "../../src/wire/api.ts";
import { coresOf, emptyHistory, keptLooks, withLook } from "./history.ts";

const look = (second: number, cpuSeconds: number, rss = 50e6): Ops => ({
  now: new Date(Date.UTC(2031, 0, 1, 0, 0, second)).toISOString(),
  processes: [
    { name: "edge-1", up: true, rss, cpuSeconds, uptimeSeconds: 9, loopDelaySeconds: 0.002, restarts: 0, edge: null },
    {
      name: "stage",
      up: false,
      rss: null,
      cpuSeconds: null,
      uptimeSeconds: null,
      loopDelaySeconds: null,
      restarts: 3,
      edge: null,
    },
  ],
  spaces: [],
  listeners: 7,
  sockets: 2,
  links: { origin: true, stage: false },
});

test("OP-1 cores are CPU time by wall time between two looks, from zero for a process started again", () => {
  expect(coresOf(look(0, 10), look(2, 11), "edge-1")).toBe(0.5);
  expect(coresOf(look(0, 10), look(2, 0.4), "edge-1")).toBe(0.2);
  expect(coresOf(undefined, look(2, 11), "edge-1")).toBeUndefined();
  expect(coresOf(look(2, 10), look(2, 11), "edge-1")).toBeUndefined();
  expect(coresOf(look(0, 10), look(2, 11), "stage")).toBeUndefined();
});

test("OP-2 the history sums the processes that are known and keeps four minutes", () => {
  let history = emptyHistory;
  for (let i = 0; i < keptLooks + 10; i++) history = withLook(history, look(i * 2, i));
  expect(history.memory).toHaveLength(keptLooks);
  expect(history.memory.at(-1)).toBe(50e6);
  expect(history.cpu.at(-1)).toBe(0.5);
  expect(history.processes.get("edge-1")?.loopDelay.at(-1)).toBe(2);
  expect(history.processes.get("stage")?.cpu).toEqual([]);
});
