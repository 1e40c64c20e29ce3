import type { Costs } from "./costs.ts";
import type { EdgeSpec, Question } from "./question.ts";
import { seats, segmentsPerSecond } from "./traffic.ts";

/** By how many listeners a worker goes over to whole segments, and back (`src/edge/push-mode.ts`). */
const [segmentFrom, chunkBelow, chunksPerSegment] = [3000, 2000, 3];
/** Renditions that each worker pulls. */
const pulled = 3;

/** What those who are seated take: core-seconds and bytes a second, memory. */
export interface Load {
  readonly work: number;
  readonly bytes: number;
  readonly memory: number;
}

/** The people on one edge's seats, and what they take of it. */
export class Seating {
  readonly #spec: EdgeSpec;
  readonly #costs: Costs;
  readonly #mix: Question["mix"];
  /** People by seat. */
  readonly #seated = new Float64Array(seats.length);
  #segments = false;

  constructor(spec: EdgeSpec, costs: Costs, mix: Question["mix"]) {
    this.#spec = spec;
    this.#costs = costs;
    this.#mix = mix;
  }

  get listeners(): number {
    return this.#seated.reduce((sum, people) => sum + people, 0);
  }

  /** Those on endless responses. */
  get streams(): number {
    return (this.#seated[0] ?? 0) + (this.#seated[1] ?? 0);
  }

  load(): Load {
    const { seatWork, seatBytes, seatMemory, upstream, workerMemory } = this.#costs;
    const { cores } = this.#spec;
    const perWorker = this.streams / cores;
    this.#segments = this.#segments ? perWorker >= chunkBelow : perWorker >= segmentFrom;
    let work = cores * pulled * upstream * segmentsPerSecond;
    let bytes = 0;
    let memory = cores * workerMemory;
    for (let i = 0; i < seats.length; i++) {
      const people = this.#seated[i] ?? 0;
      work += people * (seatWork[i] ?? 0) * (i < 2 && !this.#segments ? chunksPerSegment : 1);
      bytes += people * (seatBytes[i] ?? 0);
      memory += people * (seatMemory[i] ?? 0);
    }
    return { work, bytes, memory };
  }

  /** How many more can be seated before a resource is used up to `share`. */
  room(share: number, load: Load, lean: boolean): number {
    const { cores, nic, memory, descriptors } = this.#spec;
    let [work, bytes, held] = [0, 0, 0];
    for (let i = 0; i < seats.length; i++) {
      const part = this.#shareOf(i, lean);
      work += part * (this.#costs.seatWork[i] ?? 0);
      bytes += part * (this.#costs.seatBytes[i] ?? 0);
      held += part * (this.#costs.seatMemory[i] ?? 0);
    }
    const rooms = [
      (share * cores - load.work) / work,
      ((share * nic) / 8 - load.bytes) / bytes,
      (share * memory - load.memory) / held,
      share * cores * descriptors - this.listeners,
    ];
    return Math.max(0, Math.min(...rooms));
  }

  /** Which share of newcomers takes a seat. */
  #shareOf(i: number, lean: boolean): number {
    const { stream, numbered, hls } = this.#mix;
    return [lean ? 0 : stream, lean ? stream : 0, lean ? 0 : numbered, lean ? numbered : 0, hls][i] ?? 0;
  }

  add(people: number, lean: boolean): void {
    for (let i = 0; i < seats.length; i++) this.#seated[i] = (this.#seated[i] ?? 0) + people * this.#shareOf(i, lean);
  }

  /**
   * Takes a share of everybody from their seats.
   * @returns how many that were
   */
  empty(share: number): number {
    let gone = 0;
    for (let i = 0; i < seats.length; i++) {
      const people = this.#seated[i] ?? 0;
      gone += people * share;
      this.#seated[i] = share === 1 ? 0 : people - people * share;
    }
    return gone;
  }
}
