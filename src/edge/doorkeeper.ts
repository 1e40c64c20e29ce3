import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { Problem } from "../foundation/errors.ts";
import { livePaths } from "../wire/paths.ts";
import type { Audience } from "./audience.ts";
import type { SpaceEntry } from "./directory.ts";
import { type AtDoor, type Door, type Room, seatOf } from "./door.ts";
import { DoorSeats } from "./door-seats.ts";
import type { Levels } from "./service-level.ts";

/** From this level on newcomers need a seat. */
export const standingLevel = 3;

export interface DoorkeeperOptions {
  /** @default everybody may come in, at every level */
  readonly door: Door | undefined;
  readonly levels: Levels;
  readonly audience: Audience;
  /** The address of whoever asks. */
  readonly address: (request: IncomingMessage) => string;
  readonly counts: DoorCounts;
}
/** Numbers that only grow. */
export interface DoorCounts {
  /** Requests that were told to stand in line, and those that showed what is no seat or place. */
  unseated: number;
  /** Those who sat down with a seat that had just been given. */
  seated: number;
  badTickets: number;
}

/** Lets in who has a seat or listens already, once not everybody can be seated. Below that level it asks for nothing. */
export class Doorkeeper {
  readonly seats = new DoorSeats();
  readonly #options: DoorkeeperOptions;
  /** How many seats were given out of the line within this second. */
  #given = 0;

  constructor(options: DoorkeeperOptions) {
    this.#options = options;
  }

  /** Whether newcomers need a seat. */
  isShut(entry: SpaceEntry): boolean {
    const { door, levels } = this.#options;
    if (door === undefined) return false;
    return levels.of(entry.state.id) >= standingLevel || this.#waits(door, entry);
  }

  /**
   * Who begins an endless response while newcomers need a seat: the nonce of theirs. Throws `no-seat` and `bad-ticket`.
   */
  admit(request: Pick<IncomingMessage, "url" | "headers" | "socket">, entry: SpaceEntry): string {
    const { audience } = this.#options;
    const { nonce, isFresh } = this.#read(request, entry);
    const { id } = entry.state;
    const holder = this.seats.numbered(nonce);
    if (holder !== undefined && audience.knows(id, holder) && holder !== this.#key(request, id))
      throw this.#unseated(entry);
    if (isFresh) this.#seated(nonce, entry);
    return nonce;
  }

  /** Somebody who fetches segments or playlists while newcomers need a seat. Throws `no-seat` and `bad-ticket`. */
  admitNumbered(request: IncomingMessage, entry: SpaceEntry): void {
    const { audience } = this.#options;
    const { id } = entry.state;
    const key = this.#key(request, id);
    if (audience.knows(id, key)) return;
    const { nonce, isFresh } = this.#read(request, entry);
    const holder = this.seats.numbered(nonce);
    // Somebody else listens with it; who has left is forgotten after some seconds.
    if (holder !== undefined && holder !== key && audience.knows(id, holder)) throw this.#unseated(entry);
    if (isFresh && holder !== key) this.#seated(nonce, entry);
    this.seats.takeNumbered(nonce, key);
    audience.welcome(key);
  }

  /** The seat of whoever begins to listen on a socket: theirs again, or a new one. `undefined` when this edge gives none. */
  seat(space: string, socket: Socket, nonce: string | undefined): string | undefined {
    const given = this.#options.door?.give(space, nonce);
    if (given === undefined) return undefined;
    this.seats.take(given.nonce, socket);
    return given.seat;
  }

  /** For whom there is room at this moment. */
  room(entry: SpaceEntry): Room {
    const { door, levels } = this.#options;
    const level = levels.of(entry.state.id);
    if (level < standingLevel && (door === undefined || !this.#waits(door, entry))) return "all";
    return level <= standingLevel && levels.seats - this.#given >= 1 ? "called" : "none";
  }

  /** A seat was given to somebody in line. */
  gave(): void {
    this.#given++;
  }

  /** To be called each second. */
  tick(isAlone: boolean): void {
    this.#given = 0;
    if (isAlone) this.#options.door?.alone(this.#options.levels.seats);
  }

  /** Unless they were there already. */
  #seated(nonce: string, entry: SpaceEntry): void {
    if (this.seats.isHeld(nonce)) return;
    this.#options.counts.seated++;
    this.#options.door?.seated(atDoor(entry));
  }

  /** Whether more wait than can be seated here at once: nobody is to pass them, though it is calmer now. */
  #waits(door: Door, entry: SpaceEntry): boolean {
    const waiting = door.waitingAt(atDoor(entry));
    return waiting > 0 && this.#options.levels.seats - this.#given < waiting;
  }

  #key(request: Pick<IncomingMessage, "headers" | "socket">, space: string): number {
    const { audience, address } = this.#options;
    return audience.key(space, address(request as IncomingMessage), request.headers["user-agent"] ?? "");
  }

  #read(
    request: Pick<IncomingMessage, "url">,
    entry: SpaceEntry,
  ): { readonly nonce: string; readonly isFresh: boolean } {
    const { door, counts } = this.#options;
    const seat = seatOf(request);
    if (seat === undefined) throw this.#unseated(entry);
    const read = door?.read(entry.state.id, seat);
    if (read) return read;
    counts.badTickets++;
    throw badTicket(livePaths.place(entry.state.id));
  }

  #unseated({ state }: SpaceEntry): Problem {
    this.#options.counts.unseated++;
    return noSeat(livePaths.place(state.id));
  }
}

export const atDoor = ({ state, line }: SpaceEntry): AtDoor => ({ id: state.id, startAt: state.startAt, line });

/** Retry-After is different for each, so that they do not all come back at once. */
const noSeat = (place: string): Problem =>
  new Problem({
    status: 503,
    code: "no-seat",
    title: "Every seat is taken",
    detail: "Who listens goes on listening; newcomers are seated one after the other, as seats free.",
    action: `Ask for a place in line: POST ${place}. A player of ours does it by itself.`,
    retryAfter: 5 + Math.floor(Math.random() * 11),
  });

export const badTicket = (place: string): Problem =>
  new Problem({
    status: 401,
    code: "bad-ticket",
    title: "That is no ticket for this door",
    detail: "It was not made here, is of another Space or of another kind, or its time is over.",
    action: `Ask for a new place in line: POST ${place} without a body.`,
  });
