import type { IncomingMessage, ServerResponse } from "node:http";
import { expect, test } from "vitest";
import { Backlog, maxBacklog } from "./backlog.ts";
import { Slices } from "./slices.ts";

/** A loop whose every answer takes 1 ms, and the order in which things were answered. */
function make(): { answered: string[]; counts: { backlogOverflow: number }; ask: Ask; work: (ms: number) => void } {
  let now = 0;
  const answered: string[] = [];
  const counts = { backlogOverflow: 0 };
  const slices = new Slices(() => now);
  const backlog = new Backlog({
    slices,
    counts,
    isEdge: ({ headers }) => headers["rostra-key"] === "good",
    answer: ({ url = "" }) => {
      now++;
      answered.push(url);
    },
  });
  const ask: Ask = (url, { socket = {}, headers = {}, response = { destroyed: false } } = {}) =>
    backlog.take({ url, socket, headers } as unknown as IncomingMessage, response as ServerResponse);
  // Others' work in the same turn.
  const work = (ms: number): void => {
    for (; ms > 0; ms--) {
      now++;
      slices.breathe();
    }
  };
  return { answered, counts, ask, work };
}
type Ask = (
  url: string,
  how?: { socket?: object; headers?: Record<string, string>; response?: { destroyed: boolean } },
) => unknown;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("ED-118 who joins, and another edge, is answered at once, whatever waits", () => {
  const { answered, ask } = make();
  for (let i = 0; i < 100; i++) ask("/a");
  const before = answered.length;
  expect(before).toBeLessThan(20);
  ask("/live/a/opus-32k/stream.mp4?seat=x");
  ask("/live/a/opus-32k/7.m4s", { headers: { "rostra-key": "good" } });
  ask("/live/a/opus-32k/8.m4s", { headers: { "rostra-key": "bad" } });
  expect(answered.slice(before)).toEqual(["/live/a/opus-32k/stream.mp4?seat=x", "/live/a/opus-32k/7.m4s"]);
});

test("ED-118 first requests, later ones and those for control have turns, however many there are of each", () => {
  const { answered, ask, work } = make();
  const socket = {};
  ask("/seen", { socket });
  for (let i = 0; i < 1000; i++) ask(`/later/${i}`, { socket });
  for (let i = 0; i < 1000; i++) ask(`/api/${i}`);
  for (let i = 0; i < 10; i++) ask(`/first/${i}`);
  work(120);
  const of = (kind: string): string[] => answered.filter((url) => url.startsWith(kind));
  expect(of("/first")).toEqual(Array.from({ length: 10 }, (_, i) => `/first/${i}`));
  expect(of("/later").length).toBeGreaterThan(10);
  expect(of("/api").length).toBeGreaterThan(10);
  expect(answered.length).toBeLessThan(80);
});

test("ED-118 with time for all, each is answered in the turn in which it came; who has gone is not", async () => {
  const { answered, ask } = make();
  ask("/a");
  ask("/b", { response: { destroyed: true } });
  ask("/c");
  await turn();
  await turn();
  expect(answered).toEqual(["/a", "/c"]);
});

test("ED-118 above its cap a request is refused and counted", () => {
  const { counts, ask } = make();
  let refused = 0;
  for (let i = 0; i < maxBacklog + 100; i++) if (ask("/a")) refused++;
  expect(refused).toBeGreaterThan(0);
  expect(counts.backlogOverflow).toBe(refused);
  // Those of another kind have places of their own.
  expect(ask("/api/v1/me")).toBeUndefined();
});
