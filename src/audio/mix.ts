import { type AudioFrame, frameSamples } from "./frame.ts";

/** The sum of voices. @param into where to, overwritten */
export function sum(voices: Iterable<AudioFrame>, into: Float32Array): void {
  into.fill(0);
  for (const voice of voices) for (let i = 0; i < frameSamples; i++) into[i] = (into[i] ?? 0) + (voice[i] ?? 0);
}

/** Mix-minus: the sum without one of its voices. @param into where to, overwritten */
export function minus(all: AudioFrame, voice: AudioFrame, into: Float32Array): void {
  for (let i = 0; i < frameSamples; i++) into[i] = (all[i] ?? 0) - (voice[i] ?? 0);
}
