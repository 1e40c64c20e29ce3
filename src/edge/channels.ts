import type { RenditionName } from "../wire/rendition.ts";
import { Channel } from "./channel.ts";
import type { FanOut } from "./fan-out.ts";
import type { SpaceEntry } from "./directory.ts";
import type { EdgeParts } from "./parts.ts";

/** All renditions that somebody wants now; the others cost nothing. */
export class Channels {
  readonly #parts: EdgeParts;
  readonly #channels = new Map<string, Channel>();
  #draining = false;

  constructor(parts: EdgeParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#channels.size;
  }

  /** Listeners on endless responses, all together. */
  get listeners(): number {
    let sum = 0;
    for (const { fanOut } of this.#channels.values()) sum += fanOut.size;
    return sum;
  }

  /** By how much those who listen to endless responses are behind at most: how long a chunk has been on its way to all of them, ms. */
  get behind(): number {
    let most = 0;
    for (const { fanOut } of this.#channels.values()) most = Math.max(most, fanOut.behind);
    return most;
  }

  /** Called whenever all of a channel's listeners have everything before a segment. */
  set onBoundary(hear: (fanOut: FanOut) => void) {
    this.#parts.onBoundary = hear;
  }

  all(): Iterable<Channel> {
    return this.#channels.values();
  }

  /** The channel of a rendition that the Space has. At most three for each Space the directory knows. */
  get(entry: SpaceEntry, rendition: RenditionName): Channel {
    const key = `${entry.state.id}/${rendition}`;
    const known = this.#channels.get(key);
    if (known) return known;
    const channel = new Channel(entry, rendition, this.#parts);
    if (this.#draining) channel.drain();
    this.#channels.set(key, channel);
    return channel;
  }

  /** Listeners on endless responses, by Space. */
  bySpace(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { entry, fanOut } of this.#channels.values())
      if (fanOut.size > 0) counts.set(entry.state.id, (counts.get(entry.state.id) ?? 0) + fanOut.size);
    return counts;
  }

  /** Answers those who waited too long, and lets go of what nobody wants. To be called about once a second. */
  sweep(now: number): void {
    this.#parts.pushMode.update(this.listeners);
    for (const [key, channel] of this.#channels) {
      channel.holds.expire(now);
      channel.readers.expire(now);
      if (!channel.wanted(now)) this.#drop(key, channel);
    }
  }

  /** Ends what belongs to a Space that is no more. */
  gone(entry: SpaceEntry): void {
    for (const [key, channel] of this.#channels) {
      if (channel.entry !== entry) continue;
      channel.over();
      this.#drop(key, channel);
    }
  }

  /** Ends every endless response at its segment's end. */
  drain(): void {
    this.#draining = true;
    for (const channel of this.#channels.values()) channel.drain();
  }

  /** Closes everything at once. */
  async end(): Promise<void> {
    for (const [key, channel] of this.#channels) {
      channel.holds.expire(Infinity);
      channel.fanOut.destroy();
      this.#channels.delete(key);
      await channel.stop();
    }
  }

  #drop(key: string, channel: Channel): void {
    this.#channels.delete(key);
    void channel.stop();
  }
}
