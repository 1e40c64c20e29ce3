import { setTimeout as sleep } from "node:timers/promises";
import type { RenditionName } from "../../wire/rendition.ts";
import { seeded } from "../model/random.ts";
import { Agenda, tickMs } from "./agenda.ts";
import { basesOf } from "./bases.ts";
import type { SwarmOrder, SwarmSecond } from "./contract.ts";
import type { Crowd, Waiting } from "./crowd.ts";
import { LiveFacts } from "./facts.ts";
import { Inquirer } from "./inquirer.ts";
import { PageFiles } from "./page-files.ts";
import { Person } from "./person.ts";
import { Reference } from "./reference.ts";
import { Tally } from "./tally.ts";

/** People that come in one go, at most: between two goes what has come is read. */
const mostAtOnce = 50;
/** How long the herd and what is not compared yet may take after the last of them has asked, ms. */
const endWithinMs = 6000;
/** A delay of the loop above which moments wait for what has come meanwhile, ms. */
const heldUpMs = 250;
/** Which numbers are drawn for the crowd. */
const crowdStream = 0x5a;

/**
 * Lets the people of one process come, listen and go as the order says, and tells `say` of each second. Resolves with the account of
 * all once everybody has left, or soon after the signal. Rejects only when an address of the target cannot be found.
 */
export async function runSwarm(
  order: SwarmOrder,
  say: (second: SwarmSecond) => void,
  signal: AbortSignal,
): Promise<SwarmSecond> {
  const swarm = new Swarm(order, await basesOf(order.target));
  return swarm.run(say, signal);
}

class Swarm implements Crowd {
  readonly order: SwarmOrder;
  readonly bases: Crowd["bases"];
  readonly agenda = new Agenda(performance.now());
  readonly tally = new Tally();
  readonly facts = new LiveFacts();
  readonly page: PageFiles;
  readonly random;
  readonly connections = { open: 0, closed: () => this.#admit() };
  readonly #people = new Set<Person>();
  /** Whoever waits for a connection; no longer than there are people. */
  #held: Waiting[] = [];
  #admitting = false;
  readonly #references = new Map<
    RenditionName,
    { readonly reference: Reference; readonly inquirer: Inquirer; readonly done: Promise<void> }
  >();
  readonly #referring = new AbortController();
  /** The reference's own connections are not the crowd's. */
  readonly #ownConnections = { open: 0, closed: () => {} };
  /** T0 on this process's monotonic clock. */
  readonly #begins: number;
  #connected = 0;
  #came = 0;

  constructor(order: SwarmOrder, bases: Crowd["bases"]) {
    this.order = order;
    this.bases = bases;
    this.page = new PageFiles(order.target.space);
    this.random = seeded(order.seed, crowdStream);
    this.#begins = order.beginsAt - performance.timeOrigin;
  }

  reference(rendition: RenditionName): Reference {
    let known = this.#references.get(rendition);
    if (!known) {
      const { facts, tally } = this;
      const inquirer = new Inquirer(this.bases, this.#references.size, this.#ownConnections);
      const { space } = this.order.target;
      const { signal } = this.#referring;
      const reference = new Reference({ space, rendition, inquirer, facts, tally, signal });
      known = { reference, inquirer, done: reference.run() };
      this.#references.set(rendition, known);
    }
    return known.reference;
  }

  source(): string | undefined {
    const { sources } = this.order;
    return sources[this.#connected++ % Math.max(1, sources.length)];
  }

  wait(one: Waiting): void {
    this.#held.push(one);
  }

  left(one: object): void {
    (this.#people as Set<object>).delete(one);
  }

  async run(say: (second: SwarmSecond) => void, signal: AbortSignal): Promise<SwarmSecond> {
    const ticking = this.#tick();
    const telling = this.#tell(say);
    try {
      const until = this.#begins + this.order.until * 1000;
      while (performance.now() < until && !signal.aborted) {
        const next = this.#arrive(performance.now(), until);
        await sleep(Math.max(0, next - performance.now()), undefined, { signal }).catch(() => {});
      }
      await this.#end(signal);
    } finally {
      clearInterval(ticking);
      clearInterval(telling);
    }
    return this.tally.account("end", this.#now());
  }

  #now(): number {
    return (performance.now() - this.#begins) / 1000;
  }

  /** Lets those come whose time it is; tells when to look again. */
  #arrive(now: number, until: number): number {
    const { arrivals } = this.order;
    for (let most = mostAtOnce; most > 0; most--) {
      const at = arrivals[this.#came];
      if (at === undefined) return Math.min(until, now + 1000);
      const due = this.#begins + at * 1000;
      if (due > now) return Math.min(until, due);
      const person = new Person(this, this.#came++);
      if (!person.isGone) this.#people.add(person);
    }
    return now;
  }

  /** Everybody leaves, and asks once more; what is not compared yet is waited for. */
  async #end(signal: AbortSignal): Promise<void> {
    const now = performance.now();
    const { endWithin } = this.order.behaviour;
    for (const one of this.#people)
      one.end(signal.aborted || endWithin === 0 ? undefined : now + this.random() * endWithin * 1000);
    const limit = now + endWithin * 1000 + endWithinMs;
    const isBehind = (): boolean => [...this.#references.values()].some(({ reference }) => reference.isBehind);
    while (!signal.aborted && performance.now() < limit && (this.#people.size > 0 || isBehind()))
      await sleep(tickMs, undefined, { signal }).catch(() => {});
    for (const one of this.#people) one.end(undefined);
    this.#referring.abort();
    for (const { inquirer } of this.#references.values()) inquirer.close();
    await Promise.all([...this.#references.values()].map(({ done }) => done));
    for (const { reference } of this.#references.values()) reference.end();
  }

  /** Somebody has closed a connection: whoever waits has a turn, when all that goes on now is done. */
  #admit(): void {
    if (this.#held.length === 0 || this.#admitting) return;
    this.#admitting = true;
    setImmediate(() => {
      this.#admitting = false;
      let room = this.order.most - this.connections.open;
      let at = 0;
      for (; at < this.#held.length && room > 0; at++) if (this.#held[at]?.admitted()) room--;
      this.#held = this.#held.slice(at);
    });
  }

  #tick(): NodeJS.Timeout {
    let expected = performance.now() + tickMs;
    let wasHeldUp = false;
    return setInterval(() => {
      const now = performance.now();
      const late = now - expected;
      this.tally.loopDelay = Math.max(this.tally.loopDelay, late);
      expected = now + tickMs;
      // What came while this process was held up is read first: nobody is silent who was not heard.
      wasHeldUp = late > heldUpMs && !wasHeldUp;
      if (!wasHeldUp) this.agenda.advance(now);
    }, tickMs);
  }

  #tell(say: (second: SwarmSecond) => void): NodeJS.Timeout {
    const everyMs = (this.order.tellsEvery ?? 1) * 1000;
    return setInterval(() => say(this.tally.account("second", this.#now())), everyMs);
  }
}
