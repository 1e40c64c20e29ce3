import { createDecoder } from "libopus-wasm";
import { spawnSync } from "node:child_process";
import { afterEach, describe, expect, test } from "vitest";
import type { AudioFrame } from "../audio/frame.ts";
import { initSegment } from "../cmaf/init.ts";
import { parseChunk } from "../cmaf/parse.ts";
import { epochMs, later } from "../foundation/duration.ts";
import { type RenditionName, renditionNames } from "../wire/rendition.ts";
import { encoderDelay } from "./encoder.ts";
import { createEncoders } from "./encoders.ts";
import { type Chunk, mostFilled, Programme } from "./programme.ts";

const epoch = epochMs(1_700_000_000_000);
const silence: AudioFrame = new Float32Array(960);
let open: Programme | undefined;
afterEach(() => open?.close());

interface Air {
  readonly programme: Programme;
  readonly chunks: Chunk[];
  readonly missed: [number, string][];
  readonly of: (rendition: RenditionName) => Chunk[];
}

/** @param slot the first on air; null: off */
async function onAir(slot: number | null): Promise<Air> {
  const chunks: Chunk[] = [];
  const missed: [number, string][] = [];
  const programme = new Programme({
    epoch,
    onAirFrom: slot === null ? null : later(epoch, slot * 320),
    encoders: await createEncoders(),
    sink: { publish: (chunk) => chunks.push(chunk) },
    missed: (frames, what) => missed.push([frames, what]),
  });
  open = programme;
  return { programme, chunks, missed, of: (name) => chunks.filter((chunk) => chunk.rendition === name) };
}

/** A chirp of 60 ms from 400 to 3,000 Hz every second, with pauses, in which no two places look alike. */
function chirps(seconds: number): Float32Array {
  return Float32Array.from({ length: seconds * 48_000 }, (_, i) => {
    const t = (i % 48_000) / 48_000 - 0.15;
    if (t < 0 || t > 0.06) return 0;
    return 0.3 * Math.sin(Math.PI * (t / 0.06)) * Math.sin(2 * Math.PI * (400 * t + (2600 / 0.12) * t * t));
  });
}

/** By how many samples `heard` is late against `given`, by cross-correlation, and how alike they are then, 0…1. */
function delayOf(given: Float32Array, heard: Float32Array): { late: number; alike: number } {
  const sounding: number[] = [];
  for (const [i, sample] of given.entries()) if (sample !== 0) sounding.push(i);
  const power = (pcm: Float32Array): number => pcm.reduce((sum, x) => sum + x * x, 0);
  const norm = Math.sqrt(power(given) * power(heard));
  let best = { late: 0, alike: -1 };
  for (let late = -700; late <= 700; late++) {
    let sum = 0;
    for (const i of sounding) sum += (given[i] ?? 0) * (heard[i + late] ?? 0);
    if (sum / norm > best.alike) best = { late, alike: sum / norm };
  }
  return best;
}

function ffmpeg(bytes: Uint8Array): Float32Array {
  const { stdout, stderr, status } = spawnSync("ffmpeg", ["-v", "warning", "-i", "-", "-f", "f32le", "-ac", "1", "-"], {
    input: bytes,
    maxBuffer: 2 ** 28,
  });
  expect([status, stderr.toString()]).toEqual([0, ""]);
  return new Float32Array(stdout.buffer.slice(stdout.byteOffset, stdout.byteOffset + stdout.length));
}

const hasFfmpeg = spawnSync("ffmpeg", ["-version"]).status === 0;

describe("the sound of the three renditions", () => {
  test.skipIf(!hasFfmpeg)(
    "PR-10 decoded from any segment on, every rendition has the same sound at the same time, 312 samples late",
    async () => {
      const { programme, of } = await onAir(30);
      const pcm = chirps(6);
      for (let index = 480; index < 480 + 304; index++) {
        const at = (index - 480) * 960;
        programme.push(index, at + 960 <= pcm.length ? pcm.slice(at, at + 960) : silence, []);
      }
      for (const rendition of renditionNames) {
        for (const from of [0, 3, 9]) {
          const chunks = of(rendition).slice(from);
          const heard = ffmpeg(Buffer.concat([initSegment(rendition), ...chunks.map((chunk) => chunk.bytes)]));
          expect(heard.length).toBe(chunks.length * 15_360);
          // The first 100 ms after entering are the decoder's to settle.
          const given = pcm.slice(from * 15_360, from * 15_360 + heard.length - 4800);
          const { late, alike } = delayOf(given, heard);
          expect([rendition, from, Math.abs(late - encoderDelay) <= 2]).toEqual([rendition, from, true]);
          expect(alike).toBeGreaterThan(0.85);
        }
      }
    },
  );

  test("PR-10 the first packet already sounds: nothing at the start is lost to the encoders", async () => {
    const { programme, of } = await onAir(0);
    const pcm = chirps(1).subarray(7200, 7200 + 48_000);
    for (let index = 0; index < 20; index++) programme.push(index, pcm.slice(index * 960, (index + 1) * 960), []);
    const decoder = await createDecoder({ channels: 1 });
    const [first] = parseChunk(of("opus-32k")[0]?.bytes ?? new Uint8Array()).packets;
    const heard = decoder.decodeFloat(first ?? new Uint8Array());
    expect(Math.max(...heard)).toBeGreaterThan(0.02);
    decoder.free();
  });
});

