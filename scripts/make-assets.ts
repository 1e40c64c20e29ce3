/**
 * Makes the sounds in `assets/`: three synthetic voices for the demo Space, and the hold audio. The results are in the
 * repository, so this runs only to change them: `node scripts/make-assets.ts`, with espeak-ng and ffmpeg installed.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Application, createEncoder } from "libopus-wasm";
import { frameSamples } from "../src/audio/frame.ts";
import { LoudnessMeter } from "../src/audio/loudness.ts";
import { OggOpusWriter } from "../src/audio/ogg.ts";
import { mediaChunk } from "../src/cmaf/chunk.ts";
import { packetsPerChunk } from "../src/cmaf/init.ts";
import { loopFile } from "../src/cmaf/loop.ts";
import { createEncoders } from "../src/programme/encoders.ts";
import type { Encoder } from "../src/programme/encoder.ts";
import { renderHold } from "./hold-music.ts";

const rate = 48_000;
const assets = join(import.meta.dirname, "../assets");

interface Speaker {
  readonly name: string;
  /** espeak-ng's voice, words a minute and pitch. */
  readonly voice: string;
  readonly speed: number;
  readonly pitch: number;
}

const speakers = {
  en: { name: "en", voice: "en-gb+m3", speed: 150, pitch: 45 },
  fr: { name: "fr", voice: "fr-fr+f2", speed: 155, pitch: 55 },
  id: { name: "id", voice: "id+m7", speed: 150, pitch: 38 },
} as const satisfies Record<string, Speaker>;

const conversation: readonly (readonly [keyof typeof speakers, string])[] = [
  ["en", "Hello, and welcome. This is Rostra, the place for conversations that everybody hears at the same minute."],
  ["fr", "Bonjour à toutes et à tous. Ici, la salle ouvre à la minute dite, même quand la foule est immense."],
  ["id", "Selamat datang. Siapa pun boleh mendengarkan, tanpa akun, di ponsel atau di pemutar apa saja."],
  [
    "en",
    "We three are synthetic voices. We go through the same mixer, the same clock and the same segments as real guests do.",
  ],
  [
    "fr",
    "Et si nous disparaissons d'un coup, la musique prend le relais, puis la conversation reprend. Personne n'est mis dehors.",
  ],
  [
    "id",
    "Setelah acara selesai, rekamannya bisa diputar ulang, lengkap dengan catatan siapa yang berbicara dan kapan.",
  ],
  ["en", "So open a Space, invite your guests, and choose a minute. Rostra will be there on time."],
  ["fr", "À tout de suite, donc. Nous gardons la scène au chaud."],
  ["id", "Sampai jumpa di panggung."],
];

/** Pauses between turns, and before the whole begins again, seconds. */
const pause = 0.45;
const lastPause = 1.6;
/** The loudness of the recordings: a little uneven, as people are, so that the leveller has work. LUFS. */
const loudnesses = { en: -24, fr: -27, id: -20 } as const;

function speak(speaker: Speaker, words: string, folder: string): Float32Array {
  const wav = join(folder, "turn.wav");
  const { voice, speed, pitch } = speaker;
  execFileSync("espeak-ng", ["-v", voice, "-s", String(speed), "-p", String(pitch), "-w", wav, words]);
  // The formant synthesis ends at 11 kHz and hums a little: a high-pass, a little less harshness, and 48 kHz.
  const filters =
    "highpass=f=90,equalizer=f=3200:t=q:w=1.2:g=-4,equalizer=f=220:t=q:w=1:g=2,silenceremove=start_periods=1:start_threshold=-60dB";
  const raw = execFileSync(
    "ffmpeg",
    ["-v", "error", "-i", wav, "-af", filters, "-ac", "1", "-ar", String(rate), "-f", "f32le", "-"],
    { maxBuffer: 2 ** 28 },
  );
  return new Float32Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.length - (raw.length % 4)));
}

function loudnessOf(pcm: Float32Array): number {
  const meter = new LoudnessMeter();
  for (let at = 0; at + frameSamples <= pcm.length; at += frameSamples) meter.push(pcm.subarray(at, at + frameSamples));
  return meter.integrated;
}

