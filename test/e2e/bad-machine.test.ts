import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createSocket } from "node:dgram";
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { browserOffer } from "../../src/stage/offers.fixture.ts";
import type { Space } from "../../src/wire/api.ts";
import { freePort, Server } from "./server.ts";

const root = resolve(import.meta.dirname, "../..");
const isRoot = process.getuid?.() === 0;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rostra-machine-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  /** What it said on stderr that is not a line of its log. */
  readonly said: string;
}

/** Runs `rostra serve` where it cannot serve, until it ends. */
async function refusedServe(words: { data: string; port?: number; udpPort?: number; uid?: number }): Promise<Ended> {
  const port = words.port ?? (await freePort());
  const args = ["scripts/start.mjs", "serve", "--no-demo", "--port", String(port), "--data", words.data];
  if (words.udpPort !== undefined) args.push("--udp-port", String(words.udpPort));
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, HOME: folder },
    timeout: 30_000,
    ...(words.uid === undefined ? {} : { uid: words.uid, gid: words.uid }),
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part: Buffer) => (text += part.toString()));
  const code = await new Promise<number | null>((done) => child.once("exit", done));
  return {
    code,
    said: text
      .split("\n")
      .filter((line) => !line.startsWith("{"))
      .join("\n"),
  };
}

/** Exit code 1, the code of the problem, its values and what to do; no stack of the program's insides. */
function expectTold({ code, said }: Ended, problem: string, values: readonly (string | RegExp)[]): void {
  expect(said).toContain(`(${problem})`);
  for (const value of values) expect(said).toMatch(value);
  expect(said).toMatch(/^rostra: .+\..+\n {8}\S.{15,} \([a-z-]+\)$/m);
  expect(said).not.toMatch(/^ +at /m);
  expect(code).toBe(1);
}

/** Every file of a data folder with its bytes, but for sockets. */
async function contents(data: string): Promise<Record<string, string>> {
  const all: Record<string, string> = {};
  for (const entry of await readdir(data, { recursive: true, withFileTypes: true })) {
    if (entry.isFile())
      all[join(entry.parentPath, entry.name)] = createHash("sha256")
        .update(await readFile(join(entry.parentPath, entry.name)))
        .digest("hex");
  }
  return all;
}

/** A data folder that a server has left behind, with a Space in it. */
async function usedData(): Promise<string> {
  const data = join(folder, "data");
  await using server = await Server.start({ data });
  await server.claim();
  await server.createSpace({ title: "Kept", slug: "kept" });
  return data;
}

describe("the data folder", () => {
  test("EE-12 a file in its place is told", async () => {
    const file = join(folder, "file");
    await writeFile(file, "mine");
    expectTold(await refusedServe({ data: file }), "data-not-writable", [file, /--data/]);
    expectTold(await refusedServe({ data: join(file, "below") }), "data-not-writable", [/--data/]);
    expect(await readFile(file, "utf8")).toBe("mine");
  });

  test.skipIf(!isRoot)(
    "EE-12 one that belongs to somebody else is told (run as root: tried as another user)",
    async () => {
      await chmod(folder, 0o777);
      const data = join(folder, "data");
      await using server = await Server.start({ data });
      await server.stop();
      expectTold(await refusedServe({ data, uid: 65_534 }), "data-not-writable", [data, /--data|ROSTRA_DATA/]);
      // The folder can be written, and the database in it cannot.
      await chown(data, 65_534, 65_534);
      await chown(join(data, "run"), 65_534, 65_534);
      expectTold(await refusedServe({ data, uid: 65_534 }), "data-not-writable", [data, /belong/]);
    },
    60_000,
  );

  test("EE-12 SV-7 one of a newer version is refused and left as it is", async () => {
    const data = await usedData();
    const database = new DatabaseSync(join(data, "rostra.db"));
    database.exec(
      "INSERT INTO migrations (number, name, at) VALUES (999, 'from the future', 0); PRAGMA wal_checkpoint(TRUNCATE)",
    );
    database.close();
    const before = await contents(data);
    expectTold(await refusedServe({ data }), "data-newer", [/999/, /newer version/]);
    expect(await contents(data)).toEqual(before);
  }, 60_000);

  test("EE-12 a damaged database is refused and left as it is", async () => {
    const data = await usedData();
    const file = join(data, "rostra.db");
    await writeFile(file, "this was a database once ".repeat(400));
    expectTold(await refusedServe({ data }), "data-corrupt", [/rostra\.db/, /backup/]);
    expect(await readFile(file, "utf8")).toBe("this was a database once ".repeat(400));
  }, 60_000);

  test("EE-12 secrets that others can read are refused", async () => {
    const data = await usedData();
    await chmod(join(data, "secrets.json"), 0o644);
    expectTold(await refusedServe({ data }), "secrets-exposed", [/chmod 600/]);
  }, 60_000);

  test("EE-12 one that another server has is refused, and the other goes on", async () => {
    await using server = await Server.start({ data: join(folder, "data") });
    expectTold(await refusedServe({ data: server.data }), "data-in-use", [server.data, /--data/]);
    await server.claim();
    expect((await server.createSpace({ title: "Goes on" })).title).toBe("Goes on");
    expect(await server.metrics()).toMatch(/rostra_process_restarts_total\{.*\} 0/);
  }, 60_000);
});

