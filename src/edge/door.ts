import type { IncomingMessage } from "node:http";
import { type LineTold, type Place, seatParameter } from "../wire/tickets.ts";
import type { LineLine, LineReport } from "../wire/timelines.ts";

/** A Space as the door needs it. */
export interface AtDoor {
  readonly id: string;
  /** ms since 1970. */
  readonly startAt: number;
  /** What the origin told last of its line. */
  readonly line: LineLine | undefined;
}

/** For whom there is room now: everybody, whoever's turn it is, nobody. */
export type Room = "all" | "called" | "none";

/** Whoever decides who is seated while not everybody can be: it knows tickets and numbers, and nothing of HTTP. */
export interface Door {
  /** A seat for somebody who begins to listen, to come back with when their connection breaks: a new one, or that of a nonce again. */
  give(space: string, nonce?: string): { readonly seat: string; readonly nonce: string };
  /** The nonce of a seat that is good here, and whether it was given just now; `undefined` for one that is not. Takes microseconds. */
  read(space: string, seat: string): { readonly nonce: string; readonly isFresh: boolean } | undefined;
  /** Somebody has sat down with a seat that was given just now. */
  seated(space: AtDoor): void;
  /** How many wait at the door of a Space. */
  waitingAt(space: AtDoor): number;
  /** A new place or a seat, or how the place shown stands; `undefined` for one that is none of ours. */
  place(space: AtDoor, shown: string | undefined, room: Room): Place | undefined;
  lottery(space: AtDoor): LineTold | undefined;
  /** The origin has told how a line stands. */
  told(line: LineLine): void;
  forget(space: string): void;
  /** The origin is away: this edge calls by what it can seat itself. To be called each second. */
  alone(seats: number): void;
  /** What is to be told upward; the last one has arrived unless it was `lost`. */
  take(): Record<string, LineReport>;
  lost(report: Readonly<Record<string, LineReport>>): void;
  /** What an edge below has told. */
  below(report: Readonly<Record<string, LineReport>>): void;
}

const shown = new RegExp(`[?&]${seatParameter}=([^&#]*)`);

/** The seat that a request shows, whatever it is worth. */
export const seatOf = ({ url = "" }: Pick<IncomingMessage, "url">): string | undefined => shown.exec(url)?.[1];
