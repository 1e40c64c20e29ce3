import { setTimeout as sleep } from "node:timers/promises";
import type { AttackCounts, AttackOrder } from "../../rehearsal/attackers/contract.ts";
import { type Crowd, dealt } from "../../rehearsal/run/crowd.ts";
import { Ledger, type Row } from "../../rehearsal/run/ledger.ts";
import type { RunQuestion } from "../../rehearsal/run/question.ts";
import type { Ending, Run } from "../../rehearsal/run/run.ts";
import { VitalSigns } from "../../rehearsal/run/vital-signs.ts";
import type { SwarmBehaviour, SwarmTarget } from "../../rehearsal/swarm/contract.ts";
import { type FromMember, Member } from "./crew.ts";
import { busyMeter } from "./machine.ts";
import type { MetricsReader } from "./metrics.ts";
import { type Look, look } from "./probe.ts";
import type { FoundSpace } from "./spaces.ts";
import type { Target } from "./target.ts";

/** What is done, all of it decided. */
export interface Conducting {
  readonly question: RunQuestion;
  readonly crowd: Crowd;
  readonly behaviour: SwarmBehaviour;
  readonly target: Target;
  readonly swarmTarget: SwarmTarget;
  readonly space: FoundSpace;
  readonly processes: number;
  readonly most: number;
  readonly sources: readonly string[];
  /** Of attack `i`. */
  readonly attackOrder: (i: number) => Pick<AttackOrder, "target" | "permitted" | "sources">;
  readonly metrics: MetricsReader | undefined;
  /** Seconds that a target which does not answer is waited for. */
  readonly patience: number;
  readonly cores: number;
  /** Whether it may still go on: asked again and again while it runs. */
  readonly permitted?: (() => boolean) | undefined;
  /** Called after each second. */
  readonly onSecond: (seen: Second) => void;
}

/** A second as whoever watches is told it. */
export interface Second {
  /** From T. */
  readonly at: number;
  readonly row: Row;
  readonly attacks: readonly (AttackCounts | undefined)[];
  /** Since when the target has not answered, seconds from T. */
  readonly silentSince: number | undefined;
  readonly dead: number;
}

/** Between the order and the first arrival, ms: every process has read its order by then. */
const headStartMs = 1500;
/** Rows are closed so long after their second, ms: what belongs to them has been told by then. */
const closesAfterMs = 600;
/** How long the swarm may take after everybody has asked what comes now, s; and after it is told to end, ms. */
const [afterEnd, endGraceMs] = [8, 4000] as const;

/** Runs a rehearsal: starts its processes, looks at the target beside them, and gives what was measured. */
export class Conductor {
  readonly #plan: Conducting;
  readonly #ledger: Ledger;
  readonly #members: Member[] = [];
  readonly #attacks: (AttackCounts | undefined)[];
  readonly #signs: VitalSigns;
  readonly #busy = busyMeter();
  #look: Look | undefined;
  #looking = false;
  #loopDelay = 0;
  /** The pids of its processes; for tests. */
  readonly pids: number[] = [];

  constructor(plan: Conducting) {
    this.#plan = plan;
    const { times } = plan.crowd;
    const shares = Array.from({ length: plan.processes }, (_, i) => Math.ceil((times.length - i) / plan.processes));
    this.#ledger = new Ledger(shares);
    this.#attacks = plan.question.attacks.map(() => undefined);
    this.#signs = new VitalSigns(plan.patience);
  }

