import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Problem } from "../foundation/errors.ts";
import { OggOpusWriter, readOggOpus } from "./ogg.ts";

const packetsOf = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, i) => new Uint8Array((i * 37) % 700).fill(i));

function write(packets: readonly Uint8Array[], comments: readonly string[] = [], trim = 0): Uint8Array {
  const writer = new OggOpusWriter({ comments });
  const parts = [writer.head()];
  for (const packet of packets) {
    const page = writer.push(packet);
    if (page) parts.push(page);
  }
  parts.push(writer.end(trim));
  return new Uint8Array(Buffer.concat(parts));
}

const codeOf = (bytes: Uint8Array): string => {
  try {
    readOggOpus(bytes);
    return "none";
  } catch (thrown) {
    return thrown instanceof Problem ? thrown.code : String(thrown);
  }
};

test("AU-13 what is written is read back: packets of any size, comments over many pages, the length", () => {
  const packets = packetsOf(333);
  const comments = ["TITLE=Café", `DESCRIPTION=${"x".repeat(100_000)}`];
  const recording = readOggOpus(write(packets, comments, 100));
  expect(recording.packets).toEqual(packets);
  expect(recording.comments).toEqual(comments);
  expect(recording.channels).toBe(1);
  expect(recording.preSkip).toBe(312);
  expect(recording.samples).toBe(333 * 960 - 100 - 312);
});

test("AU-14 a page comes at the latest after one second, so a stream is not held back", () => {
  const writer = new OggOpusWriter();
  const pages = packetsOf(101).map((packet) => writer.push(packet.subarray(0, 200)) !== undefined);
  expect(pages.map((page, i) => (page ? i : -1)).filter((i) => i >= 0)).toEqual([50, 100]);
});

test("AU-14 the header page is byte for byte that of another program", () => {
  // Written by ffmpeg 5.1 with libopus, bit-exact, serial 5.
  const page = Buffer.from(
    "4f6767530002000000000000000005000000000000000a78757d01134f707573486561640101380180bb0000000000",
    "hex",
  );
  expect(Buffer.from(new OggOpusWriter({ serial: 5 }).head().subarray(0, page.length))).toEqual(page);
});

test("AU-15 a file that is cut or damaged anywhere is refused as bad-ogg", () => {
  const good = write(packetsOf(120));
  expect(codeOf(good)).toBe("none");
  for (let at = 1; at < good.length; at += 97) {
    expect(["bad-ogg", "none"]).toContain(codeOf(good.subarray(0, at)));
    const damaged = good.slice();
    damaged[at] = (damaged[at] ?? 0) ^ 0x40;
    expect(codeOf(damaged)).toBe("bad-ogg");
  }
  expect(codeOf(new Uint8Array())).toBe("bad-ogg");
  expect(codeOf(new TextEncoder().encode("not an Ogg file at all, just some words"))).toBe("bad-ogg");
});

test("AU-16 the demo voices are Ogg Opus of the same length, in turns", () => {
  const read = (name: string): ReturnType<typeof readOggOpus> =>
    readOggOpus(readFileSync(new URL(`../../assets/voices/${name}.opus`, import.meta.url)));
  const voices = ["en", "fr", "id"].map(read);
  expect(new Set(voices.map((voice) => voice.packets.length)).size).toBe(1);
  // A packet of silence is a few bytes: at no time do two voices have large packets.
  const [first] = voices;
  const together = (first?.packets ?? []).filter(
    (_, i) => voices.filter((voice) => (voice.packets[i]?.length ?? 0) > 40).length > 1,
  );
  expect(together.length).toBe(0);
});
