import type { RoomEvent } from "../wire/events.ts";
import type { Voice } from "./mixer.ts";

/** Samples of who speaks in one chunk: 10 Hz. */
export const samplesPerEvent = 3;
/** Frames of a chunk. */
const framesPerChunk = 16;

type Sample = readonly (readonly [id: string, level: number])[];

/** A level for a ring around a face: 0 at −54 dBFS and below, 9 at −9 dBFS and above. */
export const ringLevel = (db: number): number => Math.max(0, Math.min(9, Math.round((db + 54) / 5)));

/** Gathers who spoke in a chunk: in each third of it, everybody who spoke there at their loudest. */
export class VoicesGatherer {
  #at: Map<string, number>[] = Array.from({ length: samplesPerEvent }, () => new Map<string, number>());

  /** @param frame of the chunk, 0…15 */
  add(frame: number, voices: readonly Voice[]): void {
    const sample = this.#at[Math.floor((frame * samplesPerEvent) / framesPerChunk)];
    for (const { id, db, speaking } of voices) {
      if (speaking) sample?.set(id, Math.max(sample.get(id) ?? 0, ringLevel(db)));
    }
  }

  /** The event of the chunk; the next one begins empty. */
  take(): RoomEvent {
    const at: readonly Sample[] = this.#at.map((sample) => [...sample]);
    this.#at = this.#at.map(() => new Map<string, number>());
    return { t: "voices", at };
  }
}