function scale(pcm: Float32Array, db: number): Float32Array {
  return pcm.map((sample) => sample * 10 ** (db / 20));
}

/** Each speaker's own recording: their turns, and silence while the others speak. All have the same length. */
async function makeVoices(folder: string): Promise<void> {
  const turns = conversation.map(([who, words]) => ({ who, pcm: speak(speakers[who], words, folder) }));
  const seconds = turns.reduce((sum, turn) => sum + turn.pcm.length / rate + pause, lastPause - pause);
  const length = Math.ceil((seconds * rate) / frameSamples) * frameSamples;
  for (const who of Object.keys(speakers) as (keyof typeof speakers)[]) {
    const track = new Float32Array(length);
    let at = 0;
    for (const turn of turns) {
      if (turn.who === who) track.set(turn.pcm, at);
      at += turn.pcm.length + Math.round(pause * rate);
    }
    const level = scale(track, loudnesses[who] - loudnessOf(track));
    const file = await oggOpus(level, [`TITLE=Rostra demo voice: ${who}`, `LANGUAGE=${who}`, "LICENSE=CC0-1.0"]);
    writeFileSync(join(assets, "voices", `${who}.opus`), file);
    console.log(`voices/${who}.opus: ${(length / rate).toFixed(2)} s, ${file.length} bytes`);
  }
}

async function oggOpus(pcm: Float32Array, comments: readonly string[]): Promise<Uint8Array> {
  const encoder = await createEncoder({
    channels: 1,
    application: Application.Voip,
    bitrate: 24_000,
    complexity: 10,
    vbr: true,
  });
  const preSkip = encoder.getLookahead();
  const writer = new OggOpusWriter({ preSkip, comments });
  const parts = [writer.head()];
  // One frame more than there is sound, so that the look-ahead does not cut the end off.
  for (let at = 0; at <= pcm.length; at += frameSamples) {
    const frame = new Float32Array(frameSamples);
    frame.set(pcm.subarray(at, at + frameSamples));
    const page = writer.push(encoder.encodeFloat(frame));
    if (page) parts.push(page);
  }
  parts.push(writer.end(frameSamples - preSkip));
  encoder.free();
  return new Uint8Array(Buffer.concat(parts));
}

/** The second of three times around the loop: the encoder comes into it from its end, as the player will. */
function secondRound(encoder: Encoder, loop: Float32Array): Uint8Array[] {
  encoder.restart();
  const packets: Uint8Array[] = [];
  for (let at = 0; at < loop.length * 3; at += frameSamples) {
    const from = at % loop.length;
    packets.push(...encoder.encode(loop.subarray(from, from + frameSamples)));
  }
  const round = (loop.length / 15_360) * packetsPerChunk(encoder.rendition);
  return packets.slice(round, 2 * round);
}

async function makeHold(): Promise<void> {
  const quiet = -26;
  const music = renderHold();
  const loop = scale(music, quiet - loudnessOf(music));
  for (const encoder of await createEncoders()) {
    const { rendition } = encoder;
    const packets = secondRound(encoder, loop);
    const perChunk = packetsPerChunk(rendition);
    const chunks = Array.from({ length: packets.length / perChunk }, (_, slot) =>
      mediaChunk({ rendition, slot, packets: packets.slice(slot * perChunk, (slot + 1) * perChunk), events: [] }),
    );
    const file = loopFile(rendition, chunks);
    writeFileSync(join(assets, "hold", `${rendition}.mp4`), file);
    console.log(
      `hold/${rendition}.mp4: ${chunks.length} chunks, ${file.length} bytes, ${loudnessOf(loop).toFixed(1)} LUFS`,
    );
    encoder.close();
  }
}

const folder = mkdtempSync(join(tmpdir(), "rostra-assets-"));
try {
  for (const room of ["voices", "hold"]) mkdirSync(join(assets, room), { recursive: true });
  await makeVoices(folder);
  await makeHold();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
