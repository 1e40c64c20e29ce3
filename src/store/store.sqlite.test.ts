import { spawn } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { manualClock } from "../foundation/clock.ts";
import { epochMs } from "../foundation/duration.ts";
import { silentLog } from "../foundation/log.ts";
import { newSpace } from "./store.test-values.ts";
import { Meter } from "../foundation/meter.ts";
import { newestMigration } from "./migrations.ts";
import { openSqlite } from "./sqlite.ts";
import { openStore } from "./open.ts";
import { sqliteProblem } from "./problems.ts";
import { storeContract } from "./store.contract.ts";
import type { Store } from "./store.ts";

const clock = manualClock(epochMs(0));
const open = (data: string): Promise<Store> => openStore({ data, clock, log: silentLog });

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "rostra-store-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

storeContract("SQLite", { open: () => open(join(root, "contract")) });

let data: string;
beforeEach(async () => {
  data = await mkdtemp(join(root, "one-"));
});

test("DB-23 commits are synchronous and in a write-ahead log, and only this user can read the file", async () => {
  const store = await open(data);
  await store.settings.set("any", 1);
  const another = await openSqlite(data);
  const pragma = (name: string): Promise<unknown> =>
    another.run(async (on) => (await sql.raw(`PRAGMA ${name}`).execute(on)).rows[0]);
  expect(await pragma("synchronous")).toEqual({ synchronous: 2 });
  expect(await pragma("journal_mode")).toEqual({ journalMode: "wal" });
  expect(await pragma("foreign_keys")).toEqual({ foreignKeys: 1 });
  await another.end();
  expect((await stat(join(data, "rostra.db"))).mode & 0o777).toBe(0o600);
  expect((await stat(join(data, "rostra.db-wal"))).mode & 0o777).toBe(0o600);
  await store.end();
});

