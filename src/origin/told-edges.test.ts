import { expect, test } from "vitest";
import { maxToldEdges } from "../wire/state.ts";
import { edgeForgottenMs, ToldEdges } from "./told-edges.ts";

test("OR-73 players are told the configured edges, then those that report, in a lasting order and no more than so many", () => {
  const edges = new ToldEdges(["https://z.example/", "nonsense"], () => 0);
  expect(edges.list()).toEqual(["https://z.example"]);
  edges.report(["https://c.example", "https://b.example"]);
  edges.report(["https://b.example/", "https://z.example"]);
  expect(edges.list()).toEqual(["https://z.example", "https://b.example", "https://c.example"]);
  edges.report(Array.from({ length: 50 }, (_, i) => `https://e${i}.example`));
  expect(edges.list()).toHaveLength(maxToldEdges);
  expect(edges.list().slice(0, 3)).toEqual(["https://z.example", "https://b.example", "https://c.example"]);
});

test("OR-73 an edge that is away for a moment changes nothing, one that stays away is told no more", () => {
  let now = 0;
  const edges = new ToldEdges([], () => now);
  edges.report(["http://a.example:8080", "http://b.example"]);
  const list = edges.list();
  now = edgeForgottenMs;
  edges.report(["http://b.example"]);
  expect(edges.list()).toBe(list);
  now++;
  expect(edges.list()).toEqual(["http://b.example"]);
});

test.each([
  ["another scheme", "ftp://a.example"],
  ["a script", "javascript:alert(1)"],
  ["credentials", "https://me:secret@a.example"],
  ["a query", "https://a.example/?x"],
  ["an empty query", "https://a.example/?"],
  ["a fragment", "https://a.example/#x"],
  ["no address", "a.example"],
  ["too long a path", `https://a.example/${"x".repeat(200)}`],
])("OR-73 %s is no edge's URL", (_, url) => {
  expect(new ToldEdges([url]).list()).toEqual([]);
});
