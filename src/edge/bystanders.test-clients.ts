import http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { livePaths } from "../wire/paths.ts";
import { get, type Listener, type TestEdge, until } from "./edge.test-server.ts";
import { initOf } from "./origin.test-server.ts";

const rendition = "opus-32k";
const [space, first] = ["a", 9];

/** The edge that they are at, in whichever process. */
export type Played = Pick<TestEdge, "port" | "origin" | "stream">;

/**
 * Two who play while others misbehave, one on an endless response and one segment by segment, and the Space that goes on
 * for them. The Space `a` has to be open, with segment 10 as the next.
 */
export class Bystanders implements AsyncDisposable {
  readonly #edge: Played;
  readonly #stream: Listener;
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  readonly #segments: Buffer[] = [];
  readonly #going: Promise<unknown>;
  #over = false;
  #polled = false;

  constructor(edge: Played, chunkEveryMs = 25) {
    this.#edge = edge;
    this.#stream = edge.stream(livePaths.stream(space, rendition));
    this.#going = Promise.all([this.#publish(chunkEveryMs), this.#poll()]);
    this.#going.catch(() => {});
  }

  /** Waits until both have `segments` more than now, and looks that each has every byte in order. */
  async haveAll(segments = 3): Promise<void> {
    const last = first + this.#segments.length + segments;
    await Promise.race([until(() => this.#has(last), `segment ${last} for those who play`), this.#going]);
    const { origin } = this.#edge;
    const all = Array.from({ length: last - first + 1 }, (_, i) => origin.segment(space, rendition, first + i));
    const wanted = Buffer.concat([initOf(rendition), ...all]);
    expect(this.#stream.body.subarray(0, wanted.length).equals(wanted)).toBe(true);
    for (const [i, segment] of all.entries())
      expect([first + i, this.#segments[i]?.equals(segment)]).toEqual([first + i, true]);
    expect(this.#stream.closed).toBe(false);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over = true;
    await this.#going;
    this.#agent.destroy();
    this.#stream.socket.destroy();
  }

  #has(last: number): boolean {
    const { length } = this.#edge.origin.segment(space, rendition, first);
    return this.#segments.length > last - first && this.#stream.body.length > (last - first + 1) * length;
  }

  async #publish(everyMs: number): Promise<void> {
    await until(() => this.#stream.bytes > 0 && this.#segments.length > 0, "the first bytes for those who play");
    // The one who polls waits for a segment more.
    while (!this.#polled) {
      this.#edge.origin.publishChunk(space);
      await sleep(everyMs);
    }
  }

  async #poll(): Promise<void> {
    try {
      for (let n = first; !this.#over; n++) {
        const path = livePaths.segment(space, rendition, n);
        const { status, body } = await get({ host: "127.0.0.1", port: this.#edge.port, path, agent: this.#agent });
        expect([n, status]).toEqual([n, 200]);
        this.#segments.push(body);
      }
    } finally {
      this.#polled = true;
    }
  }
}
