import { type AudioFrame, frameSamples } from "./frame.ts";

/** Sounds for tests: mono, 48 kHz. */

/** @param db peak level, dBFS */
export function sine(hertz: number, db: number, seconds: number, phase = 0): Float32Array {
  const peak = 10 ** (db / 20);
  return Float32Array.from(
    { length: Math.round(seconds * 48_000) },
    (_, i) => peak * Math.sin((2 * Math.PI * hertz * i) / 48_000 + phase),
  );
}

/** White noise that is the same every time. @param db RMS level, dBFS */
export function noise(db: number, seconds: number, seed = 1): Float32Array {
  let state = seed;
  const peak = Math.sqrt(3) * 10 ** (db / 20);
  return Float32Array.from({ length: Math.round(seconds * 48_000) }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state / 2 ** 31) * peak;
  });
}

/** Noise in syllables of 200 ms with gaps of 50 ms, and a pause of 400 ms every two seconds: as loud as speech moves. */
export function babble(db: number, seconds: number, seed = 1): Float32Array {
  return noise(db, seconds, seed).map((sample, i) => {
    const t = (i / 48_000) % 2;
    return t > 1.6 || t % 0.25 > 0.2 ? 0 : sample;
  });
}

export function framesOf(pcm: Float32Array): AudioFrame[] {
  return Array.from({ length: Math.floor(pcm.length / frameSamples) }, (_, i) =>
    pcm.slice(i * frameSamples, (i + 1) * frameSamples),
  );
}

export function joined(frames: readonly AudioFrame[]): Float32Array {
  const pcm = new Float32Array(frames.length * frameSamples);
  for (const [i, frame] of frames.entries()) pcm.set(frame, i * frameSamples);
  return pcm;
}
