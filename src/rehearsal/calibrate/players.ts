import { reason } from "../../foundation/errors.ts";
import type { SwarmOrder, SwarmSecond } from "../swarm/contract.ts";
import { runSwarm } from "../swarm/swarm.ts";

/** Real people of the swarm (`../swarm/`) who come as an order says, and stay until they are let go. */
export class Players {
  readonly #stop = new AbortController();
  readonly #ended: Promise<unknown>;
  #latest: SwarmSecond | undefined;
  #failed: string | undefined;

  constructor(order: SwarmOrder) {
    this.#ended = runSwarm(order, (second) => (this.#latest = second), this.#stop.signal).catch((thrown: unknown) => {
      this.#failed = reason(thrown);
    });
  }

  /** Who played when it was last told, each second. */
  get size(): number {
    if (this.#failed !== undefined) throw new Error(this.#failed);
    return this.#latest?.playing ?? 0;
  }

  /** Attempts that failed, and sound that was cut or missing. */
  get lost(): number {
    if (!this.#latest) return 0;
    const { refusedConnects, refused, timeouts, cut, gaps, heldBack } = this.#latest;
    const answers = Object.values(refused).reduce((sum, count) => sum + count, 0);
    return refusedConnects + answers + timeouts + cut + gaps + heldBack;
  }

  async end(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }
}
