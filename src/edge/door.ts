import type { IncomingMessage } from "node:http";
import type { Place } from "../wire/tickets.ts";

/** Whoever decides who is seated while not everybody can be: it knows tickets and numbers, and nothing of HTTP. */
export interface Door {
  /**
   * Whether somebody who is not seated yet may begin to listen now. `seat` is what they show, if anything. Takes microseconds.
   * Below level 3 everybody may.
   */
  admit(space: string, seat: string | undefined): "seated" | "line" | "bad-ticket";
  /** A seat for somebody who begins to listen, to come back with when their connection breaks. */
  seatFor(space: string): string;
  /** Whoever held the seat has gone. */
  left(seat: string): void;
  /** A new place, or how an old one stands; `undefined` for a ticket that is none of ours. */
  place(space: string, ticket: string | undefined): Place | undefined;
}

/** The seat that a request shows. */
export const seatOf = ({ url = "" }: Pick<IncomingMessage, "url">): string | undefined =>
  /[?&]seat=([A-Za-z0-9_-]{20,100})(?:&|$)/.exec(url)?.[1];
