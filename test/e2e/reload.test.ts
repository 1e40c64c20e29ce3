import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { chromiumIsInstalled, openBrowser } from "./browser.ts";
import { Follower, Reference } from "./follower.ts";
import { Server } from "./server.ts";
import { pressListen } from "./stage-page.ts";

/** 5,000 with ROSTRA_E2E_LISTENERS=5000; fewer by default. */
const count = Number(process.env["ROSTRA_E2E_LISTENERS"] ?? 500);
/** More connections from one address make the kernel search long for a free port. */
const perAddress = 1500;
const path = "/live/demo/opus-32k/stream.mp4";
const edges = 2;

const followers: Follower[] = [];
let server: Server | undefined;
afterEach(async () => {
  for (const follower of followers.splice(0)) follower.end();
  await server?.[Symbol.asyncDispose]();
  server = undefined;
});

async function start(env: NodeJS.ProcessEnv = {}): Promise<Server> {
  server = await Server.start({ demo: true, edges, env });
  await server.until("demo", (state) => state.status === "live" && !state.hold && state.latest !== null);
  return server;
}

async function listen({ url }: Server, reference: Reference): Promise<void> {
  const port = Number(new URL(url).port);
  for (let i = 0; i < count; i++) {
    followers.push(new Follower(port, path, `127.0.0.${2 + Math.floor(i / perAddress)}`, reference));
    if (i % 50 === 49) await sleep(10);
  }
  for (const wait of followers) while (wait.latest === undefined) await sleep(20);
}

/** Replaces every edge; gives the new pids. */
async function reload(of: Server): Promise<void> {
  const before = await Promise.all([1, 2].map((k) => of.pid(`edge ${k}`)));
  process.kill(of.supervisorPid, "SIGHUP");
  while (!/"event":"reload(ed|-failed)"/.test(of.output)) await sleep(50);
  expect(of.output).toContain('"event":"reloaded"');
  const after = await Promise.all([1, 2].map((k) => of.pid(`edge ${k}`)));
  expect(after.filter((pid) => before.includes(pid))).toEqual([]);
}

const drained = (of: Server): { handedOver: number; ended: number }[] =>
  of.output
    .split("\n")
    .filter((line) => line.includes('"event":"drained"'))
    .map((line) => JSON.parse(line) as { handedOver: number; ended: number });
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** Everybody goes on for two segments more, and has had every slot from the first on. */
async function expectNobodyMissedAnything(reference: Reference): Promise<void> {
  const latest = Math.max(...followers.map((one) => one.latest ?? 0));
  for (const one of followers) while ((one.latest ?? 0) < latest + 6) await sleep(20);
  expect(followers.flatMap(({ gaps }) => gaps)).toEqual([]);
  expect(followers.flatMap(({ failures }) => failures)).toEqual([]);
  expect([...reference.different]).toEqual([]);
}

/** Short requests, each on a connection of its own, as fast as eight clients can, until told to stop. */
function storm(of: Server): () => Promise<{ answered: number; failed: string[] }> {
  const port = Number(new URL(of.url).port);
  const failed: string[] = [];
  let answered = 0;
  let isOver = false;
  const one = (): Promise<void> =>
    new Promise((done) => {
      const socket = connect({ port, host: "127.0.0.1", localAddress: "127.0.1.1" });
      let text = "";
      socket.on("data", (data: Buffer) => (text += data.toString("latin1")));
      socket.on("error", (error) => failed.push(error.message));
      socket.on("close", () => {
        if (text.startsWith("HTTP/1.1 200")) answered++;
        else failed.push(`closed after "${text.slice(0, 20)}"`);
        done();
      });
      socket.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    });
  const client = async (): Promise<void> => {
    while (!isOver) await one();
  };
  const clients = Promise.all(Array.from({ length: 8 }, client));
  return async () => {
    isOver = true;
    await clients;
    return { answered, failed };
  };
}

interface Playback {
  /** Seconds that have been played. */
  readonly at: number;
  /** What is there to be played, in pieces: more than one when something between is missing. */
  readonly pieces: number;
  /** Endless responses that are over. */
  readonly over: number;
  /** How often it had to wait for more; on a machine that stands still this says nothing of the server. */
  readonly stalls: number;
}

