import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { audioFile } from "./file.ts";
import { initSegment } from "./init.ts";
import { openLoop } from "./loop.ts";
import { parseChunk } from "./parse.ts";

const assets = new URL("../../assets/hold/", import.meta.url);
let folder = "";
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "rostra-cmaf-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(program: string, ...args: readonly string[]): { stdout: Buffer; stderr: string } {
  const { stdout, stderr, status } = spawnSync(program, args, { maxBuffer: 2 ** 28 });
  expect(status, stderr.toString()).toBe(0);
  return { stdout, stderr: stderr.toString() };
}

const decode = (path: string, ...seek: readonly string[]): Float32Array => {
  const { stdout, stderr } = run("ffmpeg", "-v", "warning", ...seek, "-i", path, "-f", "f32le", "-");
  expect(stderr).toBe("");
  return new Float32Array(stdout.buffer.slice(stdout.byteOffset, stdout.byteOffset + stdout.length));
};

const hasFfmpeg = spawnSync("ffmpeg", ["-version"]).status === 0;

describe.each(["opus-32k", "aac-64k"] as const)("%s", (rendition) => {
  const loop = openLoop(rendition, readFileSync(new URL(`${rendition}.mp4`, assets)));
  const chunks = Array.from({ length: 60 }, (_, slot) => loop.holdChunk(slot, [{ t: "count", listeners: slot }]));
  const packets = chunks.flatMap((chunk) => parseChunk(chunk).packets);

  test.skipIf(!hasFfmpeg)(
    "CM-11 ffmpeg decodes init and chunks from any segment on, all samples, without a word",
    () => {
      const path = join(folder, `${rendition}.mp4`);
      for (const from of [0, 30]) {
        writeFileSync(path, Buffer.concat([initSegment(rendition), ...chunks.slice(from)]));
        expect(decode(path).length).toBe((60 - from) * 15_360);
      }
    },
  );

  test.skipIf(!hasFfmpeg)(
    "CM-12 a file is as long as promised, tells its length and title, and can be entered anywhere",
    () => {
      // Not whole segments: the last run of packets is shorter.
      const some = packets.slice(0, -7);
      const { head, bytes } = audioFile(
        rendition,
        some.map((packet) => packet.length),
        "Ça va bien",
      );
      const file = Buffer.concat([head, ...some]);
      expect(file.length).toBe(bytes);
      const path = join(folder, `${rendition}.m4a`);
      writeFileSync(path, file);
      const samples = (some.length * 60 * 15_360) / packets.length;
      const shown = run("ffprobe", "-v", "error", "-of", "json", "-show_format", path).stdout.toString();
      const { format } = JSON.parse(shown) as { format: { duration: string; tags: { title: string } } };
      expect(Number(format.duration)).toBeCloseTo(samples / 48_000, 3);
      expect(format.tags.title).toBe("Ça va bien");
      const whole = decode(path);
      expect(whole.length).toBe(samples);
      const late = decode(path, "-ss", "10.24");
      const same = whole.subarray(whole.length - late.length);
      expect(Math.abs(late.length - (samples - 10.24 * 48_000))).toBeLessThan(2100);
      // Past the first 100 ms, in which a decoder settles, entering late gives the same sound.
      let error = 0;
      let power = 0;
      for (let i = 4800; i < late.length; i++) {
        error += ((late[i] ?? 0) - (same[i] ?? 0)) ** 2;
        power += (same[i] ?? 0) ** 2;
      }
      expect(10 * Math.log10(power / error)).toBeGreaterThan(30);
    },
  );
});

test("CM-12 above 4 GB offsets and sizes have 64 bits", () => {
  const sizes = new Uint32Array(4_000_000).fill(1200);
  const { head, bytes } = audioFile("aac-64k", sizes);
  expect(bytes).toBe(head.length + 4_800_000_000);
  const view = new DataView(head.buffer);
  expect(view.getUint32(head.length - 16)).toBe(1);
  expect(Number(view.getBigUint64(head.length - 8))).toBe(4_800_000_016);
  expect(Buffer.from(head).includes("co64")).toBe(true);
});
