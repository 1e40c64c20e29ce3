import { once } from "node:events";
import { rm } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { dirname } from "node:path";
import tls from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { livePaths } from "../wire/paths.ts";
import { makePair } from "./certificate.test-pair.ts";
import { type Certificate, readCertificate } from "./certificate.ts";
import { Listener, TestEdge, until } from "./edge.test-server.ts";
import type { TestOrigin } from "./origin.test-server.ts";

let certificate: Certificate;
let folder: string;
beforeAll(async () => {
  const files = await makePair(undefined);
  folder = dirname(files.cert);
  certificate = await readCertificate(files);
});
afterAll(() => rm(folder, { recursive: true }));

/** What a client of Node's sends first when it asks for a host of this name (RFC 8446, section 4.1.2). */
async function helloFor(servername: string): Promise<Buffer> {
  const { promise, resolve } = Promise.withResolvers<Buffer>();
  const listener = createServer((socket) => socket.once("data", resolve).on("error", () => {}));
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  const client = tls.connect({ port, host: "127.0.0.1", servername, ALPNProtocols: ["http/1.1"] });
  client.on("error", () => {});
  const hello = await promise;
  client.destroy();
  listener.close();
  return hello;
}

/** The same with another name of the same length in its place. */
function renamed(hello: Buffer, from: string, to: Buffer): Buffer {
  const at = hello.indexOf(from);
  if (at < 0 || to.length !== from.length) throw new Error("the hello has no such name");
  const other = Buffer.from(hello);
  to.copy(other, at);
  return other;
}

const filled = (length: number, byte: number): Buffer => Buffer.alloc(length, byte);

test("ED-180 whatever name a hello asks for, and a flood of hellos that go no further, harm nobody else", async () => {
  const ticketKeys = (day: number): Buffer => filled(48, day % 251);
  await using edge = await TestEdge.start({ tls: { certificate, ticketKeys } }, (origin: TestOrigin) =>
    origin.open("a", 10),
  );
  const server = edge.edge.secure?.server;
  if (!server) throw new Error("the edge has no server behind TLS");
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const visitor = async (servername = "localhost"): Promise<tls.TLSSocket> => {
    const socket = tls.connect({ port, host: "127.0.0.1", servername, rejectUnauthorized: false });
    await once(socket, "secureConnect");
    return socket;
  };
  const head = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
  using plays = new Listener(await visitor(), head(livePaths.stream("a", "opus-32k")));
  await until(() => plays.body.length > 0);

  const [short, long] = [
    "name.example",
    `${"n".repeat(60)}.${"n".repeat(60)}.${"n".repeat(60)}.${"n".repeat(60)}.example`,
  ];
  const [one, two] = [await helloFor(short), await helloFor(long)];
  const hellos = [
    one,
    two,
    renamed(one, short, filled(short.length, 0)),
    renamed(one, short, filled(short.length, 0xff)),
    renamed(one, short, Buffer.from("192.168.0.1.")),
    renamed(one, short, Buffer.from("../../../etc")),
    renamed(one, short, Buffer.from("a\r\nhost: b\r\n")),
    renamed(two, long, filled(long.length, 0x2e)),
    // Lengths that lie: of the record, of the message.
    Buffer.concat([one.subarray(0, 3), Buffer.from("ffff", "hex"), one.subarray(5)]),
    Buffer.concat([one.subarray(0, 6), Buffer.from("ffffff", "hex"), one.subarray(9)]),
    one.subarray(0, 20),
  ];
  const failed = edge.metric("rostra_edge_tls_failed_total");
  const flood = hellos.flatMap((hello) =>
    Array.from({ length: 30 }, () => {
      const socket = connect({ port, host: "127.0.0.1", localAddress: "127.0.4.1" });
      socket.on("error", () => {});
      // The server's flight is seen and not answered.
      socket.once("data", () => socket.resetAndDestroy());
      socket.write(hello);
      return socket;
    }),
  );
  edge.origin.publishSegment("a");
  const heard = plays.body.length;
  await until(() => plays.body.length > heard, "who plays goes on");
  using asks = new Listener(await visitor("nobody.example"), head("/healthz"));
  await until(() => asks.body.includes("ok"), "a newcomer, whatever name it asks for, is answered");
  await until(() => edge.metric("rostra_edge_tls_failed_total") > failed + 100, "failures are counted");
  for (const socket of flood) socket.destroy();
  expect(asks.socket.destroyed).toBe(false);
  edge.origin.publishSegment("a");
  const before = plays.body.length;
  await until(() => plays.body.length > before, "and still does");
});
