import { request } from "node:http";
import { createConnection } from "node:net";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { livePaths } from "../../src/wire/paths.ts";
import { firstSound } from "../../test/e2e/first-sound.ts";

/** Whoever has neither sound nor a place in line after so long has neither, ms. */
const patienceMs = 15_000;
/** One comes in so many ms, and asks again in so many while it stands in line. */
const everyMs = 250;
const againMs = 1000;

/** What became of those who came while an attack went on. */
export interface Welcome {
  readonly came: number;
  readonly sound: number;
  /** Of those without sound, who had a place in line when patience, or the attack, was over. */
  readonly line: number;
  readonly neither: number;
  /** From the connect to the first sound, ms. */
  readonly p50: number;
  readonly p99: number;
  /** Why who had neither had neither. */
  readonly whys: readonly string[];
}

type Got =
  | { readonly kind: "sound" | "line"; readonly ms: number }
  | { readonly kind: "neither"; readonly why: string };

/** People who come one after the other, each from an address of their own, hear a chunk and go. */
export class Newcomers {
  readonly #port: number;
  readonly #space: string;
  #came = 0;

  constructor(port: number, space: string) {
    this.#port = port;
    this.#space = space;
  }

  /** They come until the signal. */
  async welcome(over: AbortSignal): Promise<Welcome> {
    const coming: Promise<Got>[] = [];
    for (; !over.aborted; await sleep(everyMs)) coming.push(this.#come(over));
    const got = await Promise.all(coming);
    const times = got.flatMap((one) => (one.kind === "sound" ? [one.ms] : [])).toSorted((a, b) => a - b);
    const at = (q: number): number => times[Math.min(times.length - 1, Math.floor(times.length * q))] ?? Number.NaN;
    const whys = got.flatMap((one) => (one.kind === "neither" ? [one.why] : []));
    const line = got.filter(({ kind }) => kind === "line").length;
    return {
      came: got.length,
      sound: times.length,
      line,
      neither: whys.length,
      p50: Math.round(at(0.5)),
      p99: Math.round(at(0.99)),
      whys: [...new Set(whys)].slice(0, 3),
    };
  }

  async #come(over: AbortSignal): Promise<Got> {
    const began = performance.now();
    const from = `127.5.${Math.floor(this.#came / 200)}.${1 + (this.#came++ % 200)}`;
    let seat = "";
    let ticket: string | undefined;
    let why = "";
    while (performance.now() - began < patienceMs && !(ticket !== undefined && over.aborted)) {
      const got = await this.#listen(from, seat, patienceMs - (performance.now() - began));
      if (got === "sound") return { kind: "sound", ms: performance.now() - began };
      why = got;
      const place = await this.#place(from, ticket);
      if (place?.kind === "seat") {
        seat = `?seat=${encodeURIComponent(place.seat)}`;
        continue;
      }
      ticket = place?.ticket ?? ticket;
      await sleep(againMs);
    }
    return ticket === undefined ? { kind: "neither", why } : { kind: "line", ms: performance.now() - began };
  }

  /** "sound" once a chunk has come, or why none did. */
  async #listen(from: string, seat: string, withinMs: number): Promise<string> {
    const socket = createConnection({ port: this.#port, host: "127.0.0.1", localAddress: from });
    const patience = setTimeout(() => socket.destroy(new Error("nothing came")), Math.max(1, withinMs));
    try {
      const path = livePaths.stream(this.#space, "opus-32k") + seat;
      await firstSound(socket, `GET ${path} HTTP/1.1\r\nHost: here\r\nUser-Agent: Mozilla/5.0 (bench)\r\n\r\n`);
      return "sound";
    } catch (thrown) {
      return thrown instanceof Error ? thrown.message : String(thrown);
    } finally {
      clearTimeout(patience);
      socket.destroy();
    }
  }

  /** A place in line, or a seat; nothing where there is no such thing. */
  #place(
    from: string,
    ticket: string | undefined,
  ): Promise<{ kind: string; seat: string; ticket: string } | undefined> {
    return new Promise((resolve) => {
      const path = ticket === undefined ? `/live/${this.#space}/place` : `/live/${this.#space}/place/${ticket}`;
      const asked = request({
        port: this.#port,
        host: "127.0.0.1",
        localAddress: from,
        path,
        method: ticket === undefined ? "POST" : "GET",
        agent: false,
        timeout: 5000,
      });
      asked.on("timeout", () => asked.destroy());
      asked.on("error", () => resolve(undefined));
      asked.on("response", (answer) => {
        buffer(answer).then(
          (bytes) => resolve(answer.statusCode === 200 ? JSON.parse(bytes.toString()) : undefined),
          () => resolve(undefined),
        );
      });
      asked.end();
    });
  }
}
