import { afterEach, expect, test, vi } from "vitest";
import { createEdges } from "./edges.ts";

const told = ["https://a.example", "https://b.example", "http://c.example"];

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** The edges in the order in which they are asked when each fails. */
function turns(edges: ReturnType<typeof createEdges>, count: number): string[] {
  const asked: string[] = [];
  for (let i = 0; i < count; i++) {
    vi.advanceTimersByTime(1000);
    edges.leave();
    asked.push(edges.now.base);
  }
  return asked;
}

test("PL-16 each edge has its turn before one is asked again, and home has its turn too", () => {
  vi.useFakeTimers();
  const edges = createEdges("");
  edges.learn(told);
  const asked = turns(edges, 8);
  expect(asked.slice(0, 3).toSorted()).toEqual(told.toSorted());
  expect(asked[3]).toBe("");
  expect(asked.slice(4)).toEqual(asked.slice(0, 4));
});

test("PL-16 who is asked first is drawn by lot, so that a fallen edge's crowd spreads evenly", () => {
  const first = Array.from({ length: 3000 }, () => {
    const edges = createEdges("");
    edges.learn(told);
    edges.leave();
    return edges.now.base;
  });
  for (const base of told) expect(Math.abs(first.filter((one) => one === base).length / 1000 - 1)).toBeLessThan(0.15);
});

test("PL-16 what is told again keeps what is known of it; without another edge home is asked again", () => {
  vi.useFakeTimers();
  const edges = createEdges("");
  edges.leave();
  expect(edges.now).toBe(edges.home);
  edges.learn(told);
  edges.leave();
  const second = edges.now;
  second.cached = true;
  edges.learn(told.toReversed());
  vi.advanceTimersByTime(1000);
  expect(turns(edges, 4)[3]).toBe(second.base);
  expect(edges.now).toBe(second);
  edges.learn([]);
  edges.leave();
  expect(edges.now).toBe(edges.home);
});

test("PL-16 of a state that tells more than 16 edges the first 16 are asked", () => {
  vi.useFakeTimers();
  const edges = createEdges("");
  edges.learn(Array.from({ length: 100 }, (_, i) => `https://${i}.example`));
  expect(new Set(turns(edges, 50)).size).toBe(17);
});

test("PL-18 a page that came by HTTPS asks no plain edge, and nobody its own host as if it were another", () => {
  vi.useFakeTimers();
  vi.stubGlobal("location", { protocol: "https:", origin: "https://a.example" });
  const edges = createEdges("");
  edges.learn([...told, "ftp://d.example", ""]);
  expect(new Set(turns(edges, 6))).toEqual(new Set(["", "https://b.example"]));
  vi.stubGlobal("location", { protocol: "http:", origin: "http://page.example" });
  const plain = createEdges("https://a.example");
  plain.learn(told);
  expect(new Set(turns(plain, 6))).toEqual(new Set(told));
});