test("DB-24 everything a killed process reported as committed is there, and what it has is whole", async () => {
  const child = spawn(process.execPath, [new URL("store.test-commits.ts", import.meta.url).pathname, data], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const reported: string[] = [];
  const gone = new Promise<string | null>((resolve) => child.once("exit", (_, signal) => resolve(signal)));
  for await (const line of createInterface({ input: child.stdout })) {
    reported.push(line);
    if (reported.length === 60) child.kill("SIGKILL");
  }
  expect(await gone).toBe("SIGKILL");
  expect(reported.length).toBeGreaterThanOrEqual(60);
  const store = await open(data);
  const changes = await store.spaces.changes("loop");
  const space = await store.spaces.get("loop");
  expect(reported.map((line) => Number(line))).toEqual(reported.map((_, n) => n + 2));
  // The update and its change are one transaction: as many changes as revisions, whatever moment the kill hit.
  expect(space?.revision).toBeGreaterThanOrEqual(Number(reported.at(-1)));
  expect(changes.map((one) => one.why)).toEqual(
    Array.from({ length: space?.revision ?? 0 }, (_, n) => `revision ${n + 1}`),
  );
  await store.end();
});

test("DB-22 a database from before there were rehearsals keeps its Spaces, which rehearse nothing", async () => {
  const before = await open(data);
  const made = await before.spaces.create(newSpace(), "made by a test");
  await before.end();
  const raw = new DatabaseSync(join(data, "rostra.db"));
  raw.exec("ALTER TABLE spaces DROP COLUMN rehearsal_of; DELETE FROM migrations WHERE number = 2");
  raw.close();
  const store = await open(data);
  expect(made.ok && (await store.spaces.get(made.space.id))).toEqual(made.ok && { ...made.space, rehearsalOf: null });
  expect(await store.spaces.list()).toHaveLength(1);
  await store.end();
});

test("DB-25 a database of a newer version is refused with what to do, and is left byte for byte", async () => {
  await (await open(data)).end();
  const path = join(data, "rostra.db");
  const raw = new DatabaseSync(path);
  raw.exec(`INSERT INTO migrations VALUES (${newestMigration + 1}, 'of the future', 0); CREATE TABLE future (a)`);
  raw.close();
  const before = await readFile(path);
  await expect(open(data)).rejects.toMatchObject({
    code: "data-newer",
    message: expect.stringContaining(`migration ${newestMigration + 1}`) as string,
    action: expect.stringContaining("newer version") as string,
  });
  expect((await readFile(path)).equals(before)).toBe(true);
});

test("DB-26 a file that is no database, or a damaged one, is refused and left as it is", async () => {
  const path = join(data, "rostra.db");
  const noise = Buffer.alloc(8192, "this is not a database ");
  await writeFile(path, noise);
  await expect(open(data)).rejects.toMatchObject({ code: "data-corrupt", action: expect.stringContaining("backup") });
  expect((await readFile(path)).equals(noise)).toBe(true);

  await rm(path);
  await (await open(data)).end();
  const damaged = await readFile(path);
  damaged.fill(0xff, 100, 4096);
  await writeFile(path, damaged);
  await expect(open(data)).rejects.toMatchObject({ code: "data-corrupt" });
});

test("DB-27 a data folder that cannot be made or written is refused with the user's next step", async () => {
  await writeFile(join(data, "file"), "");
  const refused = { code: "data-not-writable", action: expect.stringContaining("ROSTRA_DATA") as string };
  await expect(open(join(data, "file", "data"))).rejects.toMatchObject(refused);

  await (await open(data)).end();
  await chmod(join(data, "rostra.db"), 0o444);
  await chmod(data, 0o555);
  await chmod(root, 0o755);
  const root_ = process.geteuid?.() === 0;
  // The superuser may write anywhere; the test becomes nobody for a moment.
  if (root_) process.seteuid?.(65534);
  try {
    await expect(open(data)).rejects.toMatchObject(refused);
  } finally {
    if (root_) process.seteuid?.(0);
    await chmod(data, 0o755);
  }
});

test("DB-28 a full disk is data-full, and what was there before stays", async () => {
  const path = join(data, "full.db");
  const raw = new DatabaseSync(path);
  raw.exec("PRAGMA max_page_count = 8; CREATE TABLE t (a)");
  let rows = 0;
  let thrown: unknown;
  try {
    for (;;) {
      raw.prepare("INSERT INTO t VALUES (?)").run("x".repeat(3000));
      rows++;
    }
  } catch (failure) {
    thrown = sqliteProblem(failure, path);
  }
  expect(thrown).toMatchObject({ code: "data-full", status: 507, action: expect.stringContaining("Free space") });
  expect(raw.prepare("SELECT count(*) AS rows FROM t").get()).toEqual({ rows });
  expect(rows).toBeGreaterThan(0);
  raw.close();
});

test("DB-29 while another process writes for long, a write is store-unavailable and succeeds later", async () => {
  const meter = new Meter();
  const store = await openStore({ data, clock, log: silentLog, meter });
  const other = new DatabaseSync(join(data, "rostra.db"));
  other.exec("BEGIN IMMEDIATE");
  await expect(store.settings.set("any", 1)).rejects.toMatchObject({ code: "store-unavailable", retryAfter: 2 });
  expect(await store.settings.get("any")).toBeUndefined();
  expect(meter.expose()).toContain('rostra_store_failures_total{code="store-unavailable"} 1');
  other.exec("COMMIT");
  other.close();
  await store.settings.set("any", 1);
  expect(await store.settings.get("any")).toBe(1);
  await store.end();
});

test("DB-30 a transaction that fails in its middle leaves nothing, and the next one works", async () => {
  const store = await open(data);
  const space = newSpace();
  const broken = { ...space, title: null as unknown as string };
  await expect(store.spaces.create(broken, "broken")).rejects.toThrow();
  await expect(store.spaces.create(space, null as unknown as string)).rejects.toThrow();
  expect(await store.spaces.get(space.id)).toBeUndefined();
  expect((await store.spaces.create(space, "whole")).ok).toBe(true);
  await store.end();
});