describe("ports", () => {
  test("EE-12 a taken HTTP or UDP port is told by its number", async () => {
    const tcp = createServer();
    await new Promise<void>((done) => tcp.listen(0, "0.0.0.0", done));
    const taken = (tcp.address() as { port: number }).port;
    const data = join(folder, "data");
    expectTold(await refusedServe({ data, port: taken }), "port-taken", [new RegExp(`TCP .*:${taken}`), /--port/]);
    tcp.close();
    const udp = createSocket("udp4");
    await new Promise<void>((done) => udp.bind(0, "0.0.0.0", done));
    const { port } = udp.address();
    expectTold(await refusedServe({ data, udpPort: port }), "port-taken", [new RegExp(`UDP .*:${port}`), /--udp-port/]);
    udp.close();
  }, 60_000);

  test("EE-12 without the stage's TCP port it serves, and who asks for media over TCP is told", async () => {
    const tcp = createServer();
    await new Promise<void>((done) => tcp.listen(0, "0.0.0.0", done));
    const taken = (tcp.address() as { port: number }).port;
    await using server = await Server.start({ env: { ROSTRA_ICE_TCP_PORT: String(taken) } });
    await server.claim();
    const { id } = await server.createSpace({ title: "Without TCP" });
    const { whipUrl, token } = await server.invite(id, "host", "Host");
    const offer = (query: string): Promise<Response> =>
      fetch(`${whipUrl}${query}`, {
        method: "POST",
        headers: { "content-type": "application/sdp", authorization: `Bearer ${token}` },
        body: browserOffer(),
      });
    const refused = await offer("?transport=tcp");
    expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([503, "no-ice-tcp"]);
    expect(server.output).toContain(String(taken));
    expect((await offer("")).status).toBe(201);
    tcp.close();
  }, 60_000);
});

describe.skipIf(!isRoot)("a full disk (root alone can mount a small one)", () => {
  test("EE-12 stops no sound, loses nothing that was acknowledged, and is over when there is room", async ({
    skip,
  }) => {
    await using disk = await smallDisk();
    if (!disk) return skip("this machine lets nobody mount a small disk");
    const { data } = disk;
    const kept: string[] = [];
    {
      await using server = await Server.start({ data, demo: true });
      await server.claim();
      await server.until("demo", (state) => state.status === "live" && !state.hold && state.latest !== null);
      disk.fill();
      expect(await spacesUntilRefused(server, kept)).toMatchObject({
        status: 507,
        code: "data-full",
        action: expect.stringContaining("Free space") as string,
      });
      const { latest } = await server.state("demo");
      await server.until(
        "demo",
        (state) => state.status === "live" && !state.hold && (state.latest ?? 0) > (latest ?? 0) + 5,
      );
      expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
      await disk.free();
      kept.push((await server.createSpace({ title: "After" })).id);
      expect(await server.metrics()).not.toMatch(/rostra_process_restarts_total\{.*\} [1-9]/);
    }
    await using server = await Server.start({ data, demo: true });
    for (const id of kept) expect((await server.api<Space>("GET", `/spaces/${id}`)).id).toBe(id);
    await server.until("demo", (state) => state.status === "live" && !state.hold);
  }, 120_000);

  test("EE-12 a first start on one is told", async ({ skip }) => {
    await using disk = await smallDisk();
    if (!disk) return skip("this machine lets nobody mount a small disk");
    disk.fill();
    expectTold(await refusedServe({ data: disk.data }), "data-full", [disk.data, /[Ff]ree space/]);
  }, 60_000);

  /** A file system of 8 MB of its own; undefined where it cannot be had. */
  async function smallDisk(): Promise<
    (AsyncDisposable & { data: string; fill(): void; free(): Promise<void> }) | undefined
  > {
    const data = join(folder, "disk");
    await mkdir(data);
    if (spawnSync("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", data]).status !== 0) return undefined;
    const filler = join(data, "filler");
    return {
      data,
      fill: () => void spawnSync("dd", ["if=/dev/zero", `of=${filler}`, "bs=4k"]),
      free: () => rm(filler),
      [Symbol.asyncDispose]: async () => void spawnSync("umount", [data]),
    };
  }

  async function spacesUntilRefused(server: Server, kept: string[]): Promise<unknown> {
    for (let n = 0; n < 50; n++) {
      const answer = await fetch(`${server.url}/api/v1/spaces`, {
        method: "POST",
        headers: { cookie: server.cookie, origin: server.url, "content-type": "application/json" },
        body: JSON.stringify({ title: `Space ${n}`, description: "x".repeat(5000) }),
      });
      const body = (await answer.json()) as { id: string };
      if (answer.status !== 201) return body;
      kept.push(body.id);
    }
    throw new Error("the disk never was full");
  }
});
