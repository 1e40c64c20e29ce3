import type { PriceDue } from "../../src/wire/price.ts";
import { loadMessages, t, type Words } from "../i18n/catalogue.ts";
import { solve } from "./solver.ts";

/** The server's clock and the page's timers may differ by so much. */
const slackMs = 500;
/** After so long at work it is said how long the wait is at most. */
const saysAfterMs = 4000;

export interface PayOptions {
  readonly signal: AbortSignal;
  /** Is told what to show meanwhile, in words, twice at most: nobody wants to hear a countdown. */
  readonly say?: (words: string) => void;
}

/**
 * Pays the price of an act: works and waits at once, whichever is over first. Gives what to send with the request;
 * `undefined` when the wait is over and it can be sent as it is. Never fails: what cannot be solved here is waited for.
 */
export async function pay(price: PriceDue, { signal, say }: PayOptions): Promise<string | undefined> {
  if (signal.aborted) return undefined;
  const loaded = loadMessages(import.meta.glob<Words>("../i18n/*/price.ts")).catch(() => {});
  const words = async (what: () => string): Promise<void> => {
    await loaded;
    if (!over.signal.aborted) say?.(what());
  };
  const over = new AbortController();
  signal.addEventListener("abort", () => over.abort());
  const timers: ReturnType<typeof setTimeout>[] = [];
  const after = (ms: number): Promise<void> => new Promise((done) => timers.push(setTimeout(done, ms)));
  const sayWait = (): void => void words(() => t("price.wait", { n: price.waitSeconds }));

  void words(() => t("price.moment"));
  void after(saysAfterMs).then(sayWait);
  const worked = new Promise<string>((done) => {
    if (!price.challenge) return sayWait();
    void solve(price.challenge, over.signal).then((answer) => (answer === undefined ? sayWait() : done(answer)));
  });
  const waited = after(price.waitSeconds * 1000 + slackMs).then(() => undefined);
  const aborted = new Promise<undefined>((done) => over.signal.addEventListener("abort", () => done(undefined)));
  try {
    return await Promise.race([worked, waited, aborted]);
  } finally {
    over.abort();
    for (const timer of timers) clearTimeout(timer);
  }
}
