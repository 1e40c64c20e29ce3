import { cpus } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { busySeconds, cpuOf } from "./proc.ts";

/** From this share of the processors on, what others do disturbs what is measured. */
const mostOthers = 0.1;
const lookMs = 1000;

/** How much of the machine's processors others take while something is measured. */
export class Busyness {
  /** What is to be said when others take much of it already. */
  warning: string | undefined;
  #own: readonly number[] = [];
  #at = 0;
  #busy = 0;
  #mine = 0;

  /** Looks for a second how busy the machine is before anything begins. */
  async look(signal?: AbortSignal): Promise<void> {
    this.begin([process.pid]);
    await sleep(lookMs, undefined, signal && { signal });
    this.warning = this.end().warning;
  }

  /** Counts from now on what is not these processes. */
  begin(own: readonly number[]): void {
    this.#own = own;
    this.#at = performance.now();
    this.#busy = busySeconds();
    this.#mine = this.#used();
  }

  end(): { readonly share: number; readonly said: string; readonly warning: string | undefined } {
    const seconds = (performance.now() - this.#at) / 1000;
    const others = busySeconds() - this.#busy - (this.#used() - this.#mine);
    const share = Math.max(0, Math.min(1, others / seconds / cpus().length));
    const said = `others took ${Math.round(share * 100)} % of the processors meanwhile`;
    return {
      share,
      said,
      warning:
        share > mostOthers
          ? `The machine is busy: ${said}. What is measured now is higher and wider than it is.`
          : undefined,
    };
  }

  #used(): number {
    return this.#own.reduce((sum, pid) => sum + (cpuOf(pid) || 0), 0);
  }
}
