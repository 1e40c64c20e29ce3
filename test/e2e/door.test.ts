import { createHash } from "node:crypto";
import { createConnection } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { livePaths } from "../../src/wire/paths.ts";
import type { LineTold, Place } from "../../src/wire/tickets.ts";
import { Server } from "./server.ts";

/** Of these 23 are taken by newcomers: the rest is kept for who comes back. */
const seats = 25;
const comers = 30;

/** One who asks for the endless response, and keeps what comes. */
class Comer implements Disposable {
  head = "";
  bytes = 0;
  readonly #socket;

  constructor(url: string, path: string) {
    this.#socket = createConnection({ port: Number(new URL(url).port), host: "127.0.0.1" });
    this.#socket.on("data", (part: Buffer) => {
      if (this.bytes === 0) this.head = part.toString("latin1").split("\r\n\r\n", 1)[0] ?? "";
      this.bytes += part.length;
    });
    this.#socket.on("error", () => {});
    this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  }

  get status(): number {
    return Number(this.head.split(" ")[1]);
  }

  get seat(): string {
    return /^rostra-seat: (\S+)$/m.exec(this.head)?.[1] ?? "";
  }

  async answered(): Promise<this> {
    while (this.head === "") await sleep(10);
    return this;
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}

test("EE-55 more come than fit: those beyond have places, and are seated in order as others leave, all by HTTP", async () => {
  await using server = await Server.start({ demo: true, edges: 1, env: { ROSTRA_MAX_LISTENERS: String(seats) } });
  const { id } = await server.until("demo", (state) => state.status === "live" && state.latest !== null, 40_000);
  const stream = livePaths.stream(id, "opus-32k");
  // It knows how many it seats once it has measured itself.
  while (!/^rostra_edge_seats\{[^}]*\} [1-9]/m.test(await server.metrics())) await sleep(200);
  const json = async <T>(path: string, method = "GET"): Promise<T> =>
    (await (await fetch(server.url + path, { method })).json()) as T;
  using all = new DisposableStack();
  const come = (path: string): Promise<Comer> => all.use(new Comer(server.url, path)).answered();

  const playing: Comer[] = [];
  const waiting: string[] = [];
  for (let i = 0; i < comers; i++) {
    const comer = await come(stream);
    if (comer.status === 200) {
      playing.push(comer);
      continue;
    }
    expect(comer.head).toMatch(/^HTTP\/1\.1 503 [^]*retry-after: \d/i);
    const place = await json<Place>(livePaths.place(id), "POST");
    if (place.kind === "line") waiting.push(place.ticket);
  }
  expect(playing.length).toBeGreaterThanOrEqual(seats - 4);
  expect(playing.length).toBeLessThanOrEqual(seats);
  expect(waiting.length).toBe(comers - playing.length);
  // Who has a seat comes back with it, though nobody new is let in.
  const [first] = playing.splice(0, 1);
  first?.[Symbol.dispose]();
  const again = await come(`${stream}?seat=${first?.seat}`);
  expect(again.status).toBe(200);
  playing.push(again);

  // The order is everybody's to compute: of slots of ten seconds since it began, and in them of the lot.
  const told = await json<LineTold>(livePaths.line(id));
  const { startAt } = await server.state(id);
  const order = (ticket: string): string => {
    const bytes = Buffer.from(ticket, "base64url");
    const slot = Math.floor((bytes.readUInt32BE(10) - Math.ceil(startAt / 1000)) / 10);
    const lot = createHash("sha256")
      .update(Buffer.from(told.seed ?? "", "hex"))
      .update(bytes.subarray(14, 22));
    return `${String(slot).padStart(9, "0")} ${lot.digest("hex")}`;
  };
  const line = waiting.toSorted((a, b) => (order(a) < order(b) ? -1 : 1));

  let left = line;
  while (left.length > 0) {
    const ask = (ticket: string): Promise<Place> => json<Place>(livePaths.place(id, ticket));
    const seated: string[] = [];
    for (const ticket of left) {
      const place = await ask(ticket);
      if (place.kind === "line") continue;
      // Whoever is before them has been called as well, though they asked too early to hear it.
      for (const before of left.slice(0, left.indexOf(ticket)).filter((one) => !seated.includes(one))) {
        const now = await ask(before);
        expect(now.kind === "seat" || now.before === 0).toBe(true);
      }
      const comer = await come(`${stream}?seat=${place.seat}`);
      expect(comer.status).toBe(200);
      seated.push(ticket);
      playing.push(comer);
    }
    left = left.filter((ticket) => !seated.includes(ticket));
    // As many leave as come, so that some seats are free all the time.
    for (const leaver of playing.splice(0, Math.max(0, playing.length - seats + 6))) leaver[Symbol.dispose]();
    await sleep(100);
  }
  const before = playing.map(({ bytes }) => bytes);
  await sleep(2500);
  expect(playing.every(({ bytes }, i) => bytes > (before[i] ?? 0))).toBe(true);
  expect(await server.metrics()).toMatch(/^rostra_edge_places_total\{[^}]*\} [1-9]/m);
}, 120_000);
