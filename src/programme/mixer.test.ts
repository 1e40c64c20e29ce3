import { expect, test } from "vitest";
import { type AudioFrame, frameSamples } from "../audio/frame.ts";
import { limiterDelay } from "../audio/limiter.ts";
import { maxVoices, Mixer } from "./mixer.ts";

const untouched = { levelling: { least: 0, most: 0 } };

/** A tone's frame. @param db peak, dBFS */
const tone = (hertz: number, index: number, db = -20): AudioFrame =>
  Float32Array.from(
    { length: frameSamples },
    (_, i) => 10 ** (db / 20) * Math.sin((2 * Math.PI * hertz * (index * frameSamples + i)) / 48_000),
  );

/** How much of a tone is in a sound, as peak amplitude. */
function amount(pcm: Float32Array, hertz: number): number {
  let re = 0;
  let im = 0;
  for (const [i, sample] of pcm.entries()) {
    re += sample * Math.cos((2 * Math.PI * hertz * i) / 48_000);
    im += sample * Math.sin((2 * Math.PI * hertz * i) / 48_000);
  }
  return (2 * Math.hypot(re, im)) / pcm.length;
}

const tones = { a: 400, b: 650, c: 900 } as const;

test("PR-3 the audience hears everybody, each speaker everybody else, somebody without a voice the programme", () => {
  const mixer = new Mixer(untouched);
  const heard = new Map<string, number[]>([
    ["audience", []],
    ["a", []],
    ["b", []],
    ["c", []],
    ["guest", []],
  ]);
  for (let index = 0; index < 100; index++) {
    const mix = mixer.mix(new Map(Object.entries(tones).map(([id, hertz]) => [id, tone(hertz, index)])));
    for (const [id, pcm] of heard) if (index >= 50) pcm.push(...(id === "audience" ? mix.programme : mix.minus(id)));
  }
  for (const [id, pcm] of heard) {
    for (const [voice, hertz] of Object.entries(tones)) {
      const level = amount(Float32Array.from(pcm), hertz);
      if (voice === id) expect(level).toBeLessThan(0.0005);
      else expect(level).toBeCloseTo(0.1, 2);
    }
  }
});

test("PR-4 thirteen who shout at once stay below −1 dBFS, for the audience and for each other", () => {
  const mixer = new Mixer(untouched);
  let loudest = 0;
  for (let index = 0; index < 50; index++) {
    const frames = new Map(Array.from({ length: 13 }, (_, k) => [`p${k}`, tone(200 + 31 * k, index, -1)] as const));
    const mix = mixer.mix(frames);
    for (const pcm of [mix.programme, mix.minus("p0"), mix.minus("p12")]) {
      for (const sample of pcm) loudest = Math.max(loudest, Math.abs(sample));
    }
  }
  expect(loudest).toBeLessThanOrEqual(10 ** (-1 / 20) + 1e-6);
  expect(loudest).toBeGreaterThan(0.5);
});

test("PR-5 who joins in the middle hears on without a seam, and who is forgotten too", () => {
  const mixer = new Mixer(untouched);
  const pcm: number[] = [];
  for (let index = 0; index < 700; index++) {
    const frames = new Map([["a", tone(400, index)]]);
    // b is there from tick 40 to 79, with silence, and is forgotten 500 ticks later.
    if (index >= 40 && index < 80) frames.set("b", new Float32Array(frameSamples));
    pcm.push(...mixer.mix(frames).minus("b"));
  }
  const steepest = 0.1 * 2 * Math.PI * (400 / 48_000) * 1.05;
  let worst = 0;
  // From the second frame on: the first begins a tone out of silence.
  for (let i = 2 * frameSamples; i < pcm.length; i++)
    worst = Math.max(worst, Math.abs((pcm[i] ?? 0) - (pcm[i - 1] ?? 0)));
  expect(worst).toBeLessThan(steepest);
});

test("PR-5 the mix is late by the limiter's look-ahead and by nothing else", () => {
  const mixer = new Mixer(untouched);
  const click = new Float32Array(frameSamples);
  for (let index = 0; index < 10; index++) mixer.mix(new Map([["a", tone(400, index)]]));
  click[100] = 0.25;
  const { programme } = mixer.mix(new Map([["a", click]]));
  const at = programme.findIndex((sample, i) => i >= limiterDelay && Math.abs(sample) > 0.1);
  expect(at).toBe(100 + limiterDelay);
});

test("PR-6 levels tell the raw dBFS and who speaks, of those alone who gave a frame", () => {
  const mixer = new Mixer();
  const silence = new Float32Array(frameSamples);
  for (let index = 0; index < 5; index++)
    mixer.mix(
      new Map([
        ["a", tone(400, index, -20)],
        ["b", silence],
      ]),
    );
  const { voices } = mixer.mix(
    new Map([
      ["a", tone(400, 5, -20)],
      ["b", silence],
    ]),
  );
  expect(voices.map(({ id, speaking }) => [id, speaking])).toEqual([
    ["a", true],
    ["b", false],
  ]);
  expect(voices[0]?.db).toBeCloseTo(-23.01, 1);
  expect(voices[1]?.db).toBe(-90);
  expect(mixer.mix(new Map()).voices).toEqual([]);
});

test("PR-6 more people than the cap are left out of the mix", () => {
  const mixer = new Mixer();
  const frames = new Map(Array.from({ length: maxVoices + 3 }, (_, k) => [`p${k}`, tone(300, 0, -40)] as const));
  expect(mixer.mix(frames).voices.length).toBe(maxVoices);
});
