import { Problem } from "../foundation/errors.ts";
import type { AllowList } from "./allow-list.ts";
import { contains, parsePrefix, type Prefix, widest } from "./prefix.ts";
import { mostSeconds } from "./recommendations.ts";

/** How many entries a table takes. */
export const maxEntries = 1024;

export interface BlockTableOptions {
  readonly allowList: AllowList;
  /** The longest that is taken; never above `mostSeconds`. @default mostSeconds */
  readonly maxSeconds?: number | undefined;
  /** @default maxEntries */
  readonly maxEntries?: number | undefined;
}

/** What must become of the kernel's sets. */
export interface Change {
  readonly remove: readonly Prefix[];
  readonly add: { readonly prefix: Prefix; readonly seconds: number } | undefined;
}

/** What is blocked, as whoever has the privilege to do it keeps it: nothing wide, nothing allowed, nothing for long, not many. */
export class BlockTable {
  readonly #options: BlockTableOptions;
  readonly #maxSeconds: number;
  readonly #maxEntries: number;
  readonly #entries = new Map<string, { readonly prefix: Prefix; readonly until: number }>();

  constructor(options: BlockTableOptions) {
    this.#options = options;
    this.#maxSeconds = Math.min(mostSeconds, options.maxSeconds ?? mostSeconds);
    this.#maxEntries = options.maxEntries ?? maxEntries;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** What is blocked at a time, with how many seconds are left of each. */
  left(now: number): { readonly prefix: Prefix; readonly seconds: number }[] {
    this.#forget(now);
    return [...this.#entries.values()].map(({ prefix, until }) => ({
      prefix,
      seconds: Math.ceil((until - now) / 1000),
    }));
  }

  /**
   * Blocks for some time from `now` on (monotonic ms). What is blocked already for as long, alone or in something wider, stays as it is; what is
   * in it is part of it from now on. Problems: `bad-block`, `block-not-allowed`, `too-many-blocks`.
   */
  add(text: string, seconds: number, now: number): Change {
    const prefix = readPrefix(text);
    if (!Number.isInteger(seconds) || seconds < 1 || seconds > this.#maxSeconds)
      throw badBlock(`${seconds} seconds, and 1 to ${this.#maxSeconds} are taken`);
    if (prefix.length < widest[prefix.family])
      throw notAllowed(`${prefix.text} is wider than a /${widest[prefix.family]}.`);
    const touched = this.#options.allowList.touchedBy(prefix, now);
    if (touched) throw notAllowed(`${prefix.text} touches ${touched.text}, which is allowed.`);
    this.#forget(now);
    const until = now + seconds * 1000;
    const all = [...this.#entries.values()];
    const isCovered = all.some(
      (one) => contains(one.prefix, prefix) && (one.prefix.text !== prefix.text || one.until >= until),
    );
    if (isCovered) return { remove: [], add: undefined };
    const inside = all.filter((one) => contains(prefix, one.prefix)).map((one) => one.prefix);
    if (this.#entries.size - inside.length >= this.#maxEntries) throw tooMany(this.#maxEntries);
    for (const one of inside) this.#entries.delete(one.text);
    this.#entries.set(prefix.text, { prefix, until });
    return { remove: inside, add: { prefix, seconds } };
  }

  /** Lets go of something. What is not blocked needs no change. Problem: `bad-block`. */
  remove(text: string, now: number): Change {
    const prefix = readPrefix(text);
    this.#forget(now);
    return { remove: this.#entries.delete(prefix.text) ? [prefix] : [], add: undefined };
  }

  #forget(now: number): void {
    for (const [text, { until }] of this.#entries) if (until <= now) this.#entries.delete(text);
  }
}

function readPrefix(text: string): Prefix {
  const prefix = parsePrefix(text);
  if (!prefix) throw badBlock(`${JSON.stringify(text.slice(0, 64))} is no address and no prefix`);
  return prefix;
}

const badBlock = (what: string): Problem =>
  new Problem({
    status: 400,
    code: "bad-block",
    title: "The request to block something cannot be read",
    detail: `It says ${what}.`,
    action: 'Send one line such as {"do":"add","prefix":"192.0.2.7/32","seconds":60}.',
  });

const notAllowed = (detail: string): Problem =>
  new Problem({
    status: 403,
    code: "block-not-allowed",
    title: "This is never blocked",
    detail,
    action: "Nothing wider than /24 or /48 is blocked, and nothing that the allow list touches.",
  });

const tooMany = (most: number): Problem =>
  new Problem({
    status: 503,
    code: "too-many-blocks",
    title: "Too much is blocked already",
    detail: `There are ${most} entries, which is the most.`,
    action: "Wait until some are over; each is, within ten minutes.",
  });
