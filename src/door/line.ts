import { hash } from "node:crypto";
import { type LineFacts, maxLineBuckets } from "../wire/tickets.ts";
import { Recent, recentSeconds } from "./recent.ts";

/** Who comes within so many seconds after the hour is one bucket. */
export const slotSeconds = 10;
/** So long after a bucket's end edges may still tell of places in it; nobody of it is called before. */
export const settleSeconds = 3;
/** Who does not sit down within so many seconds of being called is taken not to come: somebody else is called. */
export const comesWithinSeconds = 20;
/** Of those who are called at least so many are taken to come, however few of the last ones did. */
const leastComing = 0.1;
/** From so many on it can be said how many of those who are called come. */
const enoughCalled = 10;

/** A place on the line: who has it, by the ticket alone. */
export interface Standing {
  /** Seconds since 1970. */
  readonly at: number;
  readonly nonce: string;
}
interface Bucket {
  readonly from: number;
  until: number;
  places: number;
}
/** What of a line has to be known to go on with it. */
export type LineRecord = Pick<LineFacts, "hour" | "commitment" | "seed" | "buckets" | "called">;

/** The commitment to a seed (64 hexadecimal digits): its SHA-256. */
export const commitmentTo = (seed: string): string => hash("sha256", Buffer.from(seed, "hex"));

/** Where the lottery puts a nonce, from 0 to below 1: the first 48 bits of the SHA-256 of the seed's bytes and the nonce's. */
export const lot = (seed: string, nonce: string): number =>
  hash("sha256", Buffer.from(seed + nonce, "hex"), "buffer").readUIntBE(0, 6) / 2 ** 48;

/**
 * A line without anybody in it: one counter for each bucket of time, and a pointer to whose turn it is. All who came before the
 * hour are one bucket, whose order is drawn; later ones are of `slotSeconds`, first come, first served, and drawn inside.
 * The pointer is a bucket and a part of it, so that late news of a bucket takes nobody's turn away.
 */
export class Line {
  #hour: number;
  #commitment: string;
  #seed: string | null;
  /** Those of whom not all have been called, in the order of time. */
  #buckets: Bucket[];
  #called: { from: number; part: number };
  readonly #calls = new Recent();
  readonly #seats = new Recent();
  /** What the origin said last of the last minute; `undefined` where it is counted here. */
  #told: Pick<LineFacts, "calledLastMinute" | "seatedLastMinute"> | undefined;
  /** Times that two buckets became one because there were too many. */
  merged = 0;

  constructor({ hour, commitment, seed, buckets, called }: LineRecord) {
    this.#hour = hour;
    this.#commitment = commitment;
    this.#seed = seed;
    this.#buckets = buckets.map(([from, until, places]) => ({ from, until, places }));
    this.#called = { ...called };
  }

  /** A new one, by a seed of 64 hexadecimal digits. */
  static begin(hour: number, seed: string): Line {
    return new Line({ hour, seed, commitment: commitmentTo(seed), buckets: [], called: { from: 0, part: 0 } });
  }

  get hour(): number {
    return this.#hour;
  }

  get commitment(): string {
    return this.#commitment;
  }

