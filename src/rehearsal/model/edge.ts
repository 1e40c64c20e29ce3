import type { ServiceLevel } from "../../wire/state.ts";
import type { Batch } from "./batch.ts";
import type { Behaviour } from "./behaviour.ts";
import { chanceWait } from "./chance-wait.ts";
import { asker, type Costs, fresh, leaf, rejoin, seat, stand } from "./costs.ts";
import type { Latencies } from "./latency.ts";
import { mayBeSeated, nextLevel, seatShare, type Standing } from "../../wire/levels.ts";
import { outcomesOf } from "./outcomes.ts";
import { busyCores, type EdgeSpec, type Question, workersOf } from "./question.ts";
import { Queue } from "./queue.ts";
import { type Load, Seating } from "./seating.ts";

/** What an edge has to give; what is fullest binds. */
export const resources = ["cpu", "line", "memory", "descriptors"] as const;
export type Resource = (typeof resources)[number];

/** What share of the API calls is let through at each level: reactions are sampled first, then all but moderation. */
const apiAt = [1, 0.5, 0.25, 0.1, 0.05] as const;
/** Who waits for a chance moment is told apart by these parts of them; no percentile that is told lies between two. */
const spread = [
  { quantile: 0.1, share: 0.2 },
  { quantile: 0.3, share: 0.2 },
  { quantile: 0.5, share: 0.2 },
  { quantile: 0.7, share: 0.2 },
  { quantile: 0.85, share: 0.1 },
  { quantile: 0.925, share: 0.05 },
  { quantile: 0.965, share: 0.03 },
  { quantile: 0.9875, share: 0.015 },
  { quantile: 0.9975, share: 0.005 },
] as const;
/** The longest lag that is told, seconds: nothing is served any more. */
const longestLag = 60;

/**
 * Which share of a core's turns come so long after the one before that its caches are cold: of turns that come by chance, so many a
 * second. After two milliseconds is assumed; what a waking costs is measured (`loneConnection`, `loneRequest`).
 */
export const aloneShare = (turnsPerSecond: number): number => Math.exp(-0.002 * turnsPerSecond);

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

/** One edge: its workers, all with the same share of everything. */
export class Edge {
  readonly #spec: EdgeSpec;
  /** Those that work, and the workers that share them. */
  readonly #cores: number;
  readonly #workers: number;
  readonly #costs: Costs;
  readonly #people: Behaviour;
  readonly queue = new Queue();
  readonly seating: Seating;
  /** Share of each resource that is needed, 0 to 1; of processor and line with those who come. */
  readonly used = new Float64Array(resources.length);
  #standing: Standing = { level: 0, calmSince: undefined };
  /** How many times the sum of their parts those take who come now. */
  #times = 1;
  /** Who came to each worker so far. */
  #came: number;
  /** Share of the cores' time that goes by, 0 to 1: with what is only taken while there is time. */
  cpu = 0;
  /** Bytes of this step, and the share of the sound that did not fit. */
  bytes = 0;
  short = 0;
  /** How long the next one has to wait, seconds. */
  lag = 0;
  /** Which resource those who are seated use most of. */
  fullest = 0;

  constructor(spec: EdgeSpec, costs: Costs, mix: Question["mix"], people: Behaviour) {
    this.#spec = spec;
    this.#cores = busyCores(spec);
    this.#workers = workersOf(spec);
    this.#costs = costs;
    this.#people = people;
    this.#came = spec.served ?? 0;
    this.seating = new Seating(spec, costs, mix);
  }

  get level(): ServiceLevel {
    return this.#standing.level;
  }

