import { expect, test } from "vitest";
import { BoxSplitter, maxChunkBytes } from "./box-splitter.ts";
import { box } from "./origin.test-server.ts";

const first = Buffer.concat([
  box("emsg", Buffer.from("....mdat")),
  box("moof", Buffer.from("abc")),
  box("mdat", Buffer.alloc(300, 7)),
]);
const second = Buffer.concat([box("moof", Buffer.alloc(0)), box("mdat", Buffer.alloc(0))]);
const both = Buffer.concat([first, second]);

test.each([1, 2, 3, 7, 8, 9, 100, both.length])("ED-5 chunks are found when bytes come %i at a time", (step) => {
  const splitter = new BoxSplitter();
  const chunks: Buffer[] = [];
  for (let at = 0; at < both.length; at += step) chunks.push(...splitter.push(both.subarray(at, at + step)));
  expect(chunks.map((chunk) => chunk.toString("hex"))).toEqual([first.toString("hex"), second.toString("hex")]);
  expect(splitter.rest).toBe(0);
});

test("ED-5 a box with a 64-bit size is a box", () => {
  const head = Buffer.alloc(16);
  head.writeUInt32BE(1, 0);
  head.write("mdat", 4, "latin1");
  head.writeBigUInt64BE(21n, 8);
  const large = Buffer.concat([head, Buffer.from("hello")]);
  const splitter = new BoxSplitter();
  expect(splitter.push(large.subarray(0, 12))).toEqual([]);
  expect(splitter.push(large.subarray(12))).toEqual([large]);
});

test("ED-5 what was taken is not changed by what becomes of its source", () => {
  const source = Buffer.from(second);
  const [chunk] = new BoxSplitter().push(source);
  source.fill(0);
  expect(chunk?.equals(second)).toBe(true);
});

test("ED-5 what is no box, and a chunk above its cap, are errors", () => {
  const sized = (size: number): Buffer => {
    const bytes = box("moof", Buffer.alloc(16));
    bytes.writeUInt32BE(size, 0);
    return bytes;
  };
  for (const size of [0, 2, 7, maxChunkBytes + 1, 0xffffffff])
    expect(() => new BoxSplitter().push(sized(size))).toThrow(/box/);
  const huge = Buffer.alloc(16);
  huge.writeUInt32BE(1, 0);
  huge.writeBigUInt64BE(0xffffffffffffffffn, 8);
  expect(() => new BoxSplitter().push(huge)).toThrow(/box/);
  const splitter = new BoxSplitter();
  const half = box("moof", Buffer.alloc(maxChunkBytes / 2));
  splitter.push(half);
  expect(() => splitter.push(half)).toThrow(/chunk/);
});
