import { expect, test } from "vitest";
import { HyperLogLog } from "../sketch/hyperloglog.ts";
import { maxSketchesTold } from "../wire/timelines.ts";
import { maxSketches, Uniques } from "./uniques.ts";

/** Hashes that differ in the bits that choose a register. */
const hash = (i: number): number => i * 2 ** 40 + 7;
const counted = (sketch: string | undefined): number =>
  sketch === undefined ? 0 : Math.round(HyperLogLog.parse(sketch).estimate());

test("ED-81 a sketch is told when it has changed, and again when it did not arrive", () => {
  const uniques = new Uniques();
  uniques.add("a", hash(1));
  uniques.add("a", hash(2));
  const first = uniques.take();
  expect(counted(first["a"])).toBe(2);
  uniques.add("a", hash(2));
  expect(uniques.take()).toEqual({});
  uniques.again(["a", "unknown"]);
  expect(uniques.take()).toEqual(first);
  uniques.again();
  expect(uniques.take()).toEqual(first);
  uniques.forget("a");
  uniques.again();
  expect(uniques.take()).toEqual({});
});

test("ED-81 what edges below have counted is part of the sketch: listeners of both are one", () => {
  const [below, above] = [new Uniques(), new Uniques()];
  below.add("a", hash(1));
  below.add("a", hash(2));
  above.add("a", hash(2));
  above.add("a", hash(3));
  for (const [space, sketch] of Object.entries(below.take())) above.merge(space, sketch);
  expect(counted(above.take()["a"])).toBe(3);
  expect(() => above.merge("a", "nonsense")).toThrow(expect.objectContaining({ code: "bad-sketch" }));
});

test("ED-81 one report carries so many sketches and no more; the next begins with those that waited", () => {
  const uniques = new Uniques();
  const spaces = Array.from({ length: maxSketchesTold + 5 }, (_, i) => `s${i}`);
  for (const space of spaces) uniques.add(space, hash(1));
  const first = Object.keys(uniques.take());
  expect(first).toHaveLength(maxSketchesTold);
  for (const space of first) uniques.add(space, hash(2));
  const second = Object.keys(uniques.take());
  expect(second).toHaveLength(maxSketchesTold);
  expect(new Set([...first, ...second])).toEqual(new Set(spaces));
});

test("ED-81 for one Space more than the cap a told sketch gives way; while all have news it is not counted", () => {
  const uniques = new Uniques();
  for (let i = 0; i < maxSketches; i++) uniques.add(`s${i}`, hash(1));
  uniques.add("more", hash(1));
  expect(uniques.overflow).toBe(1);
  uniques.take();
  uniques.add("more", hash(1));
  expect(uniques.overflow).toBe(1);
  let told = 0;
  for (let taken = uniques.take(); Object.keys(taken).length > 0; taken = uniques.take())
    told += Object.keys(taken).length;
  expect(told).toBe(maxSketches - maxSketchesTold + 1);
});
