import { errno, reason } from "../foundation/errors.ts";
import type { Log } from "../foundation/log.ts";
import type { Counter, Histogram } from "../foundation/meter.ts";
import type { Archive, ArchivedChunk } from "./archive.ts";

/**
 * A disk that has not answered for so long is passed over: the live goes on. What comes while a write does not end is not
 * stored; while a sync does not end, what is written is stored, but nobody is told that it is there for good.
 */
export const slowDiskMs = 500;
/** After a failed write, so long until the next attempt. */
export const archiveRetryMs = 2_000;

export type JournalState =
  | { readonly kind: "good" }
  /** The last write failed, or the disk does not answer. Chunks are published but not stored; it tries again. */
  | { readonly kind: "failing"; readonly why: string; readonly since: number }
  /** A sync failed, so nobody knows what is on the disk: nothing is called stored until the process starts anew. */
  | { readonly kind: "broken"; readonly why: string };

export interface JournalOptions {
  /** `undefined` when it could not be opened: then nothing is ever stored. */
  readonly archive: Archive | undefined;
  readonly log: Log;
  readonly failures: Counter;
  readonly syncSeconds: Histogram;
  /** @default slowDiskMs */
  readonly slowMs?: number;
  /** @default archiveRetryMs */
  readonly retryMs?: number;
  /** Milliseconds that only grow. @default performance.now */
  readonly monotonic?: () => number;
  readonly onState?: (state: JournalState) => void;
}

interface Entry {
  readonly chunk: ArchivedChunk;
  readonly done: (stored: boolean) => void;
}

/**
 * Writes before publication, in order, and never holds the live up for long: chunks that come while a write is under way
 * go together into the next one; when the disk is full, broken or slow, they are let through unstored.
 */
export class Journal {
  readonly #options: JournalOptions;
  readonly #now: () => number;
  #state: JournalState;
  #queue: Entry[] = [];
  #writing: Promise<void> | undefined;
  #stuck = false;
  #syncing: Promise<boolean> | undefined;
  #nextSync: Promise<boolean> | undefined;
  #syncIsSlow = false;

  constructor(options: JournalOptions) {
    this.#options = options;
    this.#now = options.monotonic ?? (() => performance.now());
    this.#state = options.archive ? { kind: "good" } : { kind: "broken", why: "the archive could not be opened" };
  }

  get state(): JournalState {
    return this.#state;
  }

  /** Stores the chunk, then calls `done` with whether it is stored; calls come in the order of the pushes. */
  push(chunk: ArchivedChunk, done: (stored: boolean) => void): void {
    // While a write is under way everything queues behind it, so that the order holds.
    if (this.#writing || this.#mayWrite()) {
      this.#queue.push({ chunk, done });
      this.#writing ??= this.#write();
    } else done(false);
  }

  /** Makes all that is stored outlive a loss of power; false when that cannot be said. Many calls share one sync. */
  sync(): Promise<boolean> {
    const { slowMs = slowDiskMs } = this.#options;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const slow = setTimeout(() => {
      this.#options.failures.add();
      if (!this.#syncIsSlow) this.#options.log.warn("archive-sync-slow", { ms: slowMs });
      this.#syncIsSlow = true;
      resolve(false);
    }, slowMs);
    void this.#synced().then((good) => {
      clearTimeout(slow);
      this.#syncIsSlow = false;
      resolve(good);
    });
    return promise;
  }

  /** However long it takes. */
  #synced(): Promise<boolean> {
    if (!this.#syncing) return this.#startSync();
    // One under way may have begun before the caller's write, so this call needs the one after it.
    this.#nextSync ??= this.#syncing.then(() => {
      this.#nextSync = undefined;
      return this.#startSync();
    });
    return this.#nextSync;
  }

  /** When nothing is under way any more. */
  async settled(): Promise<void> {
    while (this.#writing || this.#syncing || this.#nextSync) {
      await this.#writing;
      await (this.#nextSync ?? this.#syncing);
    }
  }

  async close(): Promise<void> {
    await this.settled();
    await this.#options.archive?.close();
  }

  #mayWrite(): boolean {
    if (this.#stuck || this.#state.kind === "broken") return false;
    return this.#state.kind === "good" || this.#now() - this.#state.since >= (this.#options.retryMs ?? archiveRetryMs);
  }

  async #write(): Promise<void> {
    while (this.#queue.length > 0) {
      const entries = this.#queue.splice(0);
      const stored = await this.#append(entries.map((entry) => entry.chunk));
      for (const entry of entries) entry.done(stored);
    }
    this.#writing = undefined;
  }

  async #append(chunks: readonly ArchivedChunk[]): Promise<boolean> {
    const { archive, slowMs = slowDiskMs } = this.#options;
    if (!archive || !this.#mayWrite()) return false;
    const { promise: slow, resolve: giveUp } = Promise.withResolvers<"slow">();
    const timer = setTimeout(() => giveUp("slow"), slowMs);
    const written = archive.append(chunks).then(
      () => "written" as const,
      (failure: unknown) => ({ failure }),
    );
    const outcome = await Promise.race([written, slow]);
    clearTimeout(timer);
    if (outcome === "written") {
      if (this.#state.kind === "failing") this.#become({ kind: "good" });
      return true;
    }
    if (outcome === "slow") {
      this.#stuck = true;
      void written.then(() => {
        this.#stuck = false;
      });
      this.#fail(`the disk has not answered for ${slowMs} ms`);
    } else this.#fail(`${errno(outcome.failure) ?? ""} ${reason(outcome.failure)}`.trim());
    return false;
  }

  #startSync(): Promise<boolean> {
    this.#syncing = this.#sync().finally(() => {
      this.#syncing = undefined;
    });
    return this.#syncing;
  }

  async #sync(): Promise<boolean> {
    const { archive, syncSeconds } = this.#options;
    if (!archive || this.#state.kind === "broken") return false;
    const began = this.#now();
    try {
      await archive.sync();
      syncSeconds.observe((this.#now() - began) / 1000);
      return true;
    } catch (failure) {
      this.#options.failures.add();
      this.#become({ kind: "broken", why: `${errno(failure) ?? ""} ${reason(failure)}`.trim() });
      return false;
    }
  }

  #fail(why: string): void {
    this.#options.failures.add();
    this.#become({ kind: "failing", why, since: this.#now() });
  }

  #become(state: JournalState): void {
    const before = this.#state.kind;
    this.#state = state;
    if (before === state.kind) return;
    if (state.kind === "good") this.#options.log.info("archive-recovered");
    else this.#options.log.error("archive-failed", { state: state.kind, why: state.why });
    this.#options.onState?.(state);
  }
}
