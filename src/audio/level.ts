import { type AudioFrame, frameSamples } from "./frame.ts";

/** What silence reads as, dBFS. */
export const quietest = -90;

export const decibels = (amplitude: number): number => 20 * Math.log10(amplitude);
export const amplitude = (db: number): number => 10 ** (db / 20);

/** The RMS level of a frame in dBFS, −90…0; a full-scale square wave is 0, a full-scale sine −3.01. */
export function levelOf(frame: AudioFrame): number {
  let sum = 0;
  for (let i = 0; i < frameSamples; i++) {
    const sample = frame[i] ?? 0;
    sum += sample * sample;
  }
  const db = 10 * Math.log10(sum / frameSamples);
  return db > quietest ? Math.min(db, 0) : quietest;
}
