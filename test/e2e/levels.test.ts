import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseChunk } from "../../src/cmaf/parse.ts";
import { Link } from "../../src/foundation/link.ts";
import type { SpaceLevel } from "../../src/wire/api.ts";
import type { WholeLevelTold } from "../../src/wire/timelines.ts";
import { ChunkReader } from "./boxes.ts";
import { Crowd } from "./crowd.ts";
import { StreamListener } from "./listener.ts";
import { Server } from "./server.ts";

const stream = "/live/demo/opus-32k";
const seats = 60;
/** A second that a machine stalls for must not fail this; nothing here is measured in time. */
const patience = { timeout: 45_000, interval: 250 };

let server: Server;
let origin: Link;
beforeAll(async () => {
  server = await Server.start({ demo: true, edges: 1, env: { ROSTRA_MAX_LISTENERS: String(seats) } });
  origin = new Link(join(server.data, "run", "origin.sock"));
}, 60_000);
afterAll(async () => {
  origin?.close();
  await server?.[Symbol.asyncDispose]();
});

/** The levels that the timeline told in the segments there are, in order; asked of the origin, since a full edge gives newcomers none. */
async function toldLevels(): Promise<number[]> {
  const { first, latest } = await server.state("demo");
  const levels: number[] = [];
  for (let n = first ?? 0; n <= (latest ?? -1); n++) {
    const { status, body } = await origin.request({ path: `${stream}/${n}.m4s` });
    if (status !== 200) continue;
    for (const { bytes } of new ChunkReader().push(Buffer.from(body)))
      for (const event of parseChunk(bytes).events) if (event.t === "level") levels.push(event.level);
  }
  return levels;
}

/** Each level that the edge's evidence has, with its cause. */
async function levelsWritten(): Promise<string[]> {
  const folder = join(server.data, "evidence", "edge-1");
  const texts = await Promise.all((await readdir(folder)).map((file) => readFile(join(folder, file), "utf8")));
  const found = texts.flatMap((text) => [...text.matchAll(/"t":"level","level":(\d),"cause":"([a-z-]+)"/g)]);
  return found.map(([, level, cause]) => `${level} ${cause}`);
}

const levelOf = async (): Promise<number> => (await server.state("demo")).level;
const whole = (): Promise<WholeLevelTold> => origin.json<WholeLevelTold>({ path: "/level" });
const gauge = async (process: string): Promise<number> =>
  Number(
    new RegExp(`^rostra_service_level\\{process="${process}",cause="connections"\\} (\\d)`, "m").exec(
      await server.metrics(),
    )?.[1],
  );

test("EE-50 three times as many as there are seats come: it is told at level 3, who plays misses nothing, and it is open again when they have left", async () => {
  const { epochMs } = await server.until("demo", ({ status, latest }) => status === "live" && latest !== null);
  const seated = new Crowd({ urls: [server.url], path: stream, epochMs: epochMs ?? 0 });
  seated.join(seats / 2, 1);
  await server.until("demo", ({ listeners }) => listeners >= seats / 2);
  await expect.poll(levelOf, patience).toBe(0);

  const others = Array.from(
    { length: 2.5 * seats },
    (_, i) => new StreamListener(server.url, `${stream}/stream.mp4`, `127.0.0.${3 + (i % 5)}`),
  );
  await expect.poll(levelOf, patience).toBeGreaterThanOrEqual(3);
  await expect.poll(async () => (await whole()).level, patience).toBeGreaterThanOrEqual(3);
  expect(await whole()).toMatchObject({ cause: "connections" });
  await expect.poll(async () => (await toldLevels()).at(-1), patience).toBeGreaterThanOrEqual(3);
  expect(await gauge("edge 1")).toBeGreaterThanOrEqual(3);
  expect(await gauge("origin")).toBeGreaterThanOrEqual(3);
  // Each plays, or was told to wait; nobody is cut off, and there are no more than there are seats.
  await expect
    .poll(() => others.filter(({ bytes, error }) => bytes === 0 && error === undefined).length, patience)
    .toBe(0);
  const refused = others.flatMap(({ error }) => (error === undefined ? [] : [error]));
  expect(refused.filter((error) => !error.includes(" 503 "))).toEqual([]);
  expect(refused.length).toBeGreaterThanOrEqual(2 * seats);

  for (const one of others) one.end();
  await expect.poll(levelOf, patience).toBe(0);
  await expect.poll(async () => (await toldLevels()).at(-1), patience).toBe(0);
  expect(await whole()).toMatchObject({ level: 0, cause: "calm", edges: [1, 0, 0, 0, 0] });
  // Each change is written down with its cause: in the log, and in the edge's evidence.
  expect(server.output).toContain('"event":"service-level"');
  await expect.poll(async () => (await levelsWritten()).at(-1), patience).toBe("0 calm");
  expect(await levelsWritten()).toContain("3 connections");
  const { latest } = await server.state("demo");
  await expect.poll(() => seated.slowest, patience).toBeGreaterThanOrEqual((latest ?? 0) * 3);
  expect([seated.faults, seated.moves]).toEqual([[], 0]);
  seated.end();
}, 150_000);

test("EE-51 the owner raises it by hand: state and timeline tell it, and it is open again when that is taken back", async () => {
  await server.claim();
  const ask = (level: number): Promise<SpaceLevel> => server.api<SpaceLevel>("PUT", "/spaces/demo/level", { level });
  expect(await ask(2)).toMatchObject({ asked: 2, effective: 2, cause: "by-hand" });
  await expect.poll(levelOf, patience).toBe(2);
  await expect.poll(async () => (await toldLevels()).at(-1), patience).toBe(2);
  expect(await ask(0)).toMatchObject({ asked: 0, effective: 0 });
  await expect.poll(levelOf, patience).toBe(0);
}, 120_000);
