import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createServer as createSecureServer } from "node:tls";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Answers } from "./answers.ts";
import type { AttackOrder, AttackTold } from "./contract.ts";
import { pace } from "./pace.ts";
import { newCounts, runAttack } from "./run-attack.ts";

/** Takes every request and answers with its length; remembers who came. */
let server: Server;
let port = 0;
let heard = 0;
const open = new Set<Socket>();
const from = new Set<string>();

beforeEach(async () => {
  heard = 0;
  from.clear();
  server = createServer((socket) => {
    open.add(socket);
    if (socket.remoteAddress) from.add(socket.remoteAddress);
    socket.on("error", () => {});
    socket.on("close", () => open.delete(socket));
    socket.on("data", (bytes) => {
      heard++;
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
      if (/connection: close/i.test(bytes.toString())) socket.end();
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  ({ port } = server.address() as AddressInfo);
});
afterEach(async () => {
  for (const socket of open) socket.destroy();
  await new Promise((done) => server.close(done));
});

const order = (more: Partial<AttackOrder> = {}): AttackOrder => ({
  name: "request-flood",
  target: { host: "127.0.0.1", port, tls: false, space: "demo" },
  strength: 200,
  sources: [],
  seed: 1,
  beginsAt: Date.now(),
  from: 0,
  to: 1.5,
  ...more,
});
const never = new AbortController().signal;

describe("an attack", () => {
  test("RH-80 begins and ends when it is told, says each second what it did, and holds nothing any more", async () => {
    const told: AttackTold[] = [];
    const end = await runAttack(order({ from: 0.2, to: 2.2 }), (one) => told.push(one), never);
    expect(told.map(({ t }) => t)).toEqual(expect.arrayContaining(["second", "end"]));
    expect(told.at(-1)).toEqual(end);
    expect(end.at).toBeGreaterThanOrEqual(2.1);
    expect(end.counts.sent).toBeGreaterThan(20);
    expect(end.counts.answered["200"]).toBeGreaterThan(20);
    expect(end.counts.open).toBe(0);
    const { sent } = end.counts;
    await sleep(50);
    expect(heard).toBeLessThanOrEqual(sent);
    while (open.size > 0) await sleep(10);
  });

  test("RH-80 is over at once when it is told so, also before it has begun", async () => {
    const stop = new AbortController();
    const running = runAttack(order({ to: 3600 }), () => stop.abort(), stop.signal);
    expect((await running).counts.sent).toBeGreaterThan(0);
    const waiting = runAttack(order({ from: 3600, to: 7200 }), () => {}, AbortSignal.timeout(50));
    expect((await waiting).counts.sent).toBe(0);
  });

  test("RH-80 has no more strength than its attacker's most, and takes its sources in turn", async () => {
    const sources = ["127.0.0.41", "127.0.0.42"];
    const end = await runAttack(order({ strength: 1e9, to: 0.2, sources }), () => {}, never);
    expect(end.strength).toBe(20_000);
    expect([...from].toSorted()).toEqual(sources);
  });

  test.each(["192.0.2.1", "localhost", "::ffff:192.0.2.1", "127.example.org", "1270.0.0.1"])(
    "RH-81 on %s is refused before anything is sent, unless it is permitted",
    async (host) => {
      const target = { ...order().target, host };
      await expect(runAttack(order({ target }), () => {}, never)).rejects.toMatchObject({
        code: "target-not-permitted",
      });
      const stage = { ...order().target, stageUdp: { host, port: 9 } };
      await expect(runAttack(order({ target: stage }), () => {}, never)).rejects.toMatchObject({
        code: "target-not-permitted",
      });
      const permitted = await runAttack(
        order({ target, permitted: true, from: 1, to: 2 }),
        () => {},
        AbortSignal.abort(),
      );
      expect(permitted.counts.sent).toBe(0);
    },
  );

  test("RH-82 counts what the target answers, closes and refuses", async () => {
    server.removeAllListeners("connection");
    server.on("connection", (socket) => {
      socket.on("error", () => {});
      socket.once("data", () => socket.end("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n"));
    });
    const { counts } = await runAttack(order({ to: 0.5 }), () => {}, never);
    expect(counts.answered["503"]).toBeGreaterThan(5);
    expect(counts.closed).toBeGreaterThan(5);
    expect(counts.connected).toBeGreaterThanOrEqual(counts.closed);
    await new Promise((done) => server.close(done));
    const none = await runAttack(order({ to: 0.5 }), () => {}, never);
    expect(none.counts).toMatchObject({ connected: 0, sent: 0, open: 0 });
    expect(none.counts.failed).toBeGreaterThan(5);
    server.listen(0);
  });
});

describe("through TLS", () => {
  test("RH-82 it does the same, whoever signed the target's certificate, and holds nothing any more", async () => {
    const folder = await mkdtemp(join(tmpdir(), "attack-tls-"));
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    execFileSync("openssl", [...words, "-keyout", key, "-out", cert, "-subj", "/CN=nobody"], { stdio: "ignore" });
    const secure = createSecureServer({ key: readFileSync(key), cert: readFileSync(cert) });
    const there = new Set<Socket>();
    secure.on("secureConnection", (socket) => {
      there.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => there.delete(socket));
      socket.on("data", () => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"));
    });
    secure.on("tlsClientError", () => {});
    secure.listen(0, "127.0.0.1");
    await once(secure, "listening");
    const target = { ...order().target, port: (secure.address() as AddressInfo).port, tls: true };
    const flood = await runAttack(order({ target }), () => {}, never);
    expect(flood.counts.answered["200"]).toBeGreaterThan(10);
    const told: AttackTold[] = [];
    const slow = { target, name: "slow-headers", strength: 20, to: 2.5 } as const;
    const held = await runAttack(order(slow), (one) => told.push(one), never);
    expect(Math.max(...told.map(({ counts }) => counts.open))).toBeGreaterThan(5);
    for (const { counts } of [flood, held]) expect(counts).toMatchObject({ open: 0, failed: 0 });
    while (there.size > 0) await sleep(10);
    await new Promise((done) => secure.close(done));
    await rm(folder, { recursive: true });
  });
});

describe("its parts", () => {
  test("RH-82 answers are counted whole, however their bytes are cut", () => {
    const bytes = Buffer.from(
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" +
        "HTTP/1.1 204 No Content\r\n\r\n" +
        "HTTP/1.1 404 Not Found\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n" +
        "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n" +
        "HTTP/1.1 200 OK\r\n\r\nto the end, HTTP/1.1 500 included",
    );
    for (const size of [1, 2, 3, 7, bytes.length]) {
      const counts = newCounts();
      const whole: number[] = [];
      const answers = new Answers(counts, (status) => whole.push(status));
      for (let at = 0; at < bytes.length; at += size) answers.read(bytes.subarray(at, at + size));
      expect([whole, counts.answered]).toEqual([[200, 204, 404, 503], { 200: 2, 204: 1, 404: 1, 503: 1 }]);
    }
  });

  test("RH-82 what could not be done for more than a second is left out", async () => {
    let done = 0;
    const stop = new AbortController();
    const running = pace(100, stop.signal, () => {
      if (done === 0) {
        const until = performance.now() + 2000;
        while (performance.now() < until);
      }
      if (++done > 100) stop.abort();
    });
    await running;
    // All of them in the slice after the stall would be two hundred.
    expect(done).toBeLessThanOrEqual(102);
  });
});
