import { arrivals, slotSeconds, slotsOf, slotsPerSecond } from "./arrivals.ts";
import { Batch } from "./batch.ts";
import type { Behaviour } from "./behaviour.ts";
import { asker, type Costs, ender, fresh, type Kind } from "./costs.ts";
import { Crowd } from "./crowd.ts";
import { Curves, FullestOf } from "./curves.ts";
import { Edge, resources } from "./edge.ts";
import { Latencies } from "./latency.ts";
import type { Outcome } from "./outcome.ts";
import { fleetOf, type Group, together } from "./fleet.ts";
import { before, checkQuestion, type Question } from "./question.ts";
import { normal, seeded } from "./random.ts";
import { Steps } from "./steps.ts";
import { type Attempt, firstAttempt } from "./waiting-room.ts";

export interface SimulationOptions {
  readonly question: Question;
  readonly edges: number;
  readonly costs: Costs;
  readonly behaviour: Behaviour;
  /** Is told, of each second from T, how long those waited who got their sound in it; the waits are its own only until it returns. */
  readonly eachSecond?: (second: number, waits: Latencies) => void;
}

/**
 * Simulates the minute before, the rush, the event and its end: a fluid of cohorts, in steps of 100 ms where much happens and
 * of a second elsewhere. The same question, costs and seed give the same outcome to the last bit.
 * @throws Problem `plan-impossible`
 */
export function simulate(options: SimulationOptions): Outcome {
  checkQuestion(options.question, options.edges);
  const simulation = new Simulation(options);
  simulation.run();
  return simulation.outcome();
}

class Simulation {
  readonly #question: Question;
  readonly #behaviour: Behaviour;
  readonly #groups: readonly Group[];
  /** One for each group of edges. */
  readonly #edges: Edge[];
  /** Their shares of those who come. */
  readonly #shares: Float64Array;
  readonly #arrivals: Float64Array;
  readonly #crowd: Crowd;
  readonly #curves: Curves;
  readonly #fullest = new FullestOf();
  readonly #second = new Latencies();
  readonly #joins = new Latencies();
  readonly #rejoins = new Latencies();
  readonly #alive: Uint8Array;
  readonly #told: Uint8Array;
  readonly #cpuMost: Float64Array;
  readonly #asked: number;
  #steps = 0;
  #bytes = 0;
  #shortSeconds = 0;
  #orphaned = 0;
  #lean = 0;
  readonly #turnedBy = new Float64Array(resources.length);
  readonly #eachSecond: SimulationOptions["eachSecond"];

