import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { createConnection } from "node:net";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import type { LiveState } from "../../src/wire/state.ts";
import { ChunkReader } from "./boxes.ts";
import { Crowd } from "./crowd.ts";
import { firstSound } from "./first-sound.ts";

/** Whoever has heard nothing after so long is told as such. */
const patienceMs = 15_000;

/** What those who listen got since it was asked to begin. */
export interface Heard {
  /** Of those who play: whatever was missing, twice, other than what the rest got, or refused. */
  readonly faults: readonly string[];
  /** Newcomers that heard nothing, by why. */
  readonly unheard: readonly string[];
  /** Connections of those who play that ended. */
  readonly cut: number;
  /** From connect to first sound of each newcomer, ms. */
  readonly joins: readonly number[];
  /** Segments that were held against the same ones asked for by number. */
  readonly compared: number;
}

/** People who listen while something else goes on: by endless responses, and segment by segment. */
export class Bystanders {
  readonly #url: string;
  readonly #port: number;
  readonly #path: string;
  readonly #crowd: Crowd;
  readonly #end = new AbortController();
  /** By numbered listener: the segment it asks for next. */
  readonly #numbered: number[] = [];
  #joins: number[] = [];
  #faults: string[] = [];
  #unheard: string[] = [];
  #movesBefore = 0;
  #faultsBefore = 0;
  #from = 0;

  /** @param path `/live/{space}/{rendition}` */
  constructor(url: string, path: string, epochMs: number) {
    this.#url = url;
    this.#port = Number(new URL(url).port);
    this.#path = path;
    this.#crowd = new Crowd({ urls: [url], path, epochMs });
  }

  play(streams: number, numbered: number): void {
    this.#crowd.join(streams, 1);
    for (let i = 0; i < numbered; i++) void this.#playNumbered(i);
  }

  /** From now on it counts. */
  begin(): void {
    this.#joins = [];
    this.#faults = [];
    this.#unheard = [];
    this.#movesBefore = this.#crowd.moves;
    this.#faultsBefore = this.#crowd.faults.length;
    this.#from = Math.min(Math.ceil(this.#crowd.slowest / 3), ...this.#numbered);
  }

  /** Until everybody has segment `n`. */
  async reach(n: number): Promise<void> {
    const deadline = performance.now() + patienceMs;
    const isThere = (): boolean => this.#crowd.slowest > n * 3 + 2 && this.#numbered.every((next) => next > n);
    while (!isThere()) {
      if (performance.now() > deadline) {
        const faults = [...this.#crowd.faults.slice(this.#faultsBefore), ...this.#faults];
        throw new Error(
          `not everybody got segment ${n}: streams are at slot ${this.#crowd.slowest}, numbered at ${this.#numbered.join()}; ${faults.join(", ")}`,
        );
      }
      await sleep(50);
    }
  }

  /** One person after the other comes, until the signal; resolves when all have sound or have lost patience. */
  async welcome(everyMs: number, over: AbortSignal): Promise<void> {
    const coming: Promise<void>[] = [];
    for (; !over.aborted; await sleep(everyMs))
      coming.push(
        this.#join().then(
          (ms) => void this.#joins.push(ms),
          (why: unknown) => void this.#unheard.push(String(why)),
        ),
      );
    await Promise.all(coming);
  }

  /** What was heard, up to segment `n`, which everybody has; some of it is held against what is published by number. */
  async heard(n: number): Promise<Heard> {
    await this.reach(n);
    let compared = 0;
    for (let at = this.#from; at <= n; at++) {
      const streamed = [0, 1, 2].map((part) => this.#crowd.canon.get(at * 3 + part));
      const answer = await fetch(`${this.#url}${this.#path}/${at}.m4s`);
      const bytes = Buffer.from(await answer.arrayBuffer());
      const isSame = Buffer.concat(streamed.filter((part) => part !== undefined)).equals(bytes);
      if (answer.ok && isSame) compared++;
      else this.#faults.push(`segment ${at} by number is not what was streamed (${answer.status})`);
    }
    return {
      faults: [...this.#crowd.faults.slice(this.#faultsBefore), ...this.#faults],
      unheard: this.#unheard,
      cut: this.#crowd.moves - this.#movesBefore,
      joins: this.#joins,
      compared,
    };
  }

  end(): void {
    this.#end.abort();
    this.#crowd.end();
  }

  /** Comes, hears a chunk, and goes; gives how long that took from the connect, ms. */
  async #join(): Promise<number> {
    const began = performance.now();
    const socket = createConnection({ port: this.#port, host: "127.0.0.1" });
    const patience = setTimeout(() => socket.destroy(new Error(`nothing within ${patienceMs} ms`)), patienceMs);
    try {
      const chunk = await firstSound(socket, `GET ${this.#path}/stream.mp4 HTTP/1.1\r\nHost: here\r\n\r\n`);
      if (!this.#crowd.canon.agrees(chunk.slot, chunk.bytes)) throw new Error(`slot ${chunk.slot} has other bytes`);
      return performance.now() - began;
    } finally {
      clearTimeout(patience);
      socket.destroy();
    }
  }

  /** Asks for one segment after the other on a kept connection, each as soon as it has the one before. */
  async #playNumbered(i: number): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    this.#end.signal.addEventListener("abort", () => agent.destroy(), { once: true });
    const { latest } = (await (
      await fetch(this.#url + this.#path.replace(/[^/]*$/, "state.json"))
    ).json()) as LiveState;
    for (let n = latest ?? 0; !this.#end.signal.aborted; n++) {
      this.#numbered[i] = n;
      try {
        const [bytes, status] = await this.#segment(agent, n);
        if (status !== 200) throw new Error(`answered ${status}`);
        for (const chunk of new ChunkReader().push(bytes))
          if (!this.#crowd.canon.agrees(chunk.slot, chunk.bytes)) throw new Error(`slot ${chunk.slot} has other bytes`);
      } catch (thrown) {
        if (!this.#end.signal.aborted) this.#faults.push(`segment ${n} by number: ${String(thrown)}`);
      }
    }
  }

  async #segment(agent: Agent, n: number): Promise<[bytes: Buffer, status: number]> {
    const asked = request({ agent, host: "127.0.0.1", port: this.#port, path: `${this.#path}/${n}.m4s` }).end();
    const [answer] = (await once(asked, "response")) as [IncomingMessage];
    return [await buffer(answer), answer.statusCode ?? 0];
  }
}
