import { expect, test } from "vitest";
import { bytes, chunk, init } from "./media.test-double.ts";
import { createReader, type Fragment } from "./fragments.ts";

const event = { t: "title", title: "Räume · été" } as const;
const stream = bytes(init(), chunk(1_000_000, [event]), chunk(1_000_001));

test("PL-1 a stream gives the same init and chunks however it is cut", () => {
  for (const cut of [1, 2, 7, 8, 100, 333, stream.length]) {
    const read = createReader();
    const fragments: Fragment[] = [];
    let head: Uint8Array | undefined;
    for (let at = 0; at < stream.length; at += cut) {
      const parts = read(stream.slice(at, at + cut));
      head ??= parts.init;
      fragments.push(...parts.fragments);
    }
    expect(head).toEqual(init());
    expect(fragments.map(({ slot }) => slot)).toEqual([1_000_000, 1_000_001]);
    expect(fragments[0]?.events).toEqual([{ at: 320_000, event }]);
    expect(fragments[1]?.events).toEqual([]);
  }
});

test("PL-1 what is given to Media Source is moof and mdat only", () => {
  const { fragments } = createReader()(stream);
  for (const { bytes: given } of fragments) expect(String.fromCharCode(...given.subarray(4, 8))).toBe("moof");
  expect(fragments[0]?.bytes.length).toBe(chunk(1_000_000).length);
});

test("PL-1 a decode time beyond 32 bits names the right chunk", () => {
  expect(createReader()(chunk(2_000_000)).fragments[0]?.slot).toBe(2_000_000);
});

test("PL-2 bytes that are no boxes, or a box larger than the cap, are refused", () => {
  expect(() => createReader()(new Uint8Array(64))).toThrow(/of 0 bytes/);
  expect(() => createReader()(bytes(new Uint8Array([0x7f, 0, 0, 0, 0x6d, 0x64, 0x61, 0x74])))).toThrow(/mdat/);
  const noTime = bytes(new Uint8Array([0, 0, 0, 8, ...Buffer.from("moof"), 0, 0, 0, 8, ...Buffer.from("mdat")]));
  expect(() => createReader()(noTime)).toThrow(/tfdt/);
});
