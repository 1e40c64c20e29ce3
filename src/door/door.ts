import { randomBytes } from "node:crypto";
import { type LineTold, maxSlotsTold, type Place } from "../wire/tickets.ts";
import type { LineLine, LineReport } from "../wire/timelines.ts";
import { comesWithinSeconds, commitmentTo, Line, type Standing } from "./line.ts";
import { Tickets } from "./ticket.ts";

/** How many slots of one line may wait to be told upward; above it newcomers are told as of the last one. */
export const maxSlotsPending = 512;
/** When somebody in line is to ask again, ms: at the earliest and at the latest. */
const askAgain = { least: 4000, most: 120_000 } as const;
/** All who wait at a door together ask about so often in a second, at most: of a short line everybody hears soon when things change. */
const asksPerSecond = 500;
/** Whoever's turn it is and finds no seat free at this edge asks again so soon, ms. */
const calledAgainMs = 3000;

/** A Space as the door needs it. */
export interface AtDoor {
  readonly id: string;
  /** ms since 1970. */
  readonly startAt: number;
  /** What the origin told last. */
  readonly line: LineLine | undefined;
}
/** For whom there is room: everybody, whoever's turn it is, nobody. */
export type Room = "all" | "called" | "none";

interface Pending {
  readonly places: Map<number, number>;
  seated: number;
}

export interface SeatDoorOptions {
  /** 32 bytes, the same at all edges of the installation. */
  readonly key: Uint8Array;
  /** ms since 1970, the same at all edges. */
  readonly now: () => number;
}

/** The door of one edge: it knows tickets and how the lines stand, and keeps nothing of anybody. */
export class SeatDoor {
  readonly #tickets: Tickets;
  readonly #now: () => number;
  /** Of Spaces at whose door somebody has been. */
  readonly #lines = new Map<string, Line>();
  /** What the origin does not know yet. */
  #pending = new Map<string, Pending>();
  /** Places that were given. */
  places = 0;

  constructor({ key, now }: SeatDoorOptions) {
    this.#tickets = new Tickets(key);
    this.#now = now;
  }

