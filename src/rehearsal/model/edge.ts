import type { ServiceLevel } from "../../wire/state.ts";
import type { Batch } from "./batch.ts";
import type { Behaviour } from "./behaviour.ts";
import { asker, type Costs, ender, fresh, leaf, rejoin, seat, stand } from "./costs.ts";
import type { Latencies } from "./latency.ts";
import { nextLevel, seatShare, type Standing } from "./levels.ts";
import type { EdgeSpec, Question } from "./question.ts";
import { meanWait, steadyLoad, waitQuantile } from "./queueing.ts";
import { Queue } from "./queue.ts";
import { seats, segmentsPerSecond } from "./traffic.ts";

/** What an edge has to give; what is fullest binds. */
export const resources = ["cpu", "line", "memory", "descriptors"] as const;
export type Resource = (typeof resources)[number];

/** By how many listeners a worker goes over to whole segments, and back (`src/edge/push-mode.ts`). */
const [segmentFrom, chunkBelow, chunksPerSegment] = [3000, 2000, 3];
/** Renditions that each worker pulls. */
const pulled = 3;
/** The longest that one push keeps a loop from anything else, seconds. */
const longestPush = 0.01;
/** What share of the API calls is let through at each level: reactions are sampled first, then all but moderation. */
const apiAt = [1, 0.5, 0.25, 0.1, 0.05] as const;
/** Who waits for a chance moment is told apart at these shares of them. */
const spread = [
  { quantile: 0.1, share: 0.2 },
  { quantile: 0.3, share: 0.2 },
  { quantile: 0.5, share: 0.2 },
  { quantile: 0.7, share: 0.2 },
  { quantile: 0.85, share: 0.1 },
  { quantile: 0.94, share: 0.08 },
  { quantile: 0.985, share: 0.01 },
  { quantile: 0.995, share: 0.01 },
] as const;

/** What became of people on one edge in one step. */
export interface Served {
  seated: number;
  /** Seated again after their edge was gone. */
  rejoined: number;
  stood: number;
  /** Sent away with the static page. */
  leafed: number;
  /** Of both these, those who had not been turned away before. */
  turnedNew: number;
  /** Were seated with the lean rendition. */
  lean: number;
  /** Heard that it is over. */
  ended: number;
  /** Went away from their seat. */
  left: number;
}

/** One edge: a worker on each core, all with the same share of everything. */
export class Edge {
  readonly #spec: EdgeSpec;
  readonly #costs: Costs;
  readonly #people: Behaviour;
  readonly #mix: Question["mix"];
  readonly queue = new Queue();
  /** People by seat. */
  readonly seated = new Float64Array(seats.length);
  /** Share of each resource that is used, 0 to 1; of processor and line with those who come. */
  readonly used = new Float64Array(resources.length);
  #standing: Standing = { level: 0, calmSince: undefined };
  #segments = false;
  /** Bytes of this step, and the share of the sound that did not fit. */
  bytes = 0;
  short = 0;
  /** How long the next one has to wait, seconds. */
  lag = 0;
  /** Which resource those who are seated use most of. */
  fullest = 0;

  constructor(spec: EdgeSpec, costs: Costs, mix: Question["mix"], people: Behaviour) {
    this.#spec = spec;
    this.#costs = costs;
    this.#mix = mix;
    this.#people = people;
  }

  get level(): ServiceLevel {
    return this.#standing.level;
  }

  get listeners(): number {
    let sum = 0;
    for (let i = 0; i < seats.length; i++) sum += this.seated[i] ?? 0;
    return sum;
  }

  /** Work, bytes a second and memory of those who are seated. */
  #load(): { work: number; bytes: number; memory: number; streams: number } {
    const { seatWork, seatBytes, seatMemory, upstream, workerMemory } = this.#costs;
    const { cores } = this.#spec;
    const streams = (this.seated[0] ?? 0) + (this.seated[1] ?? 0);
    const perWorker = streams / cores;
    this.#segments = this.#segments ? perWorker >= chunkBelow : perWorker >= segmentFrom;
    let work = cores * pulled * upstream * segmentsPerSecond;
    let bytes = 0;
    let memory = cores * workerMemory;
    for (let i = 0; i < seats.length; i++) {
      const people = this.seated[i] ?? 0;
      work += people * (seatWork[i] ?? 0) * (i < 2 && !this.#segments ? chunksPerSegment : 1);
      bytes += people * (seatBytes[i] ?? 0);
      memory += people * (seatMemory[i] ?? 0);
    }
    return { work, bytes, memory, streams };
  }