  constructor({ question, edges, costs, behaviour, eachSecond }: SimulationOptions) {
    this.#question = question;
    this.#eachSecond = eachSecond;
    this.#behaviour = behaviour;
    this.#asked = edges;
    this.#groups = fleetOf(question, edges);
    this.#edges = this.#groups.map(
      ({ size }) => new Edge(together(question.edge, size), costs, question.mix, behaviour),
    );
    const random = seeded(question.seed, 2);
    const chance = (): number => behaviour.imbalance * Math.max(-3, Math.min(3, normal(random)));
    this.#shares = Float64Array.from(this.#groups, ({ size }) => size * Math.max(0.5, 1 + chance()));
    this.#arrivals = arrivals(question, behaviour);
    this.#crowd = new Crowd(question.listeners, behaviour);
    this.#curves = new Curves(0 - before / 1000, Math.ceil(slotsOf(question) / slotsPerSecond));
    this.#alive = new Uint8Array(this.#groups.length).fill(1);
    this.#told = new Uint8Array(this.#groups.length).fill(1);
    this.#cpuMost = new Float64Array(this.#groups.length);
  }

  run(): void {
    const steps = new Steps(this.#question);
    for (let second = this.#curves.from; this.#curves.length < steps.seconds; second++) {
      const sums = { arriving: 0, joined: 0, bytes: 0, busy: 0, most: 0, least: Number.POSITIVE_INFINITY, short: 0 };
      this.#second.clear();
      const slots = steps.slotsIn(second);
      for (let slot = 0; slot < slotsPerSecond; slot += slots) {
        this.#step(second + slot * slotSeconds, slots, sums);
        this.#steps++;
      }
      this.#tell(sums);
      this.#eachSecond?.(second, this.#second);
    }
  }

  #step(now: number, slots: number, sums: Sums): void {
    const dt = slots * slotSeconds;
    this.#failures(now);
    const due = this.#due(now, slots);
    for (const one of due) if (one.attempt === firstAttempt && one.kind === fresh) sums.arriving += one.people;
    const batch = new Batch(now, dt, due);
    this.#offer(batch, dt);
    this.#edges.forEach((edge, i) => {
      if (!this.#alive[i]) return;
      const served = edge.step(now, dt, this.#second, this.#rejoins);
      this.#crowd.serve(served);
      sums.joined += served.seated + served.rejoined;
      this.#lean += served.lean;
      this.#turnedBy[edge.fullest] = (this.#turnedBy[edge.fullest] ?? 0) + served.turnedNew;
      this.#count(edge, i, now, sums, dt);
    });
  }

  /** Everybody who tries in this step: who comes, who tries again, who asks for a seat, who comes back. */
  #due(now: number, slots: number): Attempt[] {
    const dt = slots * slotSeconds;
    const over = now >= this.#question.lasts / 1000 - 1e-9;
    if (over) this.#end();
    const first = Math.round((now + before / 1000) * slotsPerSecond);
    const coming: Attempt = { kind: fresh, attempt: firstAttempt, people: 0, came: 0 };
    for (let slot = first; slot < first + slots; slot++) coming.people += this.#arrivals[slot] ?? 0;
    // Within a step people come evenly: when exactly is below what is looked at.
    coming.came = coming.people * (now + dt / 2);
    this.#crowd.come(coming.people);
    const again = [...this.#crowd.waiting.advance(now, slots), ...this.#crowd.back(now, dt, this.#endLeft(now))];
    const all = [coming, ...again];
    return over ? all.map((one) => ({ ...one, kind: ender as Kind })) : all;
  }

  /** Seconds that are left of the end's herd. */
  #endLeft(now: number): number {
    return Math.max(0.1, (this.#question.lasts + this.#behaviour.endWithin) / 1000 - now);
  }

  /** Deals a batch over the edges; whom none takes tries again later. */
  #offer(batch: Batch, dt: number): void {
    const { waiting } = this.#crowd;
    if (!(batch.people > 0)) return;
    const told = this.#shares.reduce((sum, share, i) => sum + (this.#told[i] ? share : 0), 0);
    let [unanswered, refused] = [0, 0];
    this.#edges.forEach((edge, i) => {
      if (!this.#told[i]) return;
      const share = (this.#shares[i] ?? 0) / told;
      if (!this.#alive[i]) {
        refused += share;
        return;
      }
      const taken = Math.min(1, edge.takes(dt) / (batch.people * share));
      edge.queue.push(batch, share * taken);
      unanswered += share * (1 - taken);
    });
    for (const { kind, attempt, people, came } of batch.attempts) {
      if (unanswered > 1e-15) waiting.unanswered(kind, attempt, people * unanswered, came * unanswered);
      if (refused > 0) waiting.refused(kind, attempt, people * refused, came * refused);
    }
  }

  /** Edges that vanish, with everybody on them; a little later newcomers are not sent to them any more. */
  #failures(now: number): void {
    const { loss } = this.#question;
    if (!loss) return;
    const since = now - loss.at / 1000;
    if (since < -1e-9) return;
    const untold = since >= this.#behaviour.untoldAfter / 1000 - 1e-9;
    const notice = this.#behaviour.noticeAfter / 1000;
    for (const [i, edge] of this.#edges.entries()) {
      if (!this.#groups[i]?.lost) continue;
      if (untold) this.#told[i] = 0;
      if (!this.#alive[i]) continue;
      this.#alive[i] = 0;
      const people = edge.seating.empty(1);
      this.#orphaned += people;
      // The last sound they got was at most a segment old.
      this.#crowd.orphan(people, now, notice - 0.96, notice);
      for (let batch = edge.queue.batch; batch !== undefined; batch = edge.queue.batch) {
        for (const kind of [0, 1, 2, 3] as const) {
          const left = edge.queue.left(kind);
          if (!(left > 0)) continue;
          batch.eachOf(kind, (share, age, { attempt }) =>
            this.#crowd.waiting.refused(kind, attempt, left * share, left * share * (now - age)),
          );
        }
        edge.queue.serve(1);
      }
    }
  }

  /** The sound ends: everybody is off their seat, and wants to know what comes now. */
  #end(): void {
    this.#edges.forEach((edge, i) => {
      if (this.#alive[i]) this.#crowd.dismiss(edge.seating.empty(1));
    });
    this.#crowd.dismissRest();
  }

  #count(edge: Edge, i: number, now: number, sums: Sums, dt: number): void {
    sums.bytes += edge.bytes;
    sums.busy += edge.cpu * dt * (this.#groups[i]?.size ?? 1);
    sums.most = Math.max(sums.most, edge.cpu);
    sums.least = Math.min(sums.least, edge.cpu);
    sums.short += edge.short > 0 ? edge.short * edge.seating.listeners * dt : 0;
    this.#cpuMost[i] = Math.max(this.#cpuMost[i] ?? 0, edge.used[0] ?? 0);
    for (let resource = 0; resource < resources.length; resource++) {
      this.#fullest.note(resource, edge.used[resource] ?? 0, now, i);
    }
  }

  #tell(sums: Sums): void {
    const alive = this.#edges.filter((_, i) => this.#alive[i]);
    const sizes = alive.map((edge) => edge.seating.listeners);
    const queued = alive.reduce((sum, edge) => sum + edge.queue.size, 0);
    const level = alive.reduce((most, edge) => Math.max(most, edge.level), 0);
    const shares = resources.map((_, i) => alive.reduce((most, edge) => Math.max(most, edge.used[i] ?? 0), 0));
    const binding = shares.indexOf(Math.max(...shares));
    const seated = sizes.reduce((sum, size) => sum + size, 0);
    this.#crowd.check(
      seated,
      this.#edges.reduce((sum, edge) => sum + edge.queue.size, 0),
    );
    this.#bytes += sums.bytes;
    this.#shortSeconds += sums.short;
    this.#joins.merge(this.#second);
    this.#curves.push({
      arriving: sums.arriving,
      joining: queued + this.#crowd.waiting.size,
      seated,
      standing: this.#crowd.standing,
      leafed: this.#crowd.leafed,
      joined: sums.joined,
      joinP50: this.#second.quantile(0.5) ?? Number.NaN,
      joinP99: this.#second.quantile(0.99) ?? Number.NaN,
      egress: sums.bytes * 8,
      cpuMean: sums.busy / this.#groups.reduce((sum, { size }, i) => sum + (this.#alive[i] ? size : 0), 0),
      cpuMost: sums.most,
      cpuLeast: Number.isFinite(sums.least) ? sums.least : 0,
      level,
      binding,
      bindingShare: shares[binding] ?? 0,
      short: sums.short,
    });
  }

  outcome(): Outcome {
    const { waiting } = this.#crowd;
    return {
      edges: this.#asked,
      curves: this.#curves,
      joins: this.#joins,
      rejoins: this.#rejoins,
      fullest: this.#fullest.all(),
      cpuMost: this.#cpuMost,
      gaveUp: (waiting.gaveUp[fresh] ?? 0) + (waiting.gaveUp[asker] ?? 0) + (waiting.gaveUp[2] ?? 0),
      orphaned: this.#orphaned,
      lean: this.#lean,
      turnedAway: this.#crowd.everTurnedAway,
      turnedBy: resources[this.#turnedBy.indexOf(Math.max(...this.#turnedBy))] ?? "cpu",
      bytes: this.#bytes,
      shortSeconds: this.#shortSeconds,
      steps: this.#steps,
      miscounted: this.#crowd.imbalance,
    };
  }
}

interface Sums {
  arriving: number;
  joined: number;
  bytes: number;
  busy: number;
  most: number;
  least: number;
  short: number;
}
