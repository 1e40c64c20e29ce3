import { once } from "node:events";
import { rm } from "node:fs/promises";
import { type AddressInfo, BlockList, connect, type Socket } from "node:net";
import { dirname } from "node:path";
import tls from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { livePaths } from "../wire/paths.ts";
import { makePair } from "./certificate.test-pair.ts";
import { type Certificate, readCertificate } from "./certificate.ts";
import { Listener, TestEdge, until } from "./edge.test-server.ts";
import type { Guard } from "./guard.ts";
import { initOf, type TestOrigin } from "./origin.test-server.ts";
import type { EdgeOptions } from "./server.ts";
import type { SecureOptions } from "./tls.ts";
import { readWho, whoControl } from "./who.test-control.ts";

let certificate: Certificate;
let other: Certificate;
const folders: string[] = [];
async function made(name?: string): Promise<Certificate> {
  const files = await makePair(undefined, name === undefined ? {} : { name });
  folders.push(dirname(files.cert));
  return readCertificate(files);
}
beforeAll(async () => {
  [certificate, other] = [await made(), await made("other.example")];
});
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

const ticketKeys = (day: number): Buffer => Buffer.alloc(48, day % 251);

interface SecureEdge extends AsyncDisposable {
  readonly edge: TestEdge;
  readonly port: number;
}

/** An edge that listens with TLS as well. */
async function start(
  tlsOptions: Partial<SecureOptions> = {},
  options: Partial<EdgeOptions> = {},
  prepare: (origin: TestOrigin) => void = () => {},
): Promise<SecureEdge> {
  const edge = await TestEdge.start({ tls: { certificate, ticketKeys, ...tlsOptions }, ...options }, prepare);
  const server = edge.edge.secure?.server;
  if (!server) throw new Error("the edge has no server behind TLS");
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { edge, port, [Symbol.asyncDispose]: () => edge[Symbol.asyncDispose]() };
}

const client = async (port: number, options: tls.ConnectionOptions = {}): Promise<tls.TLSSocket> => {
  const socket = tls.connect({
    port,
    host: "127.0.0.1",
    rejectUnauthorized: false,
    ALPNProtocols: ["http/1.1"],
    ...options,
  });
  await once(socket, "secureConnect");
  return socket;
};
const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

test.each(["TLSv1.2", "TLSv1.3"] as const)("ED-70 %s: the same answers as on the plain port", async (version) => {
  await using secure = await start();
  await using _control = await whoControl(secure.edge.folder);
  const socket = await client(secure.port, { minVersion: version, maxVersion: version });
  expect([socket.getProtocol(), socket.alpnProtocol]).toEqual([version, "http/1.1"]);
  expect(socket.getPeerCertificate().fingerprint256).toBe(certificate.fingerprint);
  using listener = new Listener(socket, get("/healthz") + get("/api/v1/who"));
  await until(() => listener.received.includes('"proto"'));
  expect(listener.received.toString()).toContain("ok\n");
  expect(listener.received.toString()).toContain('"for":"127.0.0.1","proto":"https"');
});

