import { randomBytes } from "node:crypto";
import type { LineFacts } from "../wire/tickets.ts";
import type { KeptLine, LineReport } from "../wire/timelines.ts";
import { Line } from "./line.ts";

/** How many lines are kept at once; a Space above it has none that edges share, and theirs are their own. */
export const maxLines = 50_000;

/** Where lines are kept, so that a restarted origin goes on with the same order. */
export interface LineShelf {
  load(): Promise<KeptLine[]>;
  save(kept: KeptLine): Promise<void>;
  remove(id: string): Promise<void>;
}

interface Open {
  readonly line: Line;
  /** What was told last, to tell it again only when it has changed. */
  told: string;
  /** That nothing can have changed. */
  isQuiet: boolean;
  /** What was kept last. */
  kept: string;
}

export interface LinesOptions {
  readonly shelf: LineShelf;
  /** ms since 1970. */
  readonly now: () => number;
  readonly onTrouble: (space: string, why: unknown) => void;
}

/** The lines of all Spaces, as all edges together make them: summed, called and kept here. */
export class Lines {
  readonly #options: LinesOptions;
  readonly #open = new Map<string, Open>();
  readonly #kept: Map<string, KeptLine>;
  /** One write after the other. */
  #writing: Promise<void> = Promise.resolve();

  private constructor(options: LinesOptions, kept: readonly KeptLine[]) {
    this.#options = options;
    this.#kept = new Map(kept.map((one) => [one.id, one]));
  }

  static async load(options: LinesOptions): Promise<Lines> {
    return new Lines(options, await options.shelf.load());
  }

  /** A Space is open, or is to begin at another time: its line has a seed, kept before anybody stands in it. */
  open(space: string, startAt: number): void {
    const hour = Math.ceil(startAt / 1000);
    const open = this.#open.get(space);
    if (open) {
      open.isQuiet = false;
      return open.line.reschedule(hour, this.#seconds());
    }
    if (this.#open.size >= maxLines) return;
    const kept = this.#kept.get(space);
    this.#kept.delete(space);
    const line = kept ? new Line(kept) : Line.begin(hour, randomBytes(32).toString("hex"));
    this.#open.set(space, { line, told: "", isQuiet: false, kept: "" });
    this.#keep(space);
  }

  close(space: string): void {
    const isKnown = this.#open.delete(space);
    if (!this.#kept.delete(space) && !isKnown) return;
    this.#write(space, () => this.#options.shelf.remove(space));
  }

  /** What an edge has done at its doors. */
  report(report: Readonly<Record<string, LineReport>>): void {
    const now = this.#seconds();
    for (const [space, { places, seated }] of Object.entries(report)) {
      const open = this.#open.get(space);
      if (!open) continue;
      open.isQuiet = false;
      for (const [slot, count] of places) open.line.add(slot, count, now);
      open.line.seated(seated, now);
    }
  }

  /** Calls who is next, by how many all edges can seat, and says of which Spaces there is news. To be called each second. */
  call(seats: number): string[] {
    const now = this.#seconds();
    const lively = [...this.#open].filter(([, { isQuiet }]) => !isQuiet);
    const waiting = lively.flatMap(([, { line }]) => (line.waiting > 0 ? [line] : []));
    // What a short line does not need goes to the longer ones.
    waiting.sort((a, b) => a.waiting - b.waiting);
    let left = seats;
    for (const [i, line] of waiting.entries()) {
      const share = left / (waiting.length - i);
      left -= Math.min(share, line.waiting);
      line.call(share, now);
    }
    return lively.flatMap(([space, open]) => {
      const facts = open.line.facts(now);
      const { seed, buckets, calledLastMinute, seatedLastMinute } = facts;
      open.isQuiet = seed !== null && buckets.length + calledLastMinute + seatedLastMinute === 0;
      const text = JSON.stringify(facts);
      if (text === open.told) return [];
      open.told = text;
      return [space];
    });
  }

  facts(space: string): LineFacts | undefined {
    return this.#open.get(space)?.line.facts(this.#seconds());
  }

  /** How many wait, all Spaces together. */
  get waiting(): number {
    let sum = 0;
    for (const { line } of this.#open.values()) sum += line.waiting;
    return sum;
  }

  /** Keeps what has changed; resolves when it is written, or could not be. */
  keep(): Promise<void> {
    for (const space of this.#open.keys()) this.#keep(space);
    return this.#writing;
  }

  #keep(space: string): void {
    const open = this.#open.get(space);
    if (!open) return;
    const { seed, ...record } = open.line.record();
    if (seed === null) return;
    const kept: KeptLine = { v: 1, id: space, seed, ...record };
    const text = JSON.stringify(kept);
    if (text === open.kept) return;
    open.kept = text;
    this.#write(space, () => this.#options.shelf.save(kept));
  }

  #write(space: string, run: () => Promise<void>): void {
    this.#writing = this.#writing.then(run).catch((why: unknown) => this.#options.onTrouble(space, why));
  }

  #seconds(): number {
    return this.#options.now() / 1000;
  }
}