describe("the clock's names", () => {
  test("PR-8 it begins exactly with the slot of onAirFrom, in every rendition, and goes on without a gap", async () => {
    const { programme, of } = await onAir(6);
    for (let index = 50; index < 96 + 16 * 7; index++) programme.push(index, silence, []);
    expect(of("opus-32k").map((chunk) => chunk.slot)).toEqual([6, 7, 8, 9, 10, 11, 12]);
    expect(of("opus-16k").map((chunk) => chunk.slot)).toEqual([6, 7, 8, 9, 10, 11, 12]);
    // AAC looks ahead by two packets: the last slot is not complete yet.
    expect(of("aac-64k").map((chunk) => chunk.slot)).toEqual([6, 7, 8, 9, 10, 11]);
    programme.push(96 + 16 * 7, silence, []);
    programme.push(97 + 16 * 7, silence, []);
    expect(
      of("aac-64k")
        .map((chunk) => chunk.slot)
        .at(-1),
    ).toBe(12);
  });

  test("PR-8 each chunk carries its slot, its rendition's packets, and the voices of its time", async () => {
    const { programme, chunks } = await onAir(3);
    for (let index = 48; index < 48 + 16 * 3; index++) {
      const voices = index >= 64 && index < 80 ? [{ id: "ana", db: -20, speaking: true }] : [];
      programme.push(index, silence, voices);
    }
    for (const chunk of chunks) {
      const read = parseChunk(chunk.bytes);
      expect(read.slot).toBe(chunk.slot);
      expect(read.packets.length).toBe(chunk.rendition === "aac-64k" ? 15 : 16);
      const said = chunk.slot === 4 ? [["ana", 7]] : [];
      expect(read.events).toEqual([{ t: "voices", at: [said, said, said] }]);
    }
    expect(chunks.length).toBe(3 + 3 + 2);
  });

  test("PR-9 ticks that never came are silence, so that every slot is whole; the past is ignored", async () => {
    const { programme, of, missed } = await onAir(0);
    for (let index = 0; index < 64; index++) {
      if (index >= 20 && index < 20 + mostFilled) continue;
      programme.push(index, silence, []);
      programme.push(index - 1, silence, []);
    }
    expect(of("opus-32k").map((chunk) => chunk.slot)).toEqual([0, 1, 2, 3]);
    expect(missed).toEqual([[mostFilled, "filled"]]);
  });

  test("PR-9 a long absence is left to the origin, and the next whole slot begins afresh", async () => {
    const { programme, of, missed } = await onAir(0);
    for (let index = 0; index < 20; index++) programme.push(index, silence, []);
    for (let index = 1000; index < 1043; index++) programme.push(index, silence, []);
    // 1000 is in the middle of slot 62.
    expect(of("opus-32k").map((chunk) => chunk.slot)).toEqual([0, 63, 64]);
    expect(of("aac-64k").map((chunk) => chunk.slot)).toEqual([0, 63, 64]);
    expect(missed).toEqual([[980, "left"]]);
  });

  test("PR-9 off air nothing is made; going on air late begins with a slot that can still be whole", async () => {
    const { programme, chunks, of } = await onAir(null);
    for (let index = 0; index < 20; index++) programme.push(index, silence, []);
    expect(chunks).toEqual([]);
    programme.setOnAir(epoch);
    for (let index = 500; index < 530; index++) programme.push(index, silence, []);
    expect(of("opus-32k").map((chunk) => chunk.slot)).toEqual([32]);
    programme.setOnAir(null);
    for (let index = 530; index < 600; index++) programme.push(index, silence, []);
    expect(of("opus-32k").length).toBe(1);
    programme.close();
    programme.close();
    programme.setOnAir(epoch);
    programme.push(600, silence, []);
    expect(programme.onAir).toBe(false);
  });
});
