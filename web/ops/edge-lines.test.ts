import { expect, test } from "vitest";
import type { EdgeFigures, Ops } from "../../src/wire/api.ts";
import { edgeLooks } from "./edge-lines.ts";
import { emptyHistory, withLook } from "./history.ts";

const none: EdgeFigures = {
  listeners: 0,
  numbered: 0,
  held: 0,
  joins: 0,
  sentBytes: 0,
  skips: 0,
  closes: 0,
  fetches: 0,
  level: 0,
  cause: "calm",
};

/** A look with edges of these figures; CPU in seconds, loop delay in milliseconds. */
const look = (second: number, edges: readonly (Partial<EdgeFigures> & { cpu: number; delay?: number })[]): Ops => ({
  now: new Date(Date.UTC(2031, 0, 1, 0, 0, second)).toISOString(),
  processes: [
    ...edges.map(({ cpu, delay = 1, ...edge }, i) => ({
      name: `edge ${i + 1}`,
      up: true,
      rss: 1,
      cpuSeconds: cpu,
      uptimeSeconds: 1,
      loopDelaySeconds: delay / 1000,
      restarts: 0,
      edge: { ...none, ...edge },
    })),
    { name: "stage", up: false, rss: 1, cpuSeconds: 1, uptimeSeconds: 1, loopDelaySeconds: 9, restarts: 0, edge: null },
  ],
  spaces: [],
  listeners: 0,
  sockets: 0,
  links: { origin: true, stage: true },
});

test("OP-6 rates are what the counters grew by, and CPU per listener is by the listeners there were", () => {
  const before = look(0, [
    { cpu: 1, listeners: 900, numbered: 100, joins: 1000, sentBytes: 1e6, fetches: 10, skips: 1 },
  ]);
  const after = look(2, [
    {
      cpu: 1.1,
      listeners: 2900,
      numbered: 100,
      joins: 3000,
      sentBytes: 9e6,
      fetches: 16,
      skips: 2,
      closes: 3,
      held: 7,
    },
  ]);
  const looks = edgeLooks(before, after);
  expect([...looks.keys()]).toEqual(["edge 1", ""]);
  const one = looks.get("edge 1");
  expect(one).toMatchObject({ listeners: 3000, joins: 1000, egress: 4e6, loopDelay: 1, slow: 4, held: 7, fetches: 3 });
  expect(one?.cpuPerListener).toBeCloseTo(25);
  expect(looks.get("")).toEqual(one);
});

test("OP-6 an edge that was started again counts from zero, and the first look has no rates", () => {
  const before = look(0, [{ cpu: 50, joins: 1000 }]);
  expect(edgeLooks(before, look(2, [{ cpu: 0.1, joins: 20 }])).get("edge 1")?.joins).toBe(10);
  const first = edgeLooks(undefined, before).get("edge 1");
  expect(first).toMatchObject({
    listeners: 0,
    joins: undefined,
    egress: undefined,
    slow: undefined,
    fetches: undefined,
  });
  expect(first?.cpuPerListener).toBeUndefined();
});

test("OP-6 all edges are summed, and the delay is the worst", () => {
  const before = look(0, [
    { cpu: 1, listeners: 10 },
    { cpu: 5, listeners: 30 },
  ]);
  const after = look(1, [
    { cpu: 1.001, listeners: 10, joins: 4, delay: 3 },
    { cpu: 5.003, listeners: 30, joins: 6, delay: 80 },
  ]);
  const all = edgeLooks(before, after).get("");
  expect(all).toMatchObject({ listeners: 40, joins: 10, loopDelay: 80 });
  expect(all?.cpuPerListener).toBeCloseTo(100);
  expect(edgeLooks(before, look(1, [])).size).toBe(0);
});

test("OP-6 lines keep what was, and an edge that is gone has none", () => {
  let history = emptyHistory;
  for (let i = 0; i < 3; i++) history = withLook(history, look(i * 2, [{ cpu: i, joins: i * 10 }, { cpu: 0 }]));
  expect(history.edges.get("edge 1")?.joins).toEqual([5, 5]);
  expect(history.edges.get("edge 1")?.listeners).toEqual([0, 0, 0]);
  expect(history.edges.get("edge 1")?.cpuPerListener).toEqual([]);
  history = withLook(history, look(6, [{ cpu: 5, joins: 30 }]));
  expect([...history.edges.keys()]).toEqual(["edge 1", ""]);
});
