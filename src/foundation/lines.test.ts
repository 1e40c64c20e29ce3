import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { linesOf } from "./lines.ts";

const read = async (parts: readonly Buffer[], most = 10): Promise<(string | undefined)[]> => {
  const lines: (string | undefined)[] = [];
  for await (const line of linesOf(Readable.from(parts), most)) lines.push(line);
  return lines;
};

test("FO-14 bytes are cut into lines however they come, and what is not ended is no line", async () => {
  const bytes = Buffer.from("one\ntwö\n\nfour\nrest");
  const expected = ["one", "twö", "", "four"];
  expect(await read([bytes])).toEqual(expected);
  expect(await read([...bytes].map((byte) => Buffer.from([byte])))).toEqual(expected);
});

test("FO-14 a line that is too long is told as such, and the next is read", async () => {
  const bytes = Buffer.from(`${"x".repeat(10)}\n${"y".repeat(11)}\n${"z".repeat(1000)}\nok\n`);
  const expected = ["x".repeat(10), undefined, undefined, "ok"];
  expect(await read([bytes])).toEqual(expected);
  expect(await read([...bytes].map((byte) => Buffer.from([byte])))).toEqual(expected);
});
