import type { PriceDue } from "../../src/wire/price.ts";
import { type Readable, Store } from "../stage/store.ts";

/** Prices that are paid for one hand before it is left down: each may have changed while the last was paid. */
const maxRounds = 5;

export interface Refusal {
  readonly code: string;
  readonly price?: PriceDue;
}

/** Pays for a hand that the room refused because hands have a price just now; what pays is loaded with the first price. */
export class HandPayer {
  readonly #send: (price: string | undefined) => void;
  readonly #load: () => Promise<typeof import("./pay.ts")>;
  readonly #words = new Store<string>("");
  #paying: AbortController | undefined;
  #rounds = 0;

  /** @param send raises the hand again, with what was paid */
  constructor(
    send: (price: string | undefined) => void,
    load: () => Promise<typeof import("./pay.ts")> = () => import("./pay.ts"),
  ) {
    this.#send = send;
    this.#load = load;
  }

  /** What to show while it is paid; empty when there is nothing to say. */
  get words(): Readable<string> {
    return this.#words;
  }

  /** The person raises their hand, or lowers it: a price that is being paid is paid no further. */
  begin(): void {
    this.cancel();
    this.#rounds = 0;
  }

  /** Takes a refusal that is about the price; false when it is about something else, or it was paid often enough. */
  refused({ code, price }: Refusal): boolean {
    if (code !== "price-due" && code !== "price-refused") return false;
    this.cancel();
    if (this.#rounds++ >= maxRounds) return false;
    void this.#pay(price);
    return true;
  }

  /** Safe to call twice. */
  cancel(): void {
    this.#paying?.abort();
    this.#paying = undefined;
    this.#words.set("");
  }

  async #pay(price: PriceDue | undefined): Promise<void> {
    if (!price) return this.#send(undefined);
    const paying = new AbortController();
    const { signal } = paying;
    this.#paying = paying;
    const say = (words: string): void => {
      if (!signal.aborted) this.#words.set(words);
    };
    const answer = await this.#load().then(
      ({ pay }) => pay(price, { signal, say }),
      // Offline, or an older page than the server's files: waiting needs neither.
      () => new Promise<undefined>((done) => setTimeout(() => done(undefined), price.waitSeconds * 1000)),
    );
    if (signal.aborted) return;
    this.cancel();
    this.#send(answer);
  }
}
