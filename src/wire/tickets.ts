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
 * A request header by which a shared cache says that what it asks for is for many: segments and playlists are given to it without a
 * seat. Only of proxies that are believed; one that is no cache takes it away.
 */
export const cacheHeader = "rostra-cache";

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
      /** How many are before it; `null` before the hour, whose lottery decides among all who came until then. */
      readonly before: number | null;
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

/** Those who came within a while: from and until when, seconds since 1970, and how many places were given meanwhile. */
export type LineBucket = readonly [from: number, until: number, places: number];

/**
 * How a line stands, for all edges alike: one counter for each bucket of time and nothing of who waits. Who came in an earlier
 * bucket is before who came in a later one; in a bucket the order is that of the SHA-256 of the seed followed by the nonce.
 */
export interface LineFacts {
  /** The hour: who came before it is in the first bucket, whatever the second. Seconds since 1970. */
  readonly hour: number;
  /** SHA-256 of the seed, hexadecimal. */
  readonly commitment: string;
  /** 64 hexadecimal digits; `null` before the hour. */
  readonly seed: string | null;
  /** In the order of time, without gaps that had anybody; those whose turn has come are left out. */
  readonly buckets: readonly LineBucket[];
  /**
   * Whose turn has come: all who came in a bucket before the one that begins at `from`, and of that one those whose hash, as a
   * fraction of 1, is below `part`.
   */
  readonly called: { readonly from: number; readonly part: number };
  /** How many had their turn, and how many sat down, in the last minute. */
  readonly calledLastMinute: number;
  readonly seatedLastMinute: number;
}

/** How many buckets a line has at most: neighbours become one above it. */
export const maxLineBuckets = 400;
/** How many slots of one line an edge tells in a report; the rest follows with the next. */
export const maxSlotsTold = 64;
