import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Channel } from "./channel.ts";
import type { Channels } from "./channels.ts";
import type { Directory } from "./directory.ts";
import type { Position } from "./fan-out.ts";
import type { ChannelName } from "./hand-over.ts";

/** For how long an edge may take to have a rendition at hand that it is to take over, ms: a few segments. */
const preparedWithinMs = 4000;
const lookMs = 20;

export interface AdoptionOptions {
  readonly directory: Directory;
  readonly channels: Channels;
  readonly counts: { adopted: number };
}

/** The other side of `hand-over.ts`: an edge takes the listeners of the one whose place it has. */
export class Adoption {
  readonly #options: AdoptionOptions;
  #open = 0;

  constructor(options: AdoptionOptions) {
    this.#options = options;
  }

  /** How many of those who were taken over are connected still: no server of this process counts them. */
  get open(): number {
    return this.#open;
  }

  /** Begins to pull renditions whose listeners will come; resolves with whether each is at hand. */
  prepare(names: readonly ChannelName[]): Promise<boolean[]> {
    return Promise.all(names.map((name) => this.#prepared(name)));
  }

  /** Takes a listener whose stream goes on at a position. A Space that is no more ends it. */
  adopt(name: ChannelName, at: Position, socket: Socket): void {
    const channel = this.#channel(name);
    if (!channel) return void socket.destroy();
    this.#options.counts.adopted++;
    this.#open++;
    socket.once("close", this.#left);
    channel.adopt(socket, at);
  }

  readonly #left = (): void => void this.#open--;

  #channel({ space, rendition }: ChannelName): Channel | undefined {
    const entry = this.#options.directory.find(space);
    if (!entry || entry.over || entry.init(rendition) === undefined) return undefined;
    return this.#options.channels.get(entry, rendition);
  }

  async #prepared(name: ChannelName): Promise<boolean> {
    const until = performance.now() + preparedWithinMs;
    while (performance.now() < until) {
      const channel = this.#channel(name);
      if (!channel) return false;
      channel.touch();
      if (channel.window.latest !== null) return true;
      await sleep(lookMs);
    }
    return false;
  }
}
