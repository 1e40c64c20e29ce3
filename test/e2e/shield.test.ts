import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Crowd } from "./crowd.ts";
import { Server } from "./server.ts";

const stream = "/live/demo/opus-32k";
const [crowded, elsewhere, bare] = ["127.0.0.2", "127.0.5.1", "127.0.4.1"];

let server: Server;
let port: number;
beforeAll(async () => {
  server = await Server.start({ demo: true, edges: 1 });
  port = Number(new URL(server.url).port);
}, 60_000);
afterAll(() => server?.[Symbol.asyncDispose]());

/** Says something on a new connection and gives what comes back until it is closed, or enough has come. */
function say(from: string, text: string, enough = Infinity): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let heard = "";
  const socket = connect({ port, host: "127.0.0.1", localAddress: from });
  socket.setTimeout(10_000, () => socket.destroy());
  socket.on("data", (bytes) => {
    heard += bytes.toString("latin1");
    if (heard.length >= enough) socket.destroy();
  });
  socket.on("error", () => {});
  socket.on("close", () => resolve(heard));
  socket.write(text);
  return promise;
}

/** Connects again and again with what is no request, until it is told to stop; counts how it is answered. */
class Attack {
  readonly answers = { bad: 0, later: 0, closed: 0 };
  #isOver = false;
  readonly #workers: Promise<void>[];

  constructor(from: string) {
    this.#workers = Array.from({ length: 40 }, () => this.#attack(from));
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#workers);
  }

  async #attack(from: string): Promise<void> {
    while (!this.#isOver) {
      const heard = await say(from, "nonsense\r\n\r\n");
      const status = heard.slice(9, 12);
      this.answers[status === "400" ? "bad" : status === "429" ? "later" : "closed"]++;
    }
  }
}

const listens = (from: string): Promise<string> =>
  say(from, `GET ${stream}/stream.mp4 HTTP/1.1\r\nHost: here\r\n\r\n`, 1000);

/** A counter's value, all processes together. */
async function counted(name: string): Promise<number> {
  const lines = (await server.metrics()).split("\n").filter((line) => line.startsWith(name));
  return lines.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}

test("EE-40 who misbehaves is told to wait and closed, and who plays, elsewhere or behind the same address, has every byte", async () => {
  const { epochMs } = await server.until("demo", ({ status, latest }) => status === "live" && latest !== null);
  const crowd = new Crowd({ urls: [server.url], path: stream, epochMs: epochMs ?? 0 });
  crowd.join(200, 1, elsewhere);
  crowd.join(50, 1, crowded);
  await expect.poll(() => counted("rostra_shield_behaved_total"), { timeout: 15_000 }).toBeGreaterThanOrEqual(250);

  const alone = new Attack(bare);
  await expect.poll(() => alone.answers.closed, { timeout: 40_000, interval: 50 }).toBeGreaterThan(100);
  // Its address is closed, and others are not.
  expect(await listens(bare)).not.toContain("200 OK");
  expect(await listens(elsewhere)).toContain("200 OK");
  expect(await listens("127.0.6.1")).toContain("200 OK");
  await alone.end();
  expect(alone.answers.later).toBeGreaterThan(0);

  const among = new Attack(crowded);
  await expect.poll(() => among.answers.later, { timeout: 40_000, interval: 50 }).toBeGreaterThan(100);
  // The address is never closed to all: who comes again as told is seated.
  let tries = 1;
  for (; !(await listens(crowded)).includes("200 OK"); tries++) await sleep(20);
  expect(tries).toBeLessThan(200);
  await among.end();
  expect(await counted("rostra_shield_spared_total")).toBeGreaterThan(0);

  const { latest } = await server.state("demo");
  await expect.poll(() => crowd.slowest, { timeout: 15_000 }).toBeGreaterThanOrEqual(((latest ?? 0) + 1) * 3);
  expect([crowd.faults, crowd.moves]).toEqual([[], 0]);
  crowd.end();
}, 150_000);
