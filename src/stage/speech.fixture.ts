import { Application, createDecoder, createEncoder, type OpusDecoderHandle, Signal } from "libopus-wasm";
import { frameSamples } from "../audio/frame.ts";

/** Sound and packets for tests. */

/** A generator of numbers in [0, 1) that gives the same ones for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** 20 ms of a voiced sound: harmonics of a pitch that wanders, as a vowel has. */
export function vowel(frameIndex: number, pitch = 130, samples: number = frameSamples): Float32Array {
  return Float32Array.from({ length: samples }, (_, i) => {
    const t = (frameIndex * frameSamples + i) / 48_000;
    const phase = 2 * Math.PI * (pitch * t + 2 * Math.sin(2 * Math.PI * 0.7 * t));
    let sum = 0;
    for (let h = 1; h <= 12; h++) sum += Math.sin(h * phase) / h;
    return 0.2 * sum * (0.7 + 0.3 * Math.sin(2 * Math.PI * 3 * t));
  });
}

export interface PacketOptions {
  /** Samples of a packet. @default 960 */
  readonly samples?: number;
  /** @default false */
  readonly fec?: boolean;
  /** @default 1 */
  readonly channels?: 1 | 2;
}

/** `count` Opus packets of a vowel, in the speech mode of Opus, which alone has in-band FEC. */
export async function vowelPackets(count: number, options: PacketOptions = {}): Promise<Uint8Array[]> {
  const { samples = frameSamples, fec = false, channels = 1 } = options;
  const encoder = await createEncoder({
    channels,
    frameSize: samples,
    application: Application.Voip,
    signal: Signal.Voice,
    bitrate: 24_000 * channels,
    complexity: 5,
    fec,
    packetLossPercent: fec ? 25 : 0,
  });
  const packets = Array.from({ length: count }, (_, n) => {
    const mono = vowel((n * samples) / frameSamples, 130, samples);
    const pcm = channels === 1 ? mono : Float32Array.from({ length: 2 * samples }, (_value, i) => mono[i >> 1] ?? 0);
    return encoder.encodeFloat(pcm, { frameSize: samples });
  });
  encoder.free();
  return packets;
}

export const monoDecoder = (): Promise<OpusDecoderHandle> => createDecoder({ channels: 1, sampleRate: 48_000 });

/** What the packets sound like when all come in order. */
export async function decodeAll(packets: readonly Uint8Array[]): Promise<Float32Array> {
  const decoder = await monoDecoder();
  const parts = packets.map((packet) => decoder.decodeFloat(packet));
  decoder.free();
  return joined(parts);
}

export function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export const rms = (sound: Float32Array): number =>
  Math.sqrt(sound.reduce((sum, sample) => sum + sample * sample, 0) / Math.max(1, sound.length));

/** Normalised correlation of two sounds of one length, −1…1. */
export function likeness(a: Float32Array, b: Float32Array): number {
  let ab = 0;
  let aa = 0;
  let bb = 0;
  for (const [i, x] of a.entries()) {
    const y = b[i] ?? 0;
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return aa === 0 || bb === 0 ? 0 : ab / Math.sqrt(aa * bb);
}

/** How much of a sound's power is at a frequency (Goertzel), 0…1. */
export function shareAt(sound: Float32Array, frequency: number): number {
  const step = (2 * Math.PI * frequency) / 48_000;
  let real = 0;
  let imaginary = 0;
  for (const [i, sample] of sound.entries()) {
    real += sample * Math.cos(step * i);
    imaginary += sample * Math.sin(step * i);
  }
  const power = rms(sound) ** 2;
  return power === 0 ? 0 : (2 * (real ** 2 + imaginary ** 2)) / sound.length ** 2 / power;
}

/** A pure tone, as a microphone would give it. */
export const tone = (frameIndex: number, frequency: number): Float32Array =>
  Float32Array.from(
    { length: frameSamples },
    (_, i) => 0.3 * Math.sin((2 * Math.PI * frequency * (frameIndex * frameSamples + i)) / 48_000),
  );
