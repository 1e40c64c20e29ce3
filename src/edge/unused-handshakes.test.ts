import { once } from "node:events";
import { rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { dirname } from "node:path";
import tls from "node:tls";
import { expect, test } from "vitest";
import { livePaths } from "../wire/paths.ts";
import { makePair } from "./certificate.test-pair.ts";
import { readCertificate } from "./certificate.ts";
import { Listener, TestEdge, until } from "./edge.test-server.ts";
import { Told } from "./told.test-guard.ts";

test(
  "ED-176 a handshake that nothing is asked on costs its address, whoever ends it, and one that is used does not",
  { timeout: 30_000 },
  async () => {
    const files = await makePair(undefined);
    const certificate = await readCertificate(files);
    const guard = new Told();
    const ticketKeys = (day: number): Buffer => Buffer.alloc(48, day % 251);
    await using edge = await TestEdge.start({ guard, tls: { certificate, ticketKeys } }, (origin) =>
      origin.open("a", 10),
    );
    const server = edge.edge.secure?.server;
    server?.listen(0, "127.0.0.1");
    await until(() => server?.listening ?? false);
    const { port } = (server?.address() ?? { port: 0 }) as AddressInfo;
    const client = async (): Promise<tls.TLSSocket> => {
      const socket = tls.connect({ port, host: "127.0.0.1", rejectUnauthorized: false, ALPNProtocols: ["http/1.1"] });
      await once(socket, "secureConnect");
      return socket;
    };
    const ask = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: here\r\n\r\n`;
    using used = new Listener(await client(), ask(livePaths.state("a")));
    using playing = new Listener(await client(), ask(livePaths.stream("a", "opus-32k")));
    await until(() => used.bytes > 0 && playing.body.length > 0);
    using silent = new Listener(await client(), "");
    (await client()).end();
    await until(() => guard.seen.length === 1);
    expect(guard.seen).toEqual([["127.0.0.1", "unused-handshake"]]);
    await until(() => silent.closed);
    await until(() => guard.seen.length === 2);
    // Some are gone before it is known on this side that the handshake is over.
    for (let i = 0; i < 5; i++) (await client()).destroy();
    await until(() => guard.seen.length === 7);
    const kinds = guard.seen.splice(2).map(([, what]) => what);
    expect(kinds.every((what) => what === "unused-handshake" || what === "failed-handshake")).toBe(true);
    used.socket.destroy();
    playing.socket.destroy();
    await until(() => edge.metric("rostra_edge_connections") === 0);
    expect(guard.seen).toEqual(Array(2).fill(["127.0.0.1", "unused-handshake"]));
    await rm(dirname(files.cert), { recursive: true });
  },
);
