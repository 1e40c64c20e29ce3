import { Problem } from "../foundation/errors.ts";
import type { SegmentNumber } from "../wire/timeline.ts";

/**
 * What a player asks of a playlist in its query: `_HLS_msn` (and `_HLS_part`) hold the answer until the playlist has
 * that segment (RFC 8216bis, 6.2.5.2). Other parameters are nobody's business here and are ignored.
 */
export type Delivery =
  /** No directive: the playlist as it is. */
  | { readonly kind: "now" }
  /** Hold until segment `msn` is in the playlist. These playlists list no parts, so a part means its whole segment. */
  | { readonly kind: "wait"; readonly msn: SegmentNumber }
  /** Not a directive the RFC allows: 400. */
  | { readonly kind: "bad"; readonly why: string };

const decimal = /^(?:0|[1-9]\d{0,9})$/;

/** Reads a playlist request's query, without its question mark. */
export function parseDelivery(query: string): Delivery {
  const parameters = new URLSearchParams(query);
  const msn = parameters.get("_HLS_msn");
  const part = parameters.get("_HLS_part");
  if (msn === null) {
    return part === null ? { kind: "now" } : { kind: "bad", why: "_HLS_part stands without _HLS_msn" };
  }
  if (!decimal.test(msn)) return { kind: "bad", why: "_HLS_msn is not a decimal number" };
  if (part !== null && !decimal.test(part)) return { kind: "bad", why: "_HLS_part is not a decimal number" };
  return { kind: "wait", msn: Number(msn) };
}

/** How far past the latest segment a blocking request may ask; beyond it the answer is 400 (RFC 8216bis, 6.2.5.2). */
export const msnLead = 2;

/** Milliseconds after which a held playlist request is answered 503 (three target durations, RFC 8216bis, 6.2.5.2). */
export const blockMs = 3_000;

/** What a player is told whose directive is not one, or asks too far ahead: 400 (RFC 8216bis, 6.2.5.2). */
export const badDelivery = (why: string): Problem =>
  new Problem({
    status: 400,
    code: "bad-delivery-directive",
    title: "The playlist's delivery directive cannot be followed",
    detail: `${why}.`,
    action: "Ask without directives, or for at most two segments past the latest.",
  });
