/**
 * The hold music, synthesised: eight bars at 100 beats a minute, 19.2 s, which are exactly 20 segments. Every note is
 * written around the loop's end, so the loop has no seam.
 */
const rate = 48_000;
const barSamples = 115_200;
const barSeconds = barSamples / rate;
const bars = 8;
/** 921,600 samples: 60 chunks of 320 ms. */
const length = barSamples * bars;

/** MIDI note numbers: a bass note and four voices; the arpeggio walks through them. */
const chords: readonly (readonly [bass: number, ...voices: number[]])[] = [
  [36, 60, 64, 67, 71],
  [45, 60, 64, 67, 72],
  [41, 60, 65, 69, 72],
  [43, 62, 67, 71, 74],
  [40, 59, 64, 67, 71],
  [45, 60, 64, 69, 72],
  [38, 62, 65, 69, 72],
  [43, 62, 65, 69, 71],
];
const walk = [0, 2, 1, 3, 2, 1, 3, 2] as const;

const hertz = (note: number): number => 440 * 2 ** ((note - 69) / 12);

function add(loop: Float32Array, start: number, samples: Float32Array): void {
  for (let i = 0; i < samples.length; i++) {
    const at = (start + i) % length;
    loop[at] = (loop[at] ?? 0) + (samples[i] ?? 0);
  }
}

/** A soft voice of a few slightly detuned partials that swells and goes. */
function pad(note: number, seconds: number, gain: number): Float32Array {
  const attack = 0.9;
  const release = 1.4;
  const out = new Float32Array(Math.round((seconds + release) * rate));
  for (const [partial, level] of [
    [1, 1],
    [2, 0.28],
    [3, 0.1],
    [4, 0.04],
  ] as const) {
    for (const detune of [-0.0016, 0.0011]) {
      const step = (2 * Math.PI * hertz(note) * partial * (1 + detune)) / rate;
      const phase = note * 1.7 + partial;
      for (let i = 0; i < out.length; i++) {
        const t = i / rate;
        const swell = t < attack ? Math.sin((Math.PI / 2) * (t / attack)) ** 2 : 1;
        const fade = t > seconds ? Math.cos((Math.PI / 2) * ((t - seconds) / release)) ** 2 : 1;
        out[i] = (out[i] ?? 0) + gain * level * swell * fade * Math.sin(step * i + phase);
      }
    }
  }
  return out;
}

/** A plucked tone, as of a small wooden bell. */
function pluck(note: number, gain: number): Float32Array {
  const out = new Float32Array(Math.round(1.8 * rate));
  const step = (2 * Math.PI * hertz(note)) / rate;
  for (let i = 0; i < out.length; i++) {
    const t = i / rate;
    const strike = Math.min(1, t / 0.006);
    const end = Math.min(1, (1.8 - t) / 0.1);
    const tone =
      Math.sin(step * i) * Math.exp(-2.6 * t) +
      0.35 * Math.sin(2 * step * i) * Math.exp(-5 * t) +
      0.12 * Math.sin(4 * step * i) * Math.exp(-11 * t);
    out[i] = gain * strike * end * tone;
  }
  return out;
}

/** Renders the loop: mono, 48 kHz, not yet brought to its loudness. */
export function renderHold(): Float32Array {
  const loop = new Float32Array(length);
  const beat = barSamples / 4;
  for (const [bar, [bass, ...voices]] of chords.entries()) {
    const start = bar * barSamples;
    add(loop, start, pad(bass, barSeconds, 0.16));
    for (const voice of voices) add(loop, start, pad(voice, barSeconds, 0.07));
    for (const [eighth, step] of walk.entries()) {
      const note = (voices[step] ?? 60) + 12;
      const at = start + (eighth * beat) / 2;
      const gain = eighth % 2 === 0 ? 0.16 : 0.11;
      add(loop, at, pluck(note, gain));
      // Two echoes, three eighths apart.
      add(loop, at + 1.5 * beat, pluck(note, gain * 0.3));
      add(loop, at + 3 * beat, pluck(note, gain * 0.1));
    }
  }
  return loop;
}
