import { hashes } from "../sketch/hashes.test-numbers.ts";
import { isShieldSummary } from "../wire/shield-summary.ts";
import { Shield } from "./shield.ts";
import type { Connection } from "./watched.ts";

/** What a connection does from when it came, by its age in seconds. */
export type Course = (age: number) => { readonly sent?: number; readonly got?: number; readonly left?: boolean };

/** Courses of honest visitors. */
export const listens: Course = (age) => ({ sent: 300, got: 4000 + 4000 * age });
export const looksAtPage: Course = (age) => ({ sent: 400, got: 14_000, left: age > 20 });
export const opensSpare: Course = (age) => ({ left: age > 12 });
export const goesAtOnce: Course = (age) => ({ sent: 300, got: 4000, left: age > 0.4 });
/** Courses of others. */
export const churns: Course = (age) => ({ left: age > 0.1 });
export const staysSilent: Course = () => ({});

class Visit implements Connection {
  closed = false;
  readonly #course: Course;
  readonly #came: number;
  readonly #time: { now: number };

  constructor(course: Course, time: { now: number }) {
    this.#course = course;
    this.#time = time;
    this.#came = time.now;
  }

  get #now(): ReturnType<Course> {
    return this.#course((this.#time.now - this.#came) / 1000);
  }
  get destroyed(): boolean {
    return this.closed || (this.#now.left ?? false);
  }
  get bytesRead(): number {
    return this.#now.sent ?? 0;
  }
  get bytesWritten(): number {
    return this.#now.got ?? 0;
  }
  destroy(): void {
    this.closed = true;
  }
}

/** A shield in a time of its own, with visitors that come to it. */
export class Visited {
  readonly time: { now: number };
  readonly shield: Shield;
  readonly random: () => number;

  constructor(seed = 1, time = { now: 1_000_000 }) {
    this.time = time;
    const next = hashes(seed);
    this.random = () => next() / 2 ** 52;
    this.shield = new Shield({ key: Buffer.alloc(16, seed), now: this.time.now, random: this.random });
  }

  /** Somebody comes; undefined when refused. */
  come(address: string, course: Course): Visit | undefined {
    const visit = new Visit(course, this.time);
    return this.shield.arrive(address, visit) === "yes" ? visit : undefined;
  }

  /** Lets time pass, and calls `each` ten times a second with how many seconds have passed. */
  pass(seconds: number, each: (at: number) => void = () => {}): void {
    for (let step = 0; step < seconds * 10; step++) {
      each(step / 10);
      this.time.now += 100;
      this.shield.tick(this.time.now);
    }
  }
}

/** The shields of several edges with one key, over which connections are spread, and which tell each other every second. */
export class Several {
  readonly time = { now: 1_000_000 };
  readonly edges: readonly Visited[];
  /** Bytes of the longest summary that was told. */
  longest = 0;

  constructor(count: number, seed = 1) {
    this.edges = Array.from({ length: count }, () => new Visited(seed, this.time));
  }

  /** Somebody comes to any of them, or to one of them; undefined when refused. */
  come(address: string, course: Course, to = Math.floor(this.one.random() * this.edges.length)): Visit | undefined {
    return this.edges[to]?.come(address, course);
  }

  get one(): Visited {
    return this.edges[0] as Visited;
  }

  tell(): void {
    for (const { shield } of this.edges) {
      const summary = shield.summary();
      if (summary === undefined) continue;
      const text = JSON.stringify(summary);
      this.longest = Math.max(this.longest, text.length);
      const heard: unknown = JSON.parse(text);
      if (!isShieldSummary(heard)) throw new Error("what is told is no summary");
      for (const other of this.edges) if (other.shield !== shield) other.shield.hear(heard);
    }
  }

  pass(length: number, each: (at: number) => void = () => {}): void {
    for (let step = 0; step < length * 10; step++) {
      each(step / 10);
      this.time.now += 100;
      for (const { shield } of this.edges) shield.tick(this.time.now);
      if (step % 10 === 9) this.tell();
    }
  }
}
