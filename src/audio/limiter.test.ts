import { expect, test } from "vitest";
import { Limiter, limiterDelay, truePeak } from "./limiter.ts";
import { framesOf, joined, noise, sine } from "./test-signals.ts";

const ceiling = 10 ** (-1 / 20);
const run = (limiter: Limiter, pcm: Float32Array): Float32Array =>
  joined(framesOf(pcm).map((frame) => limiter.process(frame).slice()));

function highestTruePeak(pcm: Float32Array): number {
  let peak = 0;
  for (let i = 11; i < pcm.length; i++) peak = Math.max(peak, truePeak(pcm, i));
  return peak;
}

test("AU-10 the true peak of a tone between the samples is found", () => {
  // A quarter of the sampling rate at 45°: the samples stay 3 dB below the peaks between them.
  const tone = sine(12_000, -6, 0.1, Math.PI / 4);
  expect(20 * Math.log10(Math.max(...tone))).toBeCloseTo(-9.03, 1);
  expect(Math.abs(20 * Math.log10(highestTruePeak(tone.subarray(100))) + 6)).toBeLessThan(0.4);
});

test("AU-11 below the ceiling nothing changes but a delay of 240 samples", () => {
  const sound = noise(-20, 1);
  const out = run(new Limiter(), sound);
  expect(out.subarray(limiterDelay)).toEqual(sound.subarray(0, sound.length - limiterDelay));
});

test("AU-11 nothing comes out above −1 dBTP", () => {
  const loud = noise(-3, 1);
  const bursts = noise(6, 2, 5).map((x, i) => (Math.floor(i / 3000) % 3 === 0 ? x : x * 0.05));
  const tone = sine(11_900, 3, 1, 0.3);
  for (const sound of [loud, bursts, tone]) {
    const peak = highestTruePeak(run(new Limiter(), sound));
    expect(20 * Math.log10(peak)).toBeLessThan(-0.85);
    expect(peak).toBeGreaterThan(ceiling * 0.4);
  }
});

test("AU-11 without true peaks no sample comes out above the ceiling", () => {
  const out = run(new Limiter({ truePeak: false }), noise(0, 2));
  expect(Math.max(...out.map(Math.abs))).toBeLessThanOrEqual(ceiling + 1e-6);
});

test("AU-12 the gain comes back after a peak, and a peak's neighbours are not torn", () => {
  const sound = sine(500, -12, 3);
  sound[48_000] = 4;
  const out = run(new Limiter(), sound);
  expect(out.subarray(130_000, 140_000)).toEqual(sound.subarray(130_000 - limiterDelay, 140_000 - limiterDelay));
  const before = out.subarray(47_000, 47_900);
  expect(Math.max(...before)).toBeCloseTo(10 ** (-12 / 20), 2);
});

test("AU-12 a fork goes on where its limiter was", () => {
  const sound = noise(-2, 0.4);
  const whole = run(new Limiter(), sound);
  const first = new Limiter();
  run(first, sound.subarray(0, 9600));
  const rest = run(first.fork({}), sound.subarray(9600));
  expect(rest).toEqual(whole.subarray(9600));
});