  /** How many more can be seated before a resource is used up to `share`. */
  #room(share: number, load: { work: number; bytes: number; memory: number }, listeners: number): number {
    const { cores, nic, memory, descriptors } = this.#spec;
    const lean = this.level >= 2;
    let [work, bytes, held] = [0, 0, 0];
    for (let i = 0; i < seats.length; i++) {
      const part = this.#shareOfSeat(i, lean);
      work += part * (this.#costs.seatWork[i] ?? 0);
      bytes += part * (this.#costs.seatBytes[i] ?? 0);
      held += part * (this.#costs.seatMemory[i] ?? 0);
    }
    return Math.max(
      0,
      Math.min(
        (share * cores - load.work) / work,
        ((share * nic) / 8 - load.bytes) / bytes,
        (share * memory - load.memory) / held,
        share * cores * descriptors - listeners,
      ),
    );
  }

  /** Which share of newcomers takes this seat. */
  #shareOfSeat(i: number, lean: boolean): number {
    const { stream, numbered, hls } = this.#mix;
    return [lean ? 0 : stream, lean ? stream : 0, lean ? 0 : numbered, lean ? numbered : 0, hls][i] ?? 0;
  }

  /**
   * How many connections it takes in the next `dt` seconds: what its backlogs hold, and what it serves meanwhile. The rest
   * goes unanswered.
   */
  takes(dt: number): number {
    const { cores, backlog, descriptors } = this.#spec;
    const served = Math.max(0, cores - this.#load().work) * dt;
    const held = Math.min(cores * backlog, Math.max(0, cores * descriptors - this.listeners));
    return Math.max(0, held - this.queue.size) + served / (this.#costs.work[fresh * 3 + seat] ?? 1);
  }

  /** Plays to those who are seated, then serves who waits, for `dt` seconds from `now` on. */
  step(now: number, dt: number, waits: Latencies, rejoinWaits: Latencies): Served {
    const served: Served = { seated: 0, rejoined: 0, stood: 0, leafed: 0, turnedNew: 0, lean: 0, ended: 0, left: 0 };
    served.left = this.#leave(dt);
    const { cores, nic, memory, descriptors } = this.#spec;
    const load = this.#load();
    const listeners = this.listeners;
    const api = listeners * this.#people.apiRate * (apiAt[this.level] ?? 0) * this.#costs.api;
    const playing = load.work + api;
    const freeWork = Math.max(0, cores - playing) * dt;
    const freeBytes = Math.max(0, nic / 8 - load.bytes) * dt;
    this.short = 1 - Math.min(1, cores / playing, nic / 8 / load.bytes);

    const chance = this.#chanceWait(load, playing, dt);
    const waitsOf = spread.map(({ quantile, share }) => ({ wait: chance.at(quantile), share }));
    // At level 3 who is in line is seated as seats free; at level 4 nobody is.
    let room = this.level >= 4 ? 0 : this.#room(seatShare, load, listeners);
    let hardRoom = this.#room(1, load, listeners);
    let [work, bytes] = [0, 0];
    for (let batch = this.queue.batch; batch !== undefined; batch = this.queue.batch) {
      const [news, asks, again, ends] = [fresh, asker, rejoin, ender].map((kind) => this.queue.left(kind));
      const plan = this.#outcomes(news ?? 0, asks ?? 0, again ?? 0, ends ?? 0, room, hardRoom);
      // Nobody is left of it when it was a cohort's last crumb.
      const share = plan.work > 0 ? Math.min(1, (freeWork - work) / plan.work, (freeBytes - bytes) / plan.bytes) : 1;
      if (!(share > 1e-12)) break;
      const moment = now + (freeWork > 0 ? (dt * (work + (plan.work * share) / 2)) / freeWork : dt);
      const came = this.queue.serve(share);
      const wait = Math.max(0, moment - came);
      this.#seat(plan.seatedNew * share + plan.seatedAgain * share);
      note(batch, fresh, plan.seatedFresh * share, wait, waitsOf, waits);
      note(batch, asker, plan.seatedAsker * share, wait, waitsOf, waits);
      note(batch, rejoin, plan.seatedAgain * share, wait, waitsOf, rejoinWaits);
      work += plan.work * share;
      bytes += plan.bytes * share;
      room = Math.max(0, room - plan.seatedNew * share);
      hardRoom = Math.max(0, hardRoom - (plan.seatedNew + plan.seatedAgain) * share);
      served.seated += plan.seatedNew * share;
      served.rejoined += plan.seatedAgain * share;
      if (this.level >= 2) served.lean += (plan.seatedNew + plan.seatedAgain) * share;
      served.stood += plan.stood * share;
      served.leafed += plan.leafed * share;
      served.turnedNew += plan.turnedNew * share;
      served.ended += (ends ?? 0) * share;
      if (share < 1) break;
    }

    const after = this.#load();
    this.bytes = Math.min((nic / 8) * dt, load.bytes * dt + bytes);
    this.used[0] = Math.min(1, (playing * dt + work) / (cores * dt));
    this.used[1] = Math.min(1, this.bytes / ((nic / 8) * dt));
    this.used[2] = after.memory / memory;
    this.used[3] = (this.listeners + this.queue.size) / (cores * descriptors);
    const queued = this.queue.size * (this.#costs.work[fresh * 3 + seat] ?? 0);
    this.lag = chance.mean + (queued > 0 ? Math.min(60, (queued / Math.max(freeWork, 1e-9)) * dt) : 0);
    const shares = [after.work / cores, after.bytes / (nic / 8), this.used[2] ?? 0, this.used[3] ?? 0];
    const most = Math.max(...shares);
    this.fullest = shares.indexOf(most);
    this.#standing = nextLevel(this.#standing, now + dt, most, this.lag);
    return served;
  }

  /** What the chance meetings at one worker come to: its pushes and those who come are an M/G/1 queue. */
  #chanceWait(
    load: { work: number; streams: number },
    playing: number,
    dt: number,
  ): { mean: number; at: (quantile: number) => number } {
    const { cores } = this.#spec;
    const each = this.#costs.work[fresh * 3 + seat] ?? 0;
    const rate = this.queue.size / dt / cores;
    const rho = Math.min(steadyLoad, playing / cores + rate * each);
    const push = Math.min(longestPush, (load.streams / cores) * this.#costs.write);
    // Above its capacity a worker serves as many as it can, and no more meet.
    const joins = Math.min(rate * each, 1) * each;
    const mean = meanWait(joins + Math.min(1, playing / cores) * push, rho);
    return { mean, at: (quantile) => each + waitQuantile(mean, rho, quantile) };
  }

  /** What would become of those at the head of the queue, and what that costs. */
  #outcomes(news: number, asks: number, again: number, ends: number, room: number, hardRoom: number): Outcomes {
    const { work, bytes } = this.#costs;
    const newcomers = news + asks;
    const share = newcomers > 0 ? Math.min(1, room / newcomers) : 0;
    const shareAgain = again > 0 ? Math.min(1, Math.max(0, hardRoom - newcomers * share) / again) : 0;
    const away = this.level >= 4 ? leaf : stand;
    const [seatedFresh, seatedAsker, seatedAgain] = [news * share, asks * share, again * shareAgain];
    const [awayFresh, awayAsker, awayAgain] = [news - seatedFresh, asks - seatedAsker, again - seatedAgain];
    const sum = (cost: Float64Array): number =>
      seatedFresh * (cost[fresh * 3 + seat] ?? 0) +
      awayFresh * (cost[fresh * 3 + away] ?? 0) +
      seatedAsker * (cost[asker * 3 + seat] ?? 0) +
      awayAsker * (cost[asker * 3 + away] ?? 0) +
      seatedAgain * (cost[rejoin * 3 + seat] ?? 0) +
      awayAgain * (cost[rejoin * 3 + stand] ?? 0) +
      ends * (cost[ender * 3] ?? 0);
    const turnedAway = awayFresh + awayAsker;
    return {
      seatedFresh,
      seatedAsker,
      seatedNew: seatedFresh + seatedAsker,
      seatedAgain,
      stood: awayAgain + (away === stand ? turnedAway : 0),
      leafed: away === leaf ? turnedAway : 0,
      turnedNew: awayFresh + awayAgain,
      work: sum(work),
      bytes: sum(bytes),
    };
  }

  #seat(people: number): void {
    const lean = this.level >= 2;
    for (let i = 0; i < seats.length; i++) this.seated[i] = (this.seated[i] ?? 0) + people * this.#shareOfSeat(i, lean);
  }

  #leave(dt: number): number {
    const share = 1 - Math.exp((-dt * 1000) / this.#people.leaveAfter);
    return this.empty(share);
  }

  /** Takes a share of everybody from their seats. */
  empty(share: number): number {
    let gone = 0;
    for (let i = 0; i < seats.length; i++) {
      const people = this.seated[i] ?? 0;
      gone += people * share;
      this.seated[i] = share === 1 ? 0 : people - people * share;
    }
    return gone;
  }
}

interface Outcomes {
  readonly seatedFresh: number;
  readonly seatedAsker: number;
  readonly seatedNew: number;
  readonly seatedAgain: number;
  readonly stood: number;
  readonly leafed: number;
  readonly turnedNew: number;
  readonly work: number;
  readonly bytes: number;
}

/** Notes how long people of a batch waited since they first came. */
function note(
  batch: Batch,
  kind: number,
  people: number,
  wait: number,
  chance: readonly { readonly wait: number; readonly share: number }[],
  waits: Latencies,
): void {
  if (!(people > 0)) return;
  batch.eachOf(kind, (share, age) => {
    for (const one of chance) waits.add(age + wait + one.wait, people * share * one.share);
  });
}
