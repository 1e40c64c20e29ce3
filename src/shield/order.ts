import { KeyedHash } from "../sketch/keyed-hash.ts";

/** For how long somebody keeps a place in the order, ms. */
export const placeForMs = 3_600_000;

/**
 * Who goes first when not everybody can be served: drawn by lot for an hour (after priorities by user and hour in H. Zhou et al.:
 * Overload control for scaling WeChat microservices, 2018). By the luck of timing everybody would have some of his requests
 * answered and nobody all that he needs, and who asks more often would be luckier. By lot some are served whole, asking again
 * is in vain, and an hour later it is others. Behind an address from which somebody has listened it is sooner: those who play
 * before those who come.
 *
 * It is the address that draws, for who the user is, is not known here; and each has an hour of its own, so that nothing
 * changes for all at once, least of all on the hour, when everything begins.
 */
export class Order {
  readonly #hash: KeyedHash;
  readonly #behaved: (address: string) => boolean;

  /**
   * @param key at least 16 secret bytes: who knew it would choose addresses that go first
   * @param behaved whether connections of an address have behaved
   */
  constructor(key: Buffer, behaved: (address: string) => boolean = () => false) {
    this.#hash = new KeyedHash(key);
    this.#behaved = behaved;
  }

  /** The place of an address at `now` (ms since 1970): from 0 of those who have behaved, from 1 of all others; the lower first. */
  place(address: string, now: number): number {
    const begins = this.#hash.of(`${address} begins`) % placeForMs;
    const hour = Math.floor((now + begins) / placeForMs);
    const lot = this.#hash.of(`${address} ${hour}`) / 2 ** 52;
    return this.#behaved(address) ? lot : 1 + lot;
  }
}
