import type { BlockTable, Change } from "../../exports/block-table.ts";
import { changeScript, removalScript, tableScript } from "../../exports/nft-script.ts";
import { Problem, reason } from "../../foundation/errors.ts";
import type { Log } from "../../foundation/log.ts";
import type { RunScript } from "./nft.ts";

export interface FirewallOptions {
  readonly table: BlockTable;
  readonly ports: readonly number[];
  readonly run: RunScript;
  readonly log: Log;
}

/** The kernel's table and what is in it, one change after the other. */
export class Firewall {
  readonly #options: FirewallOptions;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: FirewallOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#options.table.size;
  }

  /** Makes the table, empty: what a process before left there is gone. Throws `nft-failed`. */
  begin(): Promise<void> {
    return this.#inTurn(() =>
      this.#options.run(tableScript(this.#options.ports)).catch((thrown: unknown) => {
        throw failed(thrown);
      }),
    );
  }

  /** Throws the problems of `BlockTable.add`, and `nft-failed`. */
  block(prefix: string, seconds: number): Promise<void> {
    return this.#inTurn(() => this.#apply(this.#options.table.add(prefix, seconds, performance.now())));
  }

  unblock(prefix: string): Promise<void> {
    return this.#inTurn(() => this.#apply(this.#options.table.remove(prefix, performance.now())));
  }

  /** Takes the table away with all that is in it. */
  end(): Promise<void> {
    return this.#inTurn(() => this.#options.run(removalScript));
  }

  async #apply(change: Change): Promise<void> {
    const script = changeScript(change);
    if (script === "") return;
    const { run, log } = this.#options;
    try {
      await run(script);
    } catch (thrown) {
      // Somebody may have flushed the tables: all is made anew, once.
      log.warn("nft-failed", { reason: reason(thrown) });
      await this.#makeAnew().catch((again: unknown) => {
        throw failed(again);
      });
    }
  }

  async #makeAnew(): Promise<void> {
    const { table, ports, run } = this.#options;
    const all = table.left(performance.now()).map((add) => changeScript({ remove: [], add }));
    await run(tableScript(ports) + all.join(""));
  }

  #inTurn(step: () => Promise<void>): Promise<void> {
    const done = this.#last.then(step);
    this.#last = done.catch(() => {});
    return done;
  }
}

const failed = (thrown: unknown): Problem =>
  new Problem({
    status: 500,
    code: "nft-failed",
    title: "The kernel's tables could not be changed",
    detail: `nft says: ${reason(thrown)}`,
    action: "Look whether nftables is installed and this process may use it: `nft list table inet rostra-shield`.",
  });
