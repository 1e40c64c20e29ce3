import type { Costs } from "./costs.ts";
import { busyCores, type EdgeSpec, type Question, workersOf } from "./question.ts";
import { seats, segmentsPerSecond } from "./traffic.ts";

/** By how many listeners a worker goes over to whole segments, and back (`src/edge/push-mode.ts`). */
const [segmentFrom, chunkBelow] = [3000, 2000];
/** Which seats' people have a worker pull a rendition: of those that nobody wants it pulls none. */
const renditions = [[0, 2], [1, 3], [4]] as const;

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
    const { seatWork, chunkWork, seatBytes, seatChunkBytes, seatMemory, upstream, idle, workerMemory } = this.#costs;
    const workers = workersOf(this.#spec);
    const perWorker = this.streams / workers;
    this.#segments = this.#segments ? perWorker >= chunkBelow : perWorker >= segmentFrom;
    let work = workers * (idle + this.#pulled() * upstream * segmentsPerSecond);
    let bytes = 0;
    let memory = workers * workerMemory;
    for (let i = 0; i < seats.length; i++) {
      const people = this.#seated[i] ?? 0;
      work += people * ((this.#segments ? seatWork : chunkWork)[i] ?? 0);
      bytes += people * ((this.#segments ? seatBytes : seatChunkBytes)[i] ?? 0);
      memory += people * (seatMemory[i] ?? 0);
    }
    return { work, bytes, memory };
  }

  /** How many renditions a worker pulls, on average: each somebody's, the last ones fading out as nobody is left. */
  #pulled(): number {
    const workers = workersOf(this.#spec);
    return renditions.reduce((sum, all) => {
      const people = all.reduce<number>((so, i) => so + (this.#seated[i] ?? 0), 0);
      return sum + Math.min(1, people / workers);
    }, 0);
  }

  /** How many more can be seated before a resource is used up to `share`. */
  room(share: number, load: Load, lean: boolean): number {
    const { nic, memory, descriptors } = this.#spec;
    const cores = busyCores(this.#spec);
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
      share * workersOf(this.#spec) * descriptors - this.listeners,
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
