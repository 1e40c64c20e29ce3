import { type AudioFrame, frameSamples, silentFrame } from "../audio/frame.ts";
import { Leveller, type LevellerOptions, type VoiceLevel } from "../audio/leveller.ts";
import { Limiter } from "../audio/limiter.ts";
import { minus, sum } from "../audio/mix.ts";

export interface Voice extends VoiceLevel {
  readonly id: string;
}

/** One tick, mixed. Its frames are used again by the next tick. */
export interface Mix {
  /** What the audience hears: all voices, limited to −1 dBTP, 5 ms late. */
  readonly programme: AudioFrame;
  /** What this person hears: all voices but their own, limited. Somebody without a voice hears the programme. */
  minus(id: string): AudioFrame;
  /** Everybody who gave a frame. */
  readonly voices: readonly Voice[];
}

export interface MixerOptions {
  /** @default the leveller's own */
  readonly levelling?: LevellerOptions;
}

/** The most people a mixer knows at a time; frames of more are left out of the mix. */
export const maxVoices = 64;
/** Somebody who gave no frame for this long is forgotten, in ticks: ten seconds. Their gain starts anew. */
const forgetAfter = 500;

interface Member {
  readonly leveller: Leveller;
  readonly limiter: Limiter;
  /** Their levelled frame of this tick, or silence. */
  voice: AudioFrame;
  /** What they hear in this tick. */
  heard: AudioFrame;
  lastTick: number;
}

/** Levels each voice, sums once, and takes each voice away again for those who speak. */
export class Mixer {
  readonly #levelling: LevellerOptions;
  readonly #members = new Map<string, Member>();
  readonly #limiter = new Limiter();
  readonly #sum: AudioFrame = new Float32Array(frameSamples);
  readonly #others: AudioFrame = new Float32Array(frameSamples);
  #tick = 0;

  constructor(options: MixerOptions = {}) {
    this.#levelling = options.levelling ?? {};
  }

  /** @param frames the raw frame of each person who has one in this tick */
  mix(frames: ReadonlyMap<string, AudioFrame>): Mix {
    this.#tick++;
    const voices: Voice[] = [];
    for (const member of this.#members.values()) member.voice = silentFrame;
    for (const [id, frame] of frames) {
      const member = this.#members.get(id) ?? this.#join(id);
      if (!member) continue;
      const { voice, level } = member.leveller.process(frame);
      member.voice = voice;
      member.lastTick = this.#tick;
      voices.push({ id, ...level });
    }
    sum(
      [...this.#members.values()].map((member) => member.voice).filter((voice) => voice !== silentFrame),
      this.#sum,
    );
    const programme = this.#limiter.process(this.#sum);
    for (const [id, member] of this.#members) {
      if (this.#tick - member.lastTick > forgetAfter) {
        this.#members.delete(id);
        continue;
      }
      if (member.voice !== silentFrame) minus(this.#sum, member.voice, this.#others);
      member.heard = member.limiter.process(member.voice === silentFrame ? this.#sum : this.#others);
    }
    const heard = new Map([...this.#members].map(([id, member]) => [id, member.heard]));
    return { programme, voices, minus: (id) => heard.get(id) ?? programme };
  }

  /** Forgets somebody who has left. */
  remove(id: string): void {
    this.#members.delete(id);
  }

  /** Who joins has heard the programme so far: their own limiter goes on from there without a seam. */
  #join(id: string): Member | undefined {
    if (this.#members.size >= maxVoices) return undefined;
    const member: Member = {
      leveller: new Leveller(this.#levelling),
      limiter: this.#limiter.fork({ truePeak: false }),
      voice: silentFrame,
      heard: silentFrame,
      lastTick: this.#tick,
    };
    this.#members.set(id, member);
    return member;
  }
}
