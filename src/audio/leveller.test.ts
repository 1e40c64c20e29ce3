import { expect, test } from "vitest";
import { Leveller } from "./leveller.ts";
import { LoudnessMeter } from "./loudness.ts";
import { babble, framesOf, joined, noise } from "./test-signals.ts";

interface Levelled {
  readonly out: Float32Array;
  readonly gains: readonly number[];
}

function level(pcm: Float32Array, leveller = new Leveller()): Levelled {
  const gains: number[] = [];
  const out = framesOf(pcm).map((frame) => {
    const { voice } = leveller.process(frame);
    gains.push(leveller.gain);
    return voice.slice();
  });
  return { out: joined(out), gains };
}

function loudnessOf(pcm: Float32Array): number {
  const meter = new LoudnessMeter();
  for (const frame of framesOf(pcm)) meter.push(frame);
  return meter.integrated;
}

test("AU-6 voices of different loudness come out within 1.5 LU of −20 LUFS", () => {
  for (const db of [-36, -30, -24, -18, -12]) {
    const { out } = level(babble(db, 20));
    expect(Math.abs(loudnessOf(out.subarray(480_000)) + 20)).toBeLessThan(1.5);
  }
});

test("AU-7 the gain stays within −12 and +18 dB", () => {
  expect(level(babble(-49, 20)).gains.at(-1)).toBe(18);
  expect(level(babble(0, 20)).gains.at(-1)).toBe(-12);
});

test("AU-8 while nobody speaks the gain stands still: neither silence nor noise is pulled up", () => {
  const leveller = new Leveller();
  const spoken = level(babble(-30, 10), leveller).gains.at(-1);
  const { out, gains } = level(noise(-55, 20), leveller);
  const settled = gains.slice(30);
  expect(Math.max(...settled) - Math.min(...settled)).toBe(0);
  expect(Math.abs((settled[0] ?? 0) - (spoken ?? 0))).toBeLessThan(1.5);
  // Noise of an open microphone comes out 9 dB lower than the voice's gain would have it.
  const rms = Math.sqrt(out.subarray(480_000).reduce((sum, x) => sum + x * x, 0) / (out.length - 480_000));
  expect(20 * Math.log10(rms)).toBeCloseTo(-55 + (settled[0] ?? 0) - 9, 0);
});

test("AU-8 noise alone is never lifted", () => {
  const { gains } = level(noise(-48, 20));
  expect(Math.max(...gains)).toBe(0);
});

test("AU-9 the gain moves without steps", () => {
  const tone = Float32Array.from({ length: 480_000 }, (_, i) => 0.02 * Math.sin((2 * Math.PI * 400 * i) / 48_000));
  const { out } = level(tone);
  const steepest = 0.02 * 8 * 2 * Math.PI * (400 / 48_000) * 1.1;
  let worst = 0;
  for (let i = 48_000; i < out.length; i++) worst = Math.max(worst, Math.abs((out[i] ?? 0) - (out[i - 1] ?? 0)));
  expect(worst).toBeLessThan(steepest);
});

test("AU-9 a knock of a moment does not turn the voice down", () => {
  const knocked = babble(-28, 12);
  for (let i = 0; i < 4800; i++) knocked[336_000 + i] = (i % 100 < 50 ? 1 : -1) * 0.9;
  const { gains } = level(knocked);
  expect(Math.abs((gains.at(-1) ?? 0) - (gains[340] ?? 0))).toBeLessThan(2);
});
