import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { decode, ffmpegIsInstalled } from "./hearing.ts";

/** Real human speech of Debian's packages `alsa-utils` and `pocketsphinx-testdata`: installed, never committed. */
const alsa = "/usr/share/sounds/alsa";
const sphinx = "/usr/share/pocketsphinx/test/data";
const recordings = {
  one: [
    "Front_Center",
    "Rear_Left",
    "Side_Right",
    "Front_Left",
    "Rear_Center",
    "Side_Left",
    "Front_Right",
    "Rear_Right",
  ].map((name) => `${alsa}/${name}.wav`),
  two: ["0870", "0880", "0890"].map((part) => `${sphinx}/librivox/sense_and_sensibility_01_austen_64kb-${part}.wav`),
  three: ["001", "002", "003", "004", "005"].map((name) => `${sphinx}/cards/${name}.wav`),
} as const;

export type Voice = keyof typeof recordings;

export interface Microphone {
  /** A 48 kHz mono WAV file for a browser's fake microphone, which loops it. */
  readonly file: string;
  /** The same sound at 16 kHz, to compare with. */
  readonly samples: Float32Array;
}

export const speechIsInstalled = (): boolean =>
  ffmpegIsInstalled() && Object.values(recordings).every((list) => list.every((file) => existsSync(file)));

/** Makes one voice's microphone: about twelve seconds of real speech, evenly loud. */
export function microphone(voice: Voice, folder: string): Microphone {
  const file = join(folder, `${voice}.wav`);
  const inputs = recordings[voice].flatMap((one) => ["-i", one]);
  const joined = `${recordings[voice].map((_, i) => `[${i}:a]aresample=48000,aformat=channel_layouts=mono[a${i}];`).join("")}${recordings[voice].map((_, i) => `[a${i}]`).join("")}concat=n=${recordings[voice].length}:v=0:a=1,loudnorm=I=-20:TP=-3,aresample=48000[out]`;
  const done = spawnSync("ffmpeg", [
    "-v",
    "error",
    "-y",
    ...inputs,
    "-filter_complex",
    joined,
    "-map",
    "[out]",
    "-c:a",
    "pcm_s16le",
    "-t",
    "14",
    file,
  ]);
  if (done.status !== 0) throw new Error(`ffmpeg could not make ${file}: ${done.stderr.toString()}`);
  return { file, samples: decode(file) };
}