  /** How many have a place and have not been called. */
  get waiting(): number {
    return Math.round(this.#buckets.reduce((sum, bucket) => sum + this.#left(bucket), 0));
  }

  /** In which slot whoever comes at `at` is: its start. */
  slotOf(at: number): number {
    return at < this.#hour ? 0 : this.#hour + Math.floor((at - this.#hour) / slotSeconds) * slotSeconds;
  }

  /** Another hour, as long as the lottery of the last one was not held. Who came before it is in it. */
  reschedule(hour: number, now: number): void {
    if (hour === this.#hour || now >= this.#hour) return;
    const places = this.#buckets.reduce((sum, bucket) => sum + bucket.places, 0);
    // Brought forward into the past it is now.
    this.#hour = Math.max(hour, Math.ceil(now));
    this.#buckets = places > 0 ? [{ from: 0, until: this.#hour, places }] : [];
  }

  /** Places were given in the slot that begins at `slot`. */
  add(slot: number, places: number, now: number): void {
    const from = this.slotOf(slot);
    if (from < this.#called.from) return this.#calls.add(now, places);
    const i = this.#buckets.findLastIndex((bucket) => bucket.from <= from);
    const found = this.#buckets[i];
    if (found && from < found.until) {
      found.places += places;
      return;
    }
    const until = from === 0 ? this.#hour : from + slotSeconds;
    this.#buckets.splice(i + 1, 0, { from, until, places });
    if (this.#buckets.length > maxLineBuckets) this.#merge();
  }

  /** Whether it is somebody's turn, or was. */
  isCalled({ at, nonce }: Standing): boolean {
    const from = this.#bucketOf(at);
    if (from !== this.#called.from) return from < this.#called.from;
    return this.#seed !== null && this.#called.part > 0 && lot(this.#seed, nonce) < this.#called.part;
  }

  /** How many are before somebody; `null` while the lottery has not been held. */
  before({ at, nonce }: Standing, now: number): number | null {
    if (now < this.#hour || this.#seed === null) return null;
    const own = this.#bucketOf(at);
    let sum = 0;
    for (const bucket of this.#buckets) {
      if (bucket.from > own) break;
      const { from, part } = this.#called;
      if (bucket.from < own) sum += this.#left(bucket);
      else sum += (lot(this.#seed, nonce) - (from === own ? part : 0)) * bucket.places;
    }
    return Math.max(0, Math.floor(sum));
  }

  /** Somebody who had been called has sat down. */
  seated(count: number, now: number): void {
    this.#seats.add(now, count);
  }

  /** Calls as many as `free` seats need, by how many of those who are called come; no more than have come by then. */
  call(free: number, now: number): void {
    // Those who came before the hour are a bucket that lasts until then.
    if (this.#seed === null) return;
    const coming = this.#coming(now);
    const called = this.#calls.sum(now, comesWithinSeconds);
    const expected = Math.max(0, called - this.#seats.sum(now, comesWithinSeconds)) * coming;
    this.#move(Math.max(0, free - expected) / coming, now);
  }

  /** When somebody's turn is expected, seconds from now: two standard deviations of a Poisson count to each side. */
  turnIn(before: number, now: number): [from: number, to: number] | null {
    const { calledLastMinute: rate } = this.#lastMinute(now);
    if (rate < 1) return null;
    const spread = 2 * Math.sqrt(rate);
    const seconds = (perMinute: number): number => Math.ceil((before / perMinute) * recentSeconds);
    return [seconds(rate + spread), seconds(Math.max(rate - spread, rate / 4))];
  }

  /** All that edges are told; the seed only from the hour on. */
  facts(now: number): LineFacts {
    return { ...this.record(), seed: now < this.#hour ? null : this.#seed, ...this.#lastMinute(now) };
  }

  record(): LineRecord & { readonly buckets: [from: number, until: number, places: number][] } {
    const buckets = this.#buckets.map(({ from, until, places }): [number, number, number] => [from, until, places]);
    const called = { ...this.#called };
    return { hour: this.#hour, commitment: this.#commitment, seed: this.#seed, buckets, called };
  }

  /** Is from now on as the origin says; only whose turn it was here already keeps it. */
  follow(facts: LineFacts): void {
    const isSame = facts.commitment === this.#commitment;
    const own = this.#called;
    this.#hour = facts.hour;
    this.#commitment = facts.commitment;
    this.#seed = facts.seed;
    this.#buckets = facts.buckets.map(([from, until, places]) => ({ from, until, places }));
    this.#called = { ...facts.called };
    this.#told = facts;
    const isAhead = own.from > this.#called.from || (own.from === this.#called.from && own.part > this.#called.part);
    if (!isSame || !isAhead) return;
    this.#called = own;
    this.#buckets = this.#buckets.filter(({ until }) => until > own.from);
  }

  #lastMinute(now: number): Pick<LineFacts, "calledLastMinute" | "seatedLastMinute"> {
    const { calledLastMinute = 0, seatedLastMinute = 0 } = this.#told ?? {};
    return {
      calledLastMinute: Math.max(calledLastMinute, Math.round(this.#calls.sum(now))),
      seatedLastMinute: Math.max(seatedLastMinute, Math.round(this.#seats.sum(now))),
    };
  }

  /** Where the bucket begins in which whoever came at `at` is. */
  #bucketOf(at: number): number {
    const slot = this.slotOf(at);
    const bucket = this.#buckets.findLast(({ from }) => from <= slot);
    return bucket && slot < bucket.until ? bucket.from : slot;
  }

  #left({ from, places }: Bucket): number {
    return from === this.#called.from ? places * (1 - this.#called.part) : places;
  }

  /** Which share of those who are called comes, by those who were called long enough ago. */
  #coming(now: number): number {
    const called = this.#calls.sum(now, recentSeconds, comesWithinSeconds);
    if (called < enoughCalled) return 1;
    const came = this.#seats.sum(now, recentSeconds - comesWithinSeconds);
    return Math.min(1, Math.max(leastComing, came / called));
  }

  #move(count: number, now: number): void {
    let left = count;
    while (left > 0) {
      const [bucket] = this.#buckets;
      if (bucket === undefined || now < bucket.until + settleSeconds) return;
      if (bucket.from !== this.#called.from) this.#called = { from: bucket.from, part: 0 };
      const waiting = this.#left(bucket);
      const called = Math.min(left, waiting);
      this.#calls.add(now, called);
      left -= called;
      if (called < waiting) {
        this.#called.part += called / bucket.places;
        return;
      }
      this.#called = { from: bucket.until, part: 0 };
      this.#buckets.shift();
    }
  }

  /** Makes one of the two neighbours that have the fewest together; neither of those who came before the hour, nor whose turn it is. */
  #merge(): void {
    let at = 0;
    let fewest = Infinity;
    for (const [i, { from, places }] of this.#buckets.entries()) {
      const next = this.#buckets[i + 1];
      if (next === undefined || from === 0 || from === this.#called.from || places + next.places >= fewest) continue;
      [at, fewest] = [i, places + next.places];
    }
    const [one, next] = [this.#buckets[at], this.#buckets[at + 1]];
    if (fewest === Infinity || one === undefined || next === undefined) return;
    this.merged++;
    one.until = next.until;
    one.places += next.places;
    this.#buckets.splice(at + 1, 1);
  }
}
