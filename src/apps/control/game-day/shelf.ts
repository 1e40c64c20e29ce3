import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errno } from "../../../foundation/errors.ts";
import type { Audience, ReportFact, TickFact } from "../../../rehearsal/game-day/facts.ts";
import type { Store } from "../../../store/store.ts";
import type { RunCheckName, RunVerdict } from "../../../wire/run-sheet.ts";

/** What is kept of a Space's game day, besides what the system's facts say when they are asked. */
export interface GameDayMemory {
  readonly audience: Audience | null;
  readonly plan: KeptPlan | null;
  readonly report: KeptReport | null;
  readonly ticks: Readonly<Partial<Record<RunCheckName, TickFact>>>;
  /** How many invites were made. */
  readonly invites: number;
}

/** A plan that was made, or why it could not be. */
export type KeptPlan =
  | {
      readonly kind: "there";
      readonly verdict: RunVerdict;
      readonly edges: number | null;
      readonly edgesWithSpare: number | null;
      readonly at: number;
    }
  | { readonly kind: "failed"; readonly why: string };

export interface KeptReport extends ReportFact {
  readonly title: string;
}

const nothing: GameDayMemory = { audience: null, plan: null, report: null, ticks: {}, invites: 0 };
const keyOf = (space: string): string => `run-sheet.${space}`;
/** What has a file of its own: the whole records. */
export type RecordName = "plan" | "report";

/** The memory of each Space's run sheet: a setting of the store, and the whole records as files beside it. */
export class GameDayShelf {
  readonly #store: Store;
  readonly #folder: string;
  /** One change of a Space's memory after the other. */
  readonly #turns = new Map<string, Promise<unknown>>();

  /** @param data the data folder; records are in `rehearsals/` of it */
  constructor(store: Store, data: string) {
    this.#store = store;
    this.#folder = join(data, "rehearsals");
  }

  async get(space: string): Promise<GameDayMemory> {
    const kept = (await this.#store.settings.get(keyOf(space))) as Partial<GameDayMemory> | undefined;
    return { ...nothing, ...kept };
  }

  change(space: string, change: (memory: GameDayMemory) => Partial<GameDayMemory>): Promise<void> {
    const run = async (): Promise<void> => {
      const memory = await this.get(space);
      await this.#store.settings.set(keyOf(space), { ...memory, ...change(memory) });
    };
    const turn = (this.#turns.get(space) ?? Promise.resolve()).then(run, run);
    this.#turns.set(space, turn);
    const done = (): void => void (this.#turns.get(space) === turn && this.#turns.delete(space));
    turn.then(done, done);
    return turn;
  }

  /** Replaces a record whole. */
  async write(space: string, name: RecordName, text: string): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const path = this.#path(space, name);
    await writeFile(`${path}.new`, text, { mode: 0o600 });
    await rename(`${path}.new`, path);
  }

  /** A record as it was written; `undefined` when there is none. */
  async read(space: string, name: RecordName): Promise<string | undefined> {
    try {
      return await readFile(this.#path(space, name), "utf8");
    } catch (failure) {
      if (errno(failure) === "ENOENT") return undefined;
      throw failure;
    }
  }

  async remove(space: string, name: RecordName): Promise<void> {
    await rm(this.#path(space, name), { force: true });
  }

  #path(space: string, name: RecordName): string {
    return join(this.#folder, `${space}.${name}.json`);
  }
}