test("ED-70 older TLS and a client without HTTP/1.1 are refused, and so is what is no TLS", async () => {
  await using secure = await start();
  await expect(
    client(secure.port, { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" }),
  ).rejects.toThrow(/protocol version|unsupported/);
  await expect(client(secure.port, { ALPNProtocols: ["h2"] })).rejects.toThrow(/no application protocol/);
  using plain = new Listener(connect(secure.port, "127.0.0.1"), get("/healthz"));
  await until(() => plain.ended);
  expect(plain.body.toString()).toContain('"not-tls"');
  await until(() => secure.edge.metric("rostra_edge_tls_failed_total") === 2);
});

const rendition = "opus-32k";
const segments = (origin: TestOrigin, from: number, to: number): Buffer =>
  Buffer.concat([
    initOf(rendition),
    ...Array.from({ length: to - from + 1 }, (_, i) => origin.segment("a", rendition, from + i)),
  ]);

test("ED-70 endless responses over TLS are those of the fan-out, and end with the edge", async () => {
  await using secure = await start({}, {}, (origin) => origin.open("a", 10));
  const { edge, port } = secure;
  const listeners: Listener[] = [];
  const lower = [1, 2, 3].map(() => connect(port, "127.0.0.1"));
  for (const socket of lower)
    listeners.push(new Listener(await client(port, { socket }), get(livePaths.stream("a", rendition))));
  const plain = edge.stream(livePaths.stream("a", rendition));
  const all = [...listeners, plain];
  await until(() => all.every(({ body }) => body.equals(segments(edge.origin, 9, 9))), "the first burst");
  for (let i = 0; i < 3; i++) edge.origin.publishSegment("a");
  await until(() => all.every(({ body }) => body.length >= segments(edge.origin, 9, 12).length), "all chunks");
  for (const { body } of all) expect(body.equals(segments(edge.origin, 9, 12))).toBe(true);
  expect(edge.metric("rostra_edge_listeners")).toBe(4);
  listeners[0]?.socket.destroy();
  await until(() => edge.metric("rostra_edge_listeners") === 3, "one that hung up is gone");
  lower[1]?.resetAndDestroy();
  await until(() => edge.metric("rostra_edge_listeners") === 2, "one that reset is gone");
  const ending = edge.scope.end();
  edge.origin.publishSegment("a");
  await until(() => listeners[2]!.ended && plain.ended, "the end");
  await ending;
  expect(listeners[2]?.body.equals(plain.body)).toBe(true);
});

test("ED-72 a new certificate is for new connections, and those there are go on", async () => {
  await using secure = await start({}, {}, (origin) => origin.open("a", 10));
  const { edge, port } = secure;
  const before = await client(port);
  using listener = new Listener(before, get(livePaths.stream("a", rendition)));
  await until(() => listener.body.length > 0);
  edge.edge.secure?.renew(other);
  const after = await client(port);
  expect(after.getPeerCertificate().fingerprint256).toBe(other.fingerprint);
  after.destroy();
  edge.origin.publishSegment("a");
  await until(() => listener.body.equals(segments(edge.origin, 9, 10)));
  expect(edge.metric("rostra_edge_tls_certificate_expires_seconds")).toBe(other.validTo / 1000);
});

/** Asks for something and hangs up: a handshake is done for the server only when the client goes on. */
async function ask(socket: tls.TLSSocket): Promise<void> {
  socket.write(get("/healthz"));
  await once(socket, "data");
  socket.destroy();
}

/** The session that a client may go on with elsewhere. */
async function session(port: number, version: tls.SecureVersion): Promise<Buffer> {
  const socket = tls.connect({
    port,
    host: "127.0.0.1",
    rejectUnauthorized: false,
    minVersion: version,
    maxVersion: version,
  });
  const [ticket] = (await once(socket, "session")) as [Buffer];
  socket.destroy();
  return ticket;
}

test.each(["TLSv1.2", "TLSv1.3"] as const)(
  "ED-76 %s: a session goes on at another process, until another day",
  async (version) => {
    await using first = await start();
    await using second = await start();
    const ticket = await session(first.port, version);
    const options = { session: ticket, minVersion: version, maxVersion: version } as const;
    const again = await client(second.port, options);
    expect(again.isSessionReused()).toBe(true);
    await ask(again);
    await until(() => second.edge.metric("rostra_edge_tls_resumed_total") === 1);
    second.edge.edge.secure?.rotate(Date.now() + 86_400_000);
    const tomorrow = await client(second.port, options);
    expect(tomorrow.isSessionReused()).toBe(false);
    await ask(tomorrow);
    // The certificate's change does not forget sessions.
    first.edge.edge.secure?.renew(certificate);
    const renewed = await client(first.port, options);
    expect(renewed.isSessionReused()).toBe(true);
    await ask(renewed);
  },
);

test("ED-77 handshakes have a cap: silent clients take no place, and those who wait too long are closed", async () => {
  await using secure = await start({ maxHandshakes: 2, handshakeWithinMs: 400 });
  const { edge, port } = secure;
  const silent = Array.from({ length: 20 }, () => new Listener(connect(port, "127.0.0.1"), ""));
  await until(() => silent.every(({ socket }) => !socket.connecting));
  await ask(await client(port));
  await until(() => edge.metric("rostra_edge_tls_handshakes_total") === 1, "a client between the silent ones");
  expect(edge.metric("rostra_edge_tls_pending")).toBe(0);

  // Half a ClientHello: the record says that more comes.
  const half = Buffer.from("16030100f8010000f40303", "hex").toString("latin1");
  const stuck = Array.from({ length: 2 }, () => new Listener(connect(port, "127.0.0.1"), half));
  await until(() => edge.metric("rostra_edge_tls_pending") === 2, "two under way");
  const more = Array.from({ length: 5 }, () => new Listener(connect(port, "127.0.0.1"), half));
  await until(() => edge.metric("rostra_edge_tls_pending") === 7, "five that wait");
  await until(() => [...stuck, ...more, ...silent].every(({ closed }) => closed), "all closed");
  expect(edge.metric("rostra_edge_tls_pending")).toBe(0);
  expect(edge.metric("rostra_edge_tls_overflow_total")).toBeGreaterThan(0);
  await ask(await client(port));
});

test("ED-74 a PROXY protocol header before TLS tells who asks", async () => {
  const from = new BlockList();
  from.addAddress("127.0.0.1");
  await using secure = await start({}, { proxyProtocol: from, trust: { ranges: from } });
  await using _control = await whoControl(secure.edge.folder);
  const raw = connect(secure.port, "127.0.0.1");
  raw.write(Buffer.from("0d0a0d0a000d0a515549540a2111000ccb007107c0000201c73801bb", "hex"));
  const socket = await client(secure.port, { socket: raw });
  using listener = new Listener(socket, get("/api/v1/who"));
  await until(() => listener.body.length > 0);
  expect(readWho(listener.body)).toMatchObject({ for: "203.0.113.7", proto: "https" });
});

test("ED-112, ED-113 a guard is asked before a handshake, sees what its connection is sent, and is told when it fails", async () => {
  const seen: string[] = [];
  const connections: Socket[] = [];
  let decision: "yes" | "later" = "yes";
  const guard: Guard = {
    arrive: (address, connection) => {
      connections.push(connection);
      seen.push(`arrive ${address}`);
      return decision;
    },
    admit: () => "yes",
    saw: (address, what) => seen.push(`${what} ${address}`) === 0,
    behavedAt: () => 0,
    vouch: () => {},
    tick: () => {},
  };
  await using secure = await start({}, { guard }, (origin) => origin.open("a", 10));
  using listener = new Listener(await client(secure.port), get(livePaths.stream("a", rendition)));
  await until(() => listener.body.length > 0);
  const before = connections[0]?.bytesWritten ?? 0;
  expect(before).toBeGreaterThan(1000);
  secure.edge.origin.publishSegment("a");
  await until(() => (connections[0]?.bytesWritten ?? 0) > before);
  await expect(client(secure.port, { ALPNProtocols: ["h2"] })).rejects.toThrow(/no application protocol/);
  await until(() => seen.includes("failed-handshake 127.0.0.1"));
  decision = "later";
  await expect(client(secure.port)).rejects.toThrow(/disconnected|ECONNRESET/);
  expect(seen.filter((one) => one.startsWith("arrive"))).toEqual(Array(3).fill("arrive 127.0.0.1"));
});
