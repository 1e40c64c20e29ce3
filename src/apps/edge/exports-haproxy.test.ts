import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer, type AddressInfo, type Server } from "node:net";
import { connect as tls } from "node:tls";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makePair } from "../../edge/certificate.test-pair.ts";
import { actionOn } from "../../exports/action.fixture.ts";
import { askLine } from "../../exports/ask-line.ts";
import { haproxyMap } from "../../exports/haproxy.ts";

const env = { ...process.env, PATH: `${process.env["PATH"]}:/usr/sbin` };
const isInstalled = spawnSync("haproxy", ["-v"], { env }).status === 0;
const configuration = resolve(import.meta.dirname, "../../../deploy/shield/haproxy.cfg");

let folder: string;
let backend: Server;
let haproxy: ChildProcess;
let port: number;
const admin = (): string => join(folder, "admin.sock");
const map = (): string => join(folder, "rostra.map");
const portOf = (server: Server): number => (server.address() as AddressInfo).port;

beforeAll(async () => {
  if (!isInstalled) return;
  folder = await mkdtemp(join(tmpdir(), "exports-haproxy-"));
  const { cert, key } = await makePair(folder);
  await writeFile(join(folder, "both.pem"), `${await readFile(cert, "utf8")}${await readFile(key, "utf8")}`);
  // What a process before this one left: one that is over, and one that is not.
  const soon = Math.floor(Date.now() / 1000) + 3600;
  await writeFile(map(), `127.9.9.1/32 1000\n127.9.9.2/32 ${soon}\n`);
  backend = createServer((socket) => socket.on("error", () => {})).listen(0, "127.0.0.1");
  const free = createServer().listen(0, "127.0.0.1");
  await Promise.all([backend, free].map((one) => new Promise((done) => one.once("listening", done))));
  port = portOf(free);
  await new Promise((done) => free.close(done));
  // There are not descriptors for so many connections everywhere.
  const text = await readFile(configuration, "utf8");
  await writeFile(join(folder, "haproxy.cfg"), text.replace("maxconn 100000", "maxconn 1000"));
  haproxy = spawn("haproxy", ["-db", "-f", join(folder, "haproxy.cfg")], {
    env: {
      ...env,
      ROSTRA_ADMIN: admin(),
      ROSTRA_MAP: map(),
      ROSTRA_BIND: `127.0.0.1:${port}`,
      ROSTRA_PEM: join(folder, "both.pem"),
      ROSTRA_UPSTREAM: `127.0.0.1:${portOf(backend)}`,
    },
    stdio: "ignore",
  });
  for (const until = Date.now() + 20_000; Date.now() < until && (await come("127.9.9.9")) === "away";) await sleep(50);
}, 60_000);
afterAll(async () => {
  if (haproxy?.exitCode === null) {
    const gone = new Promise((done) => haproxy.once("exit", done));
    haproxy.kill("SIGKILL");
    await gone;
  }
  backend?.close();
  if (folder) await rm(folder, { recursive: true, force: true });
});

/** Comes from an address and speaks TLS with whoever lets it. */
function come(from: string): Promise<"in" | "rejected" | "away"> {
  const { promise, resolve: settle } = Promise.withResolvers<"in" | "rejected" | "away">();
  const socket = connect({ port, host: "127.0.0.1", localAddress: from });
  const secure = tls({ socket, rejectUnauthorized: false });
  secure.on("secureConnect", () => settle("in"));
  for (const one of [socket, secure])
    one.on("error", (failure: NodeJS.ErrnoException) => settle(failure.code === "ECONNREFUSED" ? "away" : "rejected"));
  secure.on("close", () => settle("rejected"));
  return promise.finally(() => socket.destroy());
}

test.runIf(isInstalled)("EX-41 HAProxy refuses a prefix of its map, and no other, until it is taken out", async () => {
  const output = haproxyMap({ socket: admin(), map: map(), now: () => Date.now() });
  // Of what was left the first is over, and nobody has taken it out yet.
  expect([await come("127.9.9.1"), await come("127.9.9.2")]).toEqual(["in", "rejected"]);
  expect([await come("127.9.9.9"), await come("127.9.8.1")]).toEqual(["in", "in"]);
  await output.tell(actionOn("127.9.9.0/24", { what: "would-block" }));
  expect(await come("127.9.9.9")).toBe("in");
  await output.tell(actionOn("127.9.9.0/24", { seconds: 600 }));
  expect([await come("127.9.9.9"), await come("127.9.8.1")]).toEqual(["rejected", "in"]);
  await output.tell(actionOn("127.9.9.0/24", { what: "expired", guard: "listeners" }));
  expect(await come("127.9.9.9")).toBe("in");
  // Again, and what is not there can be taken out.
  await output.tell(actionOn("127.9.9.0/24", { what: "expired", guard: "listeners" }));
});

test.runIf(isInstalled)("EX-41 everything is over when its time is, though nobody takes it out", async () => {
  const output = haproxyMap({ socket: admin(), map: map(), now: () => Date.now() });
  // Long enough for a machine that stands still for a moment.
  await output.tell(actionOn("127.9.7.7", { seconds: 5 }));
  expect(await come("127.9.7.7")).toBe("rejected");
  await expect.poll(() => come("127.9.7.7"), { timeout: 20_000, interval: 200 }).toBe("in");
  // Another process has asked for more: what is over by itself for this one stays.
  await output.tell(actionOn("127.9.7.7", { seconds: 600 }));
  await output.tell(actionOn("127.9.7.7", { what: "expired" }));
  expect(await come("127.9.7.7")).toBe("rejected");
  expect((await askLine(admin(), `show map ${map()}`)).match(/127\.9\.9\.1/)).toBeNull();
});

test.runIf(isInstalled)("EX-41 an admin socket that is away, and a map that is none, are told", async () => {
  const away = haproxyMap({ socket: join(folder, "nobody.sock"), map: map(), now: () => Date.now() });
  await expect(away.tell(actionOn("127.9.9.9"))).rejects.toThrow();
  const none = haproxyMap({ socket: admin(), map: join(folder, "other.map"), now: () => Date.now() });
  await expect(none.tell(actionOn("127.9.9.9"))).rejects.toThrow("HAProxy answered");
});
