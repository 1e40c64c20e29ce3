/**
 * What somebody holds who wants to listen when not everybody can be seated (design, section 3, level 3): a place in line, then
 * a seat. Both are one short text, signed with the installation's key and read without I/O (`src/door/`); nobody else can
 * make one, and nothing is kept of who holds it.
 */

/** What a ticket says. */
export interface Ticket {
  readonly kind: "place" | "seat";
  /** The Space's id. */
  readonly space: string;
  /** Seconds since 1970 on the server's clock: when its holder came; of a seat, when it was given. */
  readonly at: number;
  /** 16 hexadecimal digits, drawn for each. */
  readonly nonce: string;
  /** Edges at which it is good: 8 hexadecimal digits that those of one installation share. */
  readonly group: string;
}

/** The answer's header that names the seat of whoever begins to listen, and the query parameter that shows it again. */
export const seatHeader = "rostra-seat";
export const seatParameter = "seat";

/**
 * `POST /live/{space}/place` without a body, and then `GET /live/{space}/place/{ticket}`: how it stands. Never cached.
 * 401 `bad-ticket` for one that is not ours, of another Space, or too old; then the player asks for a new one.
 */
export type Place =
  /** There is room: listen with `?seat=`. */
  | { readonly kind: "seat"; readonly seat: string }
  | {
      readonly kind: "line";
      /** To be shown again; the same for as long as its holder waits. */
      readonly ticket: string;
      /** How many are before it; a lottery among those who came before the hour decides from the hour on. */
      readonly before: number;
      /** How many wait in all. */
      readonly waiting: number;
      /** When its turn is expected, seconds from now, from and to; `null` when nothing can be said: nobody was seated lately. */
      readonly turnIn: readonly [from: number, to: number] | null;
      /** When to ask again, ms: later, the longer it takes. */
      readonly askAgainMs: number;
    };

/** `GET /live/{space}/line.json`: the lottery of those who come before the hour, for everybody to check. */
export interface LineTold {
  readonly v: 1;
  /** SHA-256 of the seed, hexadecimal; told before anybody stands in line. */
  readonly commitment: string;
  /** The seed, hexadecimal, from the hour on. Who came before it is ordered by SHA-256 of the seed followed by their nonce. */
  readonly seed: string | null;
  readonly waiting: number;
  /** Seated out of the line in the last minute. */
  readonly seatedLastMinute: number;
}
