import { spawn, spawnSync } from "node:child_process";

/**
 * The ears' stand-in: how alike a recording is to an original, as the peak of the normalised cross-correlation of
 * their log band spectrograms over all alignments (the original loops). 1 is the same sound; unrelated speech stays low.
 */
export const hearingRate = 16_000;

const windowSize = 512;
const hop = 160;
const bandCount = 24;
/** Everything this far below the loudest band energy counts as silence, dB. */
const floorDb = 50;

export const ffmpegIsInstalled = (): boolean => spawnSync("ffmpeg", ["-version"]).status === 0;

/** Decodes any file ffmpeg reads (or a URL) to mono 16 kHz samples. Throws with ffmpeg's words when it cannot. */
export function decode(source: string, extra: readonly string[] = []): Float32Array {
  const done = spawnSync(
    "ffmpeg",
    ["-v", "error", ...extra, "-i", source, "-f", "f32le", "-ac", "1", "-ar", String(hearingRate), "-"],
    {
      maxBuffer: 1 << 28,
    },
  );
  if (done.status !== 0) throw new Error(`ffmpeg could not decode ${source}: ${done.stderr.toString()}`);
  return new Float32Array(done.stdout.buffer, done.stdout.byteOffset, done.stdout.byteLength >> 2).slice();
}

/** As `decode`, for what is still being made: as it comes, for a while, and without holding up this process. */
export async function decodeLive(url: string, seconds: number): Promise<Float32Array> {
  const words = [
    "-v",
    "error",
    "-i",
    url,
    "-t",
    String(seconds),
    "-f",
    "f32le",
    "-ac",
    "1",
    "-ar",
    String(hearingRate),
    "-",
  ];
  const child = spawn("ffmpeg", words, { stdio: ["ignore", "pipe", "pipe"], timeout: (seconds + 20) * 1000 });
  const parts: Buffer[] = [];
  let said = "";
  child.stdout.on("data", (part: Buffer) => parts.push(part));
  child.stderr.on("data", (text: Buffer) => (said += text.toString()));
  const code = await new Promise((done) => child.once("close", done));
  if (code !== 0) throw new Error(`ffmpeg could not decode ${url}: ${said}`);
  const bytes = Buffer.concat(parts);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + (bytes.length & ~3)));
}

/** Root mean square in dBFS; −Infinity for silence. */
export function loudness(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return 10 * Math.log10(sum / Math.max(1, samples.length));
}

/** In-place radix-2 FFT (Cooley and Tukey 1965) of 512 points. */
function fft(re: Float64Array, im: Float64Array): void {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [re[i], re[j]] = [re[j]!, re[i]!];
      [im[i], im[j]] = [im[j]!, im[i]!];
    }
  }
  for (let length = 2; length <= n; length <<= 1) {
    const angle = (-2 * Math.PI) / length;
    for (let start = 0; start < n; start += length) {
      for (let k = 0; k < length / 2; k++) {
        const [c, s] = [Math.cos(angle * k), Math.sin(angle * k)];
        const [a, b] = [start + k, start + k + length / 2];
        const [xr, xi] = [re[b]! * c - im[b]! * s, re[b]! * s + im[b]! * c];
        [re[b], im[b]] = [re[a]! - xr, im[a]! - xi];
        [re[a], im[a]] = [re[a]! + xr, im[a]! + xi];
      }
    }
  }
}

interface Spectrogram {
  readonly frames: number;
  /** `frames × bandCount`, each band's mean removed. */
  readonly values: Float32Array;
}

function spectrogram(samples: Float32Array): Spectrogram {
  const frames = Math.max(0, Math.floor((samples.length - windowSize) / hop) + 1);
  const values = new Float32Array(frames * bandCount);
  // Bands on a logarithmic scale from 150 Hz to 6 kHz, where speech lives.
  const edges = Array.from({ length: bandCount + 1 }, (_, i) =>
    Math.round((150 * 40 ** (i / bandCount) * windowSize) / hearingRate),
  );
  const [re, im] = [new Float64Array(windowSize), new Float64Array(windowSize)];
  let loudest = -Infinity;
  for (let frame = 0; frame < frames; frame++) {
    for (let i = 0; i < windowSize; i++) {
      re[i] = samples[frame * hop + i]! * (0.5 - 0.5 * Math.cos((2 * Math.PI * i) / windowSize));
      im[i] = 0;
    }
    fft(re, im);
    for (let band = 0; band < bandCount; band++) {
      let energy = 1e-12;
      for (let bin = edges[band]!; bin < Math.max(edges[band + 1]!, edges[band]! + 1); bin++)
        energy += re[bin]! ** 2 + im[bin]! ** 2;
      const db = 10 * Math.log10(energy);
      values[frame * bandCount + band] = db;
      loudest = Math.max(loudest, db);
    }
  }
  const floor = Math.max(loudest - floorDb, -60);
  for (let i = 0; i < values.length; i++) values[i] = Math.max(values[i]!, floor);
  for (let band = 0; band < bandCount; band++) {
    let sum = 0;
    for (let frame = 0; frame < frames; frame++) sum += values[frame * bandCount + band]!;
    for (let frame = 0; frame < frames; frame++) values[frame * bandCount + band]! -= sum / frames;
  }
  return { frames, values };
}

export interface Likeness {
  /** −1…1: the peak of the normalised cross-correlation. */
  readonly score: number;
  /** Where in the (looping) original the recording begins, seconds. */
  readonly offset: number;
}

/** How alike `heard` is to `original`, which loops; both mono at 16 kHz. Silence scores 0. */
export function likeness(heard: Float32Array, original: Float32Array): Likeness {
  const [a, b] = [spectrogram(heard), spectrogram(original)];
  if (a.frames === 0 || b.frames === 0) return { score: 0, offset: 0 };
  let energyA = 0;
  for (const value of a.values) energyA += value * value;
  let best: Likeness = { score: 0, offset: 0 };
  for (let lag = 0; lag < b.frames; lag++) {
    let product = 0;
    let energyB = 0;
    for (let frame = 0; frame < a.frames; frame++) {
      const [x, y] = [frame * bandCount, ((frame + lag) % b.frames) * bandCount];
      for (let band = 0; band < bandCount; band++) {
        const value = b.values[y + band]!;
        product += a.values[x + band]! * value;
        energyB += value * value;
      }
    }
    const score = product / Math.sqrt(energyA * energyB + 1e-9);
    if (score > best.score) best = { score, offset: (lag * hop) / hearingRate };
  }
  return best;
}