  /** Core-seconds for a newcomer who is seated, at the pace at which they come. */
  get #newcomer(): number {
    return this.#times * (this.#costs.work[fresh * 3 + seat] ?? 0);
  }

  /**
   * How many connections it takes in the next `dt` seconds: what its backlogs hold, and what it serves meanwhile. The rest
   * goes unanswered.
   */
  takes(dt: number): number {
    const { nic, backlog, descriptors } = this.#spec;
    const [cores, workers] = [this.#cores, this.#workers];
    const load = this.seating.load();
    // At their pace who fill it cost least.
    const newcomer = this.#costs.times(Number.POSITIVE_INFINITY) * (this.#costs.work[fresh * 3 + seat] ?? 0);
    const [work, bytes] = [Math.max(0, cores - load.work) * dt, Math.max(0, nic / 8 - load.bytes) * dt];
    const served = Math.min(work / newcomer, bytes / (this.#costs.bytes[fresh * 3 + seat] ?? 1));
    const held = Math.min(workers * backlog, Math.max(0, workers * descriptors - this.seating.listeners));
    return Math.max(0, held - this.queue.size) + served;
  }

  /** Plays to those who are seated, then serves who waits, for `dt` seconds from `now` on. */
  step(now: number, dt: number, waits: Latencies, rejoinWaits: Latencies): Served {
    const { nic } = this.#spec;
    const cores = this.#cores;
    const left = this.seating.empty(1 - Math.exp((-dt * 1000) / this.#people.leaveAfter));
    const load = this.seating.load();
    const api = this.seating.listeners * this.#people.apiRate * (apiAt[this.level] ?? 0) * this.#costs.api;
    const playing = load.work + api;
    this.short = 1 - Math.min(1, cores / playing, nic / 8 / load.bytes);
    const free: Free = { work: Math.max(0, cores - playing) * dt, bytes: Math.max(0, nic / 8 - load.bytes) * dt };
    const rate = this.queue.size / dt / cores;
    this.#times = this.#costs.times(rate, this.#came);
    const chance = chanceWait({
      rate,
      service: this.#newcomer,
      playing: playing / cores,
      push: (this.seating.streams / cores) * this.#costs.write,
      turns: this.#costs.turns,
    });
    const chances = spread.map(({ quantile, share }) => ({ wait: chance.at(quantile), share }));
    const served: Served = { seated: 0, rejoined: 0, stood: 0, leafed: 0, turnedNew: 0, lean: 0, ended: 0, left };
    const spent = this.#serve(now, dt, load, free, served, (batch, kind, people, fluid) => {
      const kept = chances.map(({ wait, share }) => ({ wait: chance.service + Math.max(fluid, wait), share }));
      note(batch, kind, people, kept, kind === rejoin ? rejoinWaits : waits);
    });
    this.#came += (served.seated + served.rejoined + served.stood + served.leafed + served.ended) / this.#workers;
    this.bytes = Math.min((nic / 8) * dt, load.bytes * dt + spent.bytes);
    const busy = Math.min(1, (playing * dt + spent.work) / (cores * dt));
    this.used[0] = busy;
    this.cpu = Math.min(1, busy + (spent.lone * aloneShare(rate * this.#costs.turns)) / (cores * dt));
    this.used[1] = Math.min(1, this.bytes / ((nic / 8) * dt));
    const queued = this.queue.size * this.#newcomer;
    this.lag = chance.mean + (queued > 0 ? Math.min(longestLag, (queued / Math.max(free.work, 1e-9)) * dt) : 0);
    this.#judge(now + dt);
    return served;
  }

  /** Serves the queue, oldest first, until the free processor time or the free line is spent. */
  #serve(now: number, dt: number, load: Load, free: Free, served: Served, seated: Seated): Spent {
    const lean = this.level >= 2;
    let room = mayBeSeated(this.#standing, this.lag) ? this.#room(seatShare, load, lean) : 0;
    let anyRoom = this.#room(1, load, lean);
    let [work, bytes, lone] = [0, 0, 0];
    for (let batch = this.queue.batch; batch !== undefined; batch = this.queue.batch) {
      const all = outcomesOf(this.queue, this.#costs, room, anyRoom, this.level >= 4 ? leaf : stand);
      // Nobody is left of it when it was a cohort's last crumb.
      const needed = this.#times * all.work;
      const share = needed > 0 ? Math.min(1, (free.work - work) / needed, (free.bytes - bytes) / all.bytes) : 1;
      if (!(share > 1e-12)) break;
      const moment = now + (free.work > 0 ? (dt * (work + (needed * share) / 2)) / free.work : dt);
      const wait = Math.max(0, moment - this.queue.serve(share));
      seated(batch, fresh, all.seatedFresh * share, wait);
      seated(batch, asker, all.seatedAsker * share, wait);
      seated(batch, rejoin, all.seatedAgain * share, wait);
      const people = (all.seatedNew + all.seatedAgain) * share;
      this.seating.add(people, lean);
      if (lean) served.lean += people;
      work += needed * share;
      bytes += all.bytes * share;
      lone += all.lone * share;
      room = Math.max(0, room - all.seatedNew * share);
      anyRoom = Math.max(0, anyRoom - people);
      served.seated += all.seatedNew * share;
      served.rejoined += all.seatedAgain * share;
      served.stood += all.stood * share;
      served.leafed += all.leafed * share;
      served.turnedNew += all.turnedNew * share;
      served.ended += all.ended * share;
      if (share < 1) break;
    }
    return { work, bytes, lone };
  }

  /** How many more it seats, up to a share of what is fullest. */
  #room(share: number, load: Load, lean: boolean): number {
    if (this.#spec.levels !== false) return this.seating.room(share, load, lean);
    return Math.max(0, this.#workers * this.#spec.descriptors - this.seating.listeners);
  }

  /** Finds its level by what those who are seated use, and by its lag. */
  #judge(now: number): void {
    const { nic, memory, descriptors } = this.#spec;
    const cores = this.#cores;
    const load = this.seating.load();
    this.used[2] = load.memory / memory;
    this.used[3] = (this.seating.listeners + this.queue.size) / (this.#workers * descriptors);
    const shares = [load.work / cores, load.bytes / (nic / 8), this.used[2] ?? 0, this.used[3] ?? 0];
    const most = Math.max(...shares);
    this.fullest = shares.indexOf(most);
    if (this.#spec.levels !== false) this.#standing = nextLevel(this.#standing, now, most, this.lag);
  }
}

/** Core-seconds and bytes. */
interface Free {
  readonly work: number;
  readonly bytes: number;
}
interface Spent extends Free {
  /** Core-seconds more, would all of them come alone. */
  readonly lone: number;
}

type Seated = (batch: Batch, kind: number, people: number, fluidWait: number) => void;

/** Notes how long people of a batch waited since they first came: before this attempt, and now. */
function note(
  batch: Batch,
  kind: number,
  people: number,
  now: readonly { readonly wait: number; readonly share: number }[],
  waits: Latencies,
): void {
  if (!(people > 0)) return;
  batch.eachOf(kind, (share, age) => {
    for (const one of now) waits.add(age + one.wait, people * share * one.share);
  });
}
