import { hashes } from "../sketch/hashes.test-numbers.ts";
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
  readonly time = { now: 1_000_000 };
  readonly shield: Shield;
  readonly random: () => number;

  constructor(seed = 1) {
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