/** Runs in the page before anything of ours: follows what is played. */
function watchPlayback(): void {
  // oxlint-disable-next-line typescript/unbound-method -- it is called with its `this` below
  const play = HTMLMediaElement.prototype.play;
  const heard = new Set<HTMLMediaElement>();
  let stalls = 0;
  HTMLMediaElement.prototype.play = function (this: HTMLMediaElement) {
    if (!heard.has(this)) this.addEventListener("waiting", () => stalls++);
    heard.add(this);
    return play.call(this);
  };
  Object.assign(globalThis, {
    playback: () => ({
      at: Math.max(0, ...[...heard].map(({ currentTime }) => currentTime)),
      pieces: Math.max(0, ...[...heard].map(({ buffered }) => buffered.length)),
      over: performance.getEntriesByType("resource").filter(({ name }) => name.endsWith("/stream.mp4")).length,
      stalls,
    }),
  });
}

test("EE-20 every worker is replaced while they listen: nobody misses a chunk, and no connection is lost", async () => {
  const running = await start();
  const reference = new Reference();
  await listen(running, reference);
  const settled = storm(running);
  await reload(running);
  await sleep(300);
  const { answered, failed } = await settled();
  await expectNobodyMissedAnything(reference);

  const handedOver = sum(drained(running).map((one) => one.handedOver));
  const moved = followers.filter(({ connections }) => connections > 1).length;
  console.log(
    `${count} listeners, ${edges} workers replaced: ${handedOver} handed over, ${moved} came again; ` +
      `${answered} short connections meanwhile, ${failed.length} failed`,
  );
  expect(failed).toEqual([]);
  expect(answered).toBeGreaterThan(100);
  // Only who was not handed over came again; a machine that is busy with other things may make some slow.
  const ended = sum(drained(running).map((one) => one.ended));
  expect(moved).toBeLessThanOrEqual(ended);
  expect(handedOver).toBeGreaterThan(count * 0.9);
  expect(running.output.match(/"inherited":true/g)).toHaveLength(edges);
  const metrics = await running.metrics();
  expect(metrics).toMatch(/^rostra_reloads_total\{.*outcome="done"\} 1$/m);
  expect(metrics).toMatch(/^rostra_process_generation\{.*name="edge 2"\} 2$/m);
  await running.until("demo", ({ listeners }) => listeners === count, 10_000);
}, 180_000);

test("EE-20 without handing over everybody comes again, evenly, and nobody misses a chunk", async () => {
  const running = await start({ ROSTRA_HAND_OVER: "0" });
  const reference = new Reference();
  await listen(running, reference);
  await reload(running);
  await expectNobodyMissedAnything(reference);
  const moved = followers.filter(({ connections }) => connections > 1).length;
  console.log(`${count} listeners, ${edges} workers drained: ${moved} came again`);
  expect(sum(drained(running).map((one) => one.handedOver))).toBe(0);
  expect(moved).toBe(count);
}, 180_000);

test.skipIf(!chromiumIsInstalled())(
  "EE-21 a page plays through a reload: it misses nothing and asks for nothing again",
  async () => {
    const running = await start();
    const { browser } = await openBrowser();
    try {
      const page = await browser.newPage();
      await page.addInitScript(watchPlayback);
      await page.goto(`${running.url}/s/demo`);
      await pressListen(page);
      const playback = (): Promise<Playback> =>
        page.evaluate(() => (globalThis as unknown as { playback: () => Playback }).playback());
      await expect.poll(async () => (await playback()).at, { timeout: 20_000 }).toBeGreaterThan(1);
      const before = await playback();
      await reload(running);
      await sleep(3000);
      const after = await playback();
      console.log(`played ${(after.at - before.at).toFixed(1)} s, waited ${after.stalls - before.stalls} times`);
      expect(after.at).toBeGreaterThan(before.at + 3);
      expect(after.pieces).toBe(1);
      expect(after.over).toBe(0);
      expect(await page.locator(".waiting").isVisible()).toBe(false);
      expect(sum(drained(running).map((one) => one.handedOver))).toBeGreaterThan(0);
    } finally {
      await browser.close();
    }
  },
  90_000,
);
