import { createHmac, randomBytes } from "node:crypto";
import { addressSubject } from "../foundation/address.ts";
import { Uniques } from "./uniques.ts";

/** Milliseconds for which somebody who fetched a segment counts as listening. */
export const listensForMs = 5000;
/** Those who have stopped are known for so long still, and at most as long again, ms. */
export const knownForMs = 5000;
/** How many listeners by numbered segments one edge tells apart at once; beyond it they are not counted. */
export const maxKnownListeners = 100_000;
/** So much of a User-Agent tells listeners apart. */
const longestUserAgent = 512;

/** Who somebody is, for a Space and a day: 52 bits of a keyed hash. The same on all edges, and nothing outside of them. */
export type ListenerKey = number;

export interface AudienceOptions {
  /** What the feed told of a Space's salt; without one, listeners are told apart by one of this process. */
  readonly salt?: (space: string) => string | undefined;
  /** Milliseconds that only grow. @default performance.now */
  readonly now?: () => number;
  /** @default maxKnownListeners */
  readonly most?: number;
}

/**
 * Who listens, told apart by a keyed hash of address (an IPv6 /64 is one) and User-Agent: two with the same browser behind
 * one address are one. Of those who fetch numbered segments the hash is kept for some seconds, of others not at all; neither
 * address nor User-Agent ever is.
 */
export class Audience {
  /** Different listeners of each Space since this edge began. */
  readonly uniques = new Uniques();
  /** When each was seen last, by Space; who was seen last is last. */
  readonly #bySpace = new Map<string, Map<ListenerKey, number>>();
  readonly #ownSalt = randomBytes(16).toString("base64");
  readonly #salt: (space: string) => string | undefined;
  readonly #now: () => number;
  readonly #most: number;
  #known = 0;
  /** Those who listened lately, or are let in to: of the interval that goes on, and of the one before. */
  #lately: readonly [now: Set<ListenerKey>, before: Set<ListenerKey>] = [new Set(), new Set()];
  #latelySince = -Infinity;
  /** Fetches by listeners that were not told apart because there are too many. */
  overflow = 0;

  constructor({
    salt = () => undefined,
    now = () => performance.now(),
    most = maxKnownListeners,
  }: AudienceOptions = {}) {
    this.#salt = salt;
    this.#now = now;
    this.#most = most;
  }

  /** Who fetched numbered segments in the last seconds, all Spaces together. */
  get known(): number {
    return this.#known;
  }

  /** Costs some 5 µs (HMAC-SHA-256, RFC 2104): once for a connection and Space, not for each of its requests. */
  key(space: string, address: string, userAgent: string): ListenerKey {
    const digest = createHmac("sha256", this.#salt(space) ?? this.#ownSalt)
      .update(`${addressSubject(address)} ${userAgent.slice(0, longestUserAgent)}`)
      .digest();
    return digest.readUIntBE(0, 6) * 16 + ((digest[6] ?? 0) >> 4);
  }

  /** Somebody was given a numbered segment; to be called for each. */
  seen(space: string, key: ListenerKey): void {
    let listeners = this.#bySpace.get(space);
    if (!listeners) this.#bySpace.set(space, (listeners = new Map()));
    if (!listeners.delete(key)) {
      this.uniques.add(space, key);
      if (this.#known >= this.#most) {
        this.overflow++;
        return;
      }
      this.#known++;
    }
    listeners.set(key, this.#now());
  }

  /** Somebody began an endless response, or told by a beacon that they listen: no one's place here, but a different listener. */
  heard(space: string, key: ListenerKey): void {
    this.uniques.add(space, key);
  }

  /** Whether somebody listens by numbered segments, or did some seconds ago. */
  knows(space: string, key: ListenerKey): boolean {
    const [now, before] = this.#lately;
    return (this.#bySpace.get(space)?.has(key) ?? false) || now.has(key) || before.has(key);
  }

  /** Somebody is about to listen by numbered segments: they are known for some seconds. */
  welcome(key: ListenerKey): void {
    const [now] = this.#lately;
    if (now.size < this.#most) now.add(key);
  }

  /** How many listen by numbered segments now, by Space; forgets the others. */
  numbered(): Map<string, number> {
    const since = this.#now() - listensForMs;
    const counts = new Map<string, number>();
    if (this.#now() - this.#latelySince >= knownForMs) {
      this.#lately = [new Set(), this.#lately[0]];
      this.#latelySince = this.#now();
    }
    for (const [space, listeners] of this.#bySpace) {
      for (const [key, at] of listeners) {
        if (at >= since) break;
        listeners.delete(key);
        this.#known--;
        this.welcome(key);
      }
      if (listeners.size > 0) counts.set(space, listeners.size);
      else this.#bySpace.delete(space);
    }
    return counts;
  }
}
