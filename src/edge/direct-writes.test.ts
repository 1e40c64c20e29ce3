import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectSecure, createServer as createSecureServer, type TLSSocket } from "node:tls";
import { expect, test } from "vitest";
import { makePair } from "./certificate.test-pair.ts";
import { DirectWrites, queuedBytes } from "./direct-writes.ts";
import { until } from "./edge.test-server.ts";

async function pair(): Promise<{ server: Socket; client: Socket; [Symbol.dispose](): void }> {
  const listening = createServer().listen(0, "127.0.0.1");
  await once(listening, "listening");
  const client = connect((listening.address() as AddressInfo).port, "127.0.0.1");
  const [server] = (await once(listening, "connection")) as [Socket];
  server.on("error", () => {});
  client.on("error", () => {});
  const dispose = (): void => {
    client.destroy();
    server.destroy();
    listening.close();
  };
  return { server, client, [Symbol.dispose]: dispose };
}

function hear(client: Socket): { readonly bytes: () => Buffer } {
  const parts: Buffer[] = [];
  client.on("data", (part: Buffer) => parts.push(part));
  return { bytes: () => Buffer.concat(parts) };
}

test("ED-41 this Node lets sockets be written directly", async () => {
  using one = await pair();
  const writes = new DirectWrites();
  const heard = hear(one.client);
  for (const text of ["a", "b", "c", "d"]) expect(writes.write(one.server, Buffer.from(text))).toBe("sent");
  expect(writes.direct).toBe(3);
  await until(() => heard.bytes().toString() === "abcd");
});

test("ED-41 what the kernel does not take at once comes later, whole and in order, however it is mixed", async () => {
  using one = await pair();
  const writes = new DirectWrites();
  const wanted: Buffer[] = [];
  one.client.pause();
  const heard = hear(one.client);
  one.client.pause();
  let queued = 0;
  for (let i = 0; i < 300; i++) {
    const bytes = Buffer.alloc((i * 7919) % 90_000, `${i} `);
    wanted.push(bytes);
    if (i % 5 === 4) one.server.write(bytes);
    else if (writes.write(one.server, bytes) === "queued") queued++;
    if (i > 200 && i % 20 === 19) one.client.resume();
    if (i % 20 === 9) one.client.pause();
    if (i % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  expect(queued).toBeGreaterThan(0);
  expect(writes.direct).toBeGreaterThan(50);
  one.client.resume();
  const all = Buffer.concat(wanted);
  await until(() => heard.bytes().length >= all.length);
  expect(heard.bytes().equals(all)).toBe(true);
  await until(() => queuedBytes(one.server) === 0);
});

test("ED-41 what is queued is sent before the end", async () => {
  using one = await pair();
  const writes = new DirectWrites();
  writes.write(one.server, Buffer.from("first"));
  one.client.pause();
  const bytes = Buffer.alloc(20_000_000, "queued ");
  expect(writes.write(one.server, bytes)).toBe("queued");
  expect(queuedBytes(one.server)).toBeGreaterThan(0);
  one.server.end();
  expect(writes.write(one.server, Buffer.from("late"))).toBe("ended");
  const heard = hear(one.client);
  const ended = once(one.client, "end");
  one.client.resume();
  await ended;
  expect(heard.bytes().subarray(5).equals(bytes)).toBe(true);
});

test("ED-41 a connection that breaks with bytes queued is closed", async () => {
  using one = await pair();
  const writes = new DirectWrites();
  writes.write(one.server, Buffer.from("first"));
  one.client.pause();
  expect(writes.write(one.server, Buffer.alloc(20_000_000))).toBe("queued");
  const closed = new Promise((resolve) => one.server.once("close", resolve));
  one.client.resetAndDestroy();
  await closed;
  expect(writes.write(one.server, Buffer.from("late"))).toBe("ended");
});

test("ED-41 a socket of TLS is written as usual", async () => {
  const folder = await mkdtemp(join(tmpdir(), "edge-"));
  const files = await makePair(folder);
  const [cert, key] = await Promise.all([readFile(files.cert), readFile(files.key)]);
  const listening = createSecureServer({ cert, key }).listen(0, "127.0.0.1");
  await once(listening, "listening");
  const { port } = listening.address() as AddressInfo;
  const client = connectSecure({ port, host: "127.0.0.1", rejectUnauthorized: false });
  const [server] = (await once(listening, "secureConnection")) as [TLSSocket];
  const writes = new DirectWrites();
  const heard = hear(client);
  for (const text of ["a", "b", "c"]) writes.write(server, Buffer.from(text));
  await until(() => heard.bytes().toString() === "abc");
  expect(writes.direct).toBe(0);
  client.destroy();
  server.destroy();
  listening.close();
  await rm(folder, { recursive: true });
});
