import { expect, test } from "vitest";
import { KWeighting, LoudnessMeter, loudness, meanSquareOf } from "./loudness.ts";
import { framesOf, sine } from "./test-signals.ts";

function meterOf(...sounds: readonly Float32Array[]): LoudnessMeter {
  const meter = new LoudnessMeter();
  for (const sound of sounds) for (const frame of framesOf(sound)) meter.push(frame);
  return meter;
}

test("AU-1 a 997 Hz sine at 0 dBFS in one channel reads −3.01 LUFS, and 23 dB less 23 LU less", () => {
  expect(meterOf(sine(997, 0, 5)).integrated).toBeCloseTo(-3.01, 1);
  const quiet = meterOf(sine(997, -23, 20));
  expect(quiet.integrated).toBeCloseTo(-26.01, 1);
  expect(quiet.momentary).toBeCloseTo(-26.01, 1);
  expect(quiet.shortTerm).toBeCloseTo(-26.01, 1);
});

test("AU-1 K-weighting takes low tones down and lifts high ones by four decibels", () => {
  const gain = (hertz: number): number => {
    const filter = new KWeighting();
    const powers = framesOf(sine(hertz, 0, 1)).map((frame) => filter.meanSquare(frame));
    return 10 * Math.log10((powers.at(-1) ?? 0) / 0.5);
  };
  expect(gain(38)).toBeCloseTo(-6, 0);
  expect(gain(10_000)).toBeCloseTo(4, 0);
  expect(gain(997)).toBeCloseTo(0.69, 1);
});

test("AU-2 integrated loudness leaves out what is 10 LU below the rest, as in EBU Tech 3341 case 3", () => {
  // For one channel: −20 −36 −20 dBFS must read as −20 dBFS alone does.
  const gated = meterOf(sine(1000, -36, 10), sine(1000, -20, 60), sine(1000, -36, 10)).integrated;
  expect(Math.abs(gated - meterOf(sine(1000, -20, 60)).integrated)).toBeLessThan(0.1);
});

test("AU-2 silence does not pull integrated loudness down, and nothing at all has none", () => {
  const withPause = meterOf(sine(1000, -20, 10), new Float32Array(480_000), sine(1000, -20, 10)).integrated;
  expect(Math.abs(withPause - meterOf(sine(1000, -20, 20)).integrated)).toBeLessThan(0.15);
  expect(meterOf(new Float32Array(96_000)).integrated).toBe(-Infinity);
});

test("AU-1 momentary loudness spans 400 ms and short-term loudness 3 s", () => {
  const meter = meterOf(sine(1000, -20, 10), new Float32Array(24_000));
  expect(meter.momentary).toBeLessThan(-70);
  expect(meter.shortTerm).toBeCloseTo(loudness(meanSquareOf(-23.01) * (2.5 / 3)), 1);
});