  /** Resolves once all its processes are gone. @throws Problem `rehearsal-failed` when one of them cannot begin */
  async run(stop: AbortSignal): Promise<Run> {
    const { question, crowd, local, cores } = { ...this.#plan, local: this.#plan.target.here };
    const watch = this.#watchLoop();
    try {
      const beginsAt = await this.#begin();
      const ending = await this.#follow(beginsAt, stop);
      return {
        question,
        hour: crowd.hour,
        rows: this.#ledger.rows,
        joins: this.#ledger.joins,
        firstBytes: this.#ledger.firstBytes,
        behind: this.#ledger.behind,
        dead: this.#ledger.dead,
        lostListeners: this.#ledger.lostListeners,
        lostWaiting: this.#ledger.lostWaiting,
        attacks: this.#attacks,
        ending,
        local,
        cores,
      };
    } finally {
      clearInterval(watch);
      await Promise.all(this.#members.map((one) => one.end(endGraceMs)));
    }
  }

  /** Starts all processes and gives each its order; resolves with T0. */
  async #begin(): Promise<number> {
    const { processes, question } = this.#plan;
    for (let i = 0; i < processes; i++) this.#members.push(this.#member("swarm", i));
    for (const i of question.attacks.keys()) this.#members.push(this.#member("attacker", i));
    for (const { pid } of this.#members) if (pid !== undefined) this.pids.push(pid);
    await Promise.all(this.#members.map(({ ready }) => ready));
    const beginsAt = Date.now() + headStartMs;
    this.#order(beginsAt);
    return beginsAt;
  }

  #member(role: "swarm" | "attacker", i: number): Member {
    const member = new Member(role, i + 1, (message) => this.#hear(i, message));
    // One that is gone with its work undone took its listeners along.
    if (role === "swarm") void member.exited.then(() => member.done || this.#ledger.lose(i));
    return member;
  }

  #hear(i: number, message: FromMember): void {
    if (message.t === "swarm") this.#ledger.take(i, message.told);
    else if (message.t === "attacker") this.#attacks[i] = message.told.counts;
  }

  #order(beginsAt: number): void {
    const { question, crowd, behaviour, swarmTarget, processes, most, sources, attackOrder } = this.#plan;
    const { hour } = crowd;
    const until = hour + question.lasts / 1000;
    for (const [i, arrivals] of dealt(crowd.times, processes).entries()) {
      const seed = question.seed * 1000 + i;
      const own = sources.filter((_source, k) => k % processes === i || sources.length < processes);
      const order = { target: swarmTarget, behaviour, arrivals, until, sources: own, most, seed, beginsAt };
      this.#members[i]?.tell({ t: "swarm", order });
    }
    for (const [i, { name, strength, from, to }] of question.attacks.entries()) {
      const seed = question.seed * 1000 + 500 + i;
      const order = { ...attackOrder(i), name, strength, seed, beginsAt, from: from + hour, to: to + hour };
      this.#members[processes + i]?.tell({ t: "attacker", order });
    }
  }

  /** A row each second until it is over, somebody stops it, the target is dead, or it is permitted no longer. */
  async #follow(beginsAt: number, stop: AbortSignal): Promise<Ending> {
    const { question, crowd, behaviour, permitted } = this.#plan;
    const last = Math.ceil(crowd.hour + question.lasts / 1000 + behaviour.endWithin + afterEnd);
    await this.#busy();
    for (let second = 0; second < last; second++) {
      void this.#lookNow();
      void this.#plan.metrics?.read();
      await sleep(Math.max(0, beginsAt + (second + 1) * 1000 + closesAfterMs - Date.now()), undefined, {
        signal: stop,
      }).catch(() => {});
      const at = second - crowd.hour;
      if (stop.aborted) {
        await this.#end();
        this.#close(await this.#busy());
        return { kind: "stopped", at };
      }
      const row = this.#close(await this.#busy());
      // Who leaves at the end was not cut.
      const died =
        at < question.lasts / 1000
          ? this.#signs.take({
              at,
              gone: this.#look?.gone,
              answered: row.probe?.answered ?? false,
              playing: row.playing,
              refusedConnects: row.counts.refusedConnects,
            })
          : undefined;
      const { dead } = this.#ledger;
      this.#plan.onSecond({ at, row, attacks: this.#attacks, silentSince: this.#signs.since, dead });
      if (died) return { kind: "died", ...died };
      if (permitted?.() === false) {
        await this.#end();
        return { kind: "permit", at };
      }
      if (this.#members.every(({ done, gone }) => done || gone)) break;
    }
    return { kind: "over" };
  }

  async #end(): Promise<void> {
    await Promise.all(this.#members.map((one) => one.end(endGraceMs)));
  }

  #close(machine: number | undefined): Row {
    const looked = this.#look;
    const probe = looked && { ...looked.probe, loopDelay: this.#loopDelay };
    this.#loopDelay = 0;
    return this.#ledger.close({ server: this.#plan.metrics?.take(), probe, machine });
  }

  /** One look at a time: one that takes long is told when it is over, and until then there is none. */
  async #lookNow(): Promise<void> {
    if (this.#looking) {
      this.#look = undefined;
      return;
    }
    this.#looking = true;
    this.#look = undefined;
    try {
      this.#look = await look(this.#plan.target, this.#plan.space);
    } finally {
      this.#looking = false;
    }
  }

  #watchLoop(): NodeJS.Timeout {
    const everyMs = 50;
    let expected = performance.now() + everyMs;
    return setInterval(() => {
      const now = performance.now();
      this.#loopDelay = Math.max(this.#loopDelay, now - expected);
      expected = now + everyMs;
    }, everyMs).unref();
  }
}