  /** How many wait, all Spaces together, as far as this edge knows. */
  get waiting(): number {
    let sum = 0;
    for (const line of this.#lines.values()) sum += line.waiting;
    return sum;
  }

  /** How many wait at the door of a Space. */
  waitingAt(space: AtDoor): number {
    const isKnown = this.#lines.has(space.id) || (space.line?.buckets.length ?? 0) > 0;
    return isKnown ? this.#line(space).waiting : 0;
  }

  /** A seat: a new one, or the one of that nonce again. */
  give(space: string, nonce = this.#tickets.nonce()): { readonly seat: string; readonly nonce: string } {
    return { seat: this.#tickets.write({ kind: "seat", space, at: this.#seconds(), nonce }), nonce };
  }

  /** The nonce of a seat that is good at this Space's door, and whether it was given just now. */
  read(space: string, seat: string): { readonly nonce: string; readonly isFresh: boolean } | undefined {
    const now = this.#seconds();
    const ticket = this.#tickets.read(seat, "seat", space, now);
    return ticket && { nonce: ticket.nonce, isFresh: now - ticket.at <= comesWithinSeconds };
  }

  /** Somebody has sat down with a seat that was given just now. */
  seated(space: AtDoor): void {
    this.#line(space).seated(1, this.#now() / 1000);
    this.#owed(space.id).seated++;
  }

  /** A place in line or a seat for whoever comes, or how the place stands that they show; `undefined` when that is none of this Space's. */
  place(space: AtDoor, shown: string | undefined, room: Room): Place | undefined {
    const now = this.#seconds();
    if (shown === undefined) return this.#come(space, now, room);
    const line = this.#line(space);
    const ticket = this.#tickets.read(shown, "place", space.id, now, line.hour);
    if (!ticket) return undefined;
    const isCalled = line.isCalled(ticket);
    if (room === "all" || (room === "called" && isCalled)) {
      // The seat of a place is always the same one, however often it is asked for.
      return { kind: "seat", seat: this.give(space.id, ticket.nonce).seat };
    }
    return this.#standing(line, ticket, shown, isCalled);
  }

  /** The lottery, for everybody to check; `undefined` while nothing is known of it. */
  lottery(space: AtDoor): LineTold | undefined {
    const facts = this.#lines.get(space.id)?.facts(this.#now() / 1000) ?? space.line;
    if (!facts) return undefined;
    const { commitment, seed, buckets, called, seatedLastMinute } = facts;
    const sum = buckets.reduce(
      (all, [from, , places]) => all + places * (from === called.from ? 1 - called.part : 1),
      0,
    );
    return { v: 1, commitment, seed, waiting: Math.round(sum), seatedLastMinute };
  }

  /** The origin has told how a line stands. */
  told(facts: LineLine): void {
    const line = this.#lines.get(facts.id);
    if (!line) return;
    line.follow(facts);
    const now = this.#now() / 1000;
    for (const [slot, places] of this.#pending.get(facts.id)?.places ?? []) line.add(slot, places, now);
  }

  forget(space: string): void {
    this.#lines.delete(space);
    this.#pending.delete(space);
  }

  /** The origin is away: whoever is in line here is called by what this edge can seat. */
  alone(seats: number): void {
    for (const line of this.#lines.values()) line.call(seats, this.#now() / 1000);
  }

  /** What is to be told upward; it has arrived unless it was `lost`. */
  take(): Record<string, LineReport> {
    const report: Record<string, LineReport> = {};
    for (const [space, pending] of this.#pending) {
      const places = [...pending.places].slice(0, maxSlotsTold);
      report[space] = { places, seated: pending.seated };
      for (const [slot] of places) pending.places.delete(slot);
      pending.seated = 0;
      if (pending.places.size === 0) this.#pending.delete(space);
    }
    return report;
  }

  lost(report: Readonly<Record<string, LineReport>>): void {
    for (const [space, { places, seated }] of Object.entries(report)) {
      for (const [slot, count] of places) this.#owe(space, slot, count);
      this.#owed(space).seated += seated;
    }
  }

  /** What an edge below has told. */
  below(report: Readonly<Record<string, LineReport>>): void {
    const now = this.#now() / 1000;
    for (const [space, { places, seated }] of Object.entries(report)) {
      const line = this.#lines.get(space);
      for (const [slot, count] of places) {
        line?.add(slot, count, now);
        this.#owe(space, slot, count);
      }
      this.#owed(space).seated += seated;
    }
  }

  #come(space: AtDoor, now: number, room: Room): Place {
    if (room === "all") return { kind: "seat", seat: this.give(space.id).seat };
    const line = this.#line(space);
    // Nobody is passed over when nobody waits; before the hour it is the lottery that decides.
    if (room === "called" && now >= line.hour && line.waiting === 0)
      return { kind: "seat", seat: this.give(space.id).seat };
    const came = { at: now, nonce: this.#tickets.nonce() };
    const slot = line.slotOf(now);
    line.add(slot, 1, now);
    this.#owe(space.id, slot, 1);
    this.places++;
    const ticket = this.#tickets.write({ kind: "place", space: space.id, ...came });
    return this.#standing(line, came, ticket, line.isCalled(came));
  }

  #standing(line: Line, came: Standing, ticket: string, isCalled: boolean): Place {
    const now = this.#now() / 1000;
    const before = isCalled ? 0 : line.before(came, now);
    const turnIn = before === null ? null : line.turnIn(before, now);
    const waiting = Math.max(line.waiting, (before ?? 0) + 1);
    const askAgainMs = Math.round(isCalled ? calledAgainMs : whenToAsk(waiting, line.hour - now, turnIn?.[0]));
    return { kind: "line", ticket, before, waiting, turnIn, askAgainMs };
  }

  #line(space: AtDoor): Line {
    let line = this.#lines.get(space.id);
    if (line) return line;
    // What no origin has told of is this edge's own until it does.
    const seed = randomBytes(32).toString("hex");
    const own = { hour: Math.ceil(space.startAt / 1000), seed, commitment: commitmentTo(seed) };
    line = new Line(space.line ?? { ...own, buckets: [], called: { from: 0, part: 0 } });
    this.#lines.set(space.id, line);
    if (space.line) this.told(space.line);
    return line;
  }

  #owed(space: string): Pending {
    let pending = this.#pending.get(space);
    if (!pending) this.#pending.set(space, (pending = { places: new Map(), seated: 0 }));
    return pending;
  }

  #owe(space: string, slot: number, count: number): void {
    const { places } = this.#owed(space);
    const isFull = places.size >= maxSlotsPending && !places.has(slot);
    const as = isFull ? ([...places.keys()].at(-1) ?? slot) : slot;
    places.set(as, (places.get(as) ?? 0) + count);
  }

  #seconds(): number {
    return Math.floor(this.#now() / 1000);
  }
}

/** A little different for each, ms. Who waits for the hour asks at it, and not all in one second; whose turn is near asks more often. */
function whenToAsk(waiting: number, untilHour: number, turnFrom = Infinity): number {
  const { least, most } = askAgain;
  const spread = Math.min(most, Math.max(least, (waiting / asksPerSecond) * 1000));
  if (untilHour > 0) return Math.min(untilHour * 1000 + Math.random() * spread, most) + least * Math.random();
  return Math.max(least, Math.min(spread, turnFrom * 250)) * (0.8 + Math.random() * 0.4);
}
