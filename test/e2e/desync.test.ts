import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Socket, connect } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makePair } from "../../src/edge/certificate.test-pair.ts";
import { livePaths } from "../../src/wire/paths.ts";
import { Front, type FrontKind, isInstalled, type Pem } from "./front.ts";
import { freePort, Server } from "./server.ts";

/**
 * Requests whose end two servers may see at different places (HTTP request smuggling; RFC 9112 sections 6.3 and 11.2), through
 * every proxy that we have a configuration for, and through one that is as naive as can be: what is hidden in one client's body
 * must never be what another client is answered.
 */
let server: Server;
let folder: string;
let pem: Pem;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "desync-"));
  pem = await makePair(folder);
  server = await start({});
}, 60_000);
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

function start(env: NodeJS.ProcessEnv): Promise<Server> {
  return Server.start({ demo: true, env: { ROSTRA_TRUSTED_PROXIES: "127.0.0.1", ...env } });
}

/** Named in the answer that nobody may get. */
const mark = "hidden-in-a-body";
const hidden = `GET /${mark} HTTP/1.1\r\nHost: localhost\r\nX: `;
const beacon = livePaths.beacon("demo", 1);
const line = (...lines: string[]): string => `${lines.join("\r\n")}\r\n\r\n`;
const host = "Host: localhost";

/** The bodies of the attackers, by what is ambiguous about them. */
const ambiguous: readonly (readonly [what: string, bytes: string])[] = [
  [
    "length and chunks",
    `${line(`POST ${beacon} HTTP/1.1`, host, `Content-Length: ${5 + hidden.length}`, "Transfer-Encoding: chunked")}0\r\n\r\n${hidden}`,
  ],
  [
    "chunks and length",
    `${line(`POST ${beacon} HTTP/1.1`, host, "Transfer-Encoding: chunked", "Content-Length: 4")}${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`,
  ],
  [
    "two lengths",
    `${line(`POST ${beacon} HTTP/1.1`, host, "Content-Length: 0", `Content-Length: ${hidden.length}`)}${hidden}`,
  ],
  ["a length with a sign", `${line(`POST ${beacon} HTTP/1.1`, host, `Content-Length: +${hidden.length}`)}${hidden}`],
  [
    "a coding that is almost chunked",
    `${line(`POST ${beacon} HTTP/1.1`, host, `Content-Length: ${hidden.length}`, "Transfer-Encoding: xchunked")}${hidden}`,
  ],
  [
    "a space before the colon",
    `${line(`POST ${beacon} HTTP/1.1`, host, "Transfer-Encoding : chunked", `Content-Length: ${5 + hidden.length}`)}0\r\n\r\n${hidden}`,
  ],
  [
    "a folded line",
    `${line(`POST ${beacon} HTTP/1.1`, host, "Transfer-Encoding:\r\n chunked", `Content-Length: ${5 + hidden.length}`)}0\r\n\r\n${hidden}`,
  ],
  [
    "an extension of a chunk with a bare LF",
    `${line(`POST ${beacon} HTTP/1.1`, host, "Transfer-Encoding: chunked")}0;\nx\r\n\r\n${hidden}`,
  ],
  [
    "bare LFs",
    `POST ${beacon} HTTP/1.1\n${host}\nContent-Length: ${hidden.length}\n\nTransfer-Encoding: chunked\n\n${hidden}`,
  ],
  [
    "a chunk's size beyond 64 bits",
    `${line(`POST ${beacon} HTTP/1.1`, host, "Transfer-Encoding: chunked")}10000000000000000\r\n\r\n0\r\n\r\n${hidden}`,
  ],
  [
    "a GET with a body",
    `${line(`GET ${livePaths.state("demo")} HTTP/1.1`, host, `Content-Length: ${hidden.length}`)}${hidden}`,
  ],
  [
    "a trailer that is a length",
    `${line(`POST ${beacon} HTTP/1.1`, host, "Transfer-Encoding: chunked", "Trailer: Content-Length")}0\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`,
  ],
];

const open = (port: number, secure: boolean): Socket =>
  secure
    ? connectTls({ port, host: "127.0.0.1", servername: "localhost", rejectUnauthorized: false })
    : connect(port, "127.0.0.1");

/** Sends bytes and gives what comes back until the connection ends or is silent for a while. */
async function exchange(port: number, secure: boolean, bytes: string, quietMs: number): Promise<string> {
  const socket = open(port, secure);
  let text = "";
  socket.setTimeout(quietMs, () => socket.destroy());
  socket.on("data", (data: Buffer) => (text += data.toString("latin1")));
  socket.on("error", () => {});
  socket.write(bytes, "latin1");
  await once(socket, "close");
  return text;
}

const asks = line(`GET ${livePaths.state("demo")} HTTP/1.1`, host, "Connection: close");

/** After each attack ten others ask, and each of them has to get the state. Gives what else somebody got. */
async function poisoned(port: number, secure: boolean): Promise<string[]> {
  const wrong: string[] = [];
  for (const [what, bytes] of ambiguous) {
    await exchange(port, secure, bytes, 300);
    const answers = await Promise.all(Array.from({ length: 10 }, () => exchange(port, secure, asks, 5000)));
    for (const answer of answers)
      // A proxy whose connection has just been closed for it may have no answer. What it has must be the right one.
      if (answer.includes(mark) || (answer !== "" && !answer.startsWith("HTTP/1.1 200 ")))
        wrong.push(`${what}: ${answer.slice(0, 120)}`);
  }
  return wrong;
}

test.each(["haproxy", "nginx-tls", "caddy", "varnish", "nginx-cache"] as const satisfies readonly FrontKind[])(
  "EE-80 what is hidden in an ambiguous request is nobody else's answer, through %s",
  async (kind) => {
    if (!isInstalled(kind)) return console.log(`${kind} is not installed: not tried`);
    // HAProxy tells who asks by the PROXY protocol, and a server that expects it takes nothing else from a trusted address.
    await using own = kind === "haproxy" ? await start({ ROSTRA_PROXY_PROTOCOL: "1" }) : undefined;
    const { port } = new URL((own ?? server).url);
    await using front = await Front.start(kind, Number(port), pem);
    const secure = front.url.startsWith("https:");
    const state = (): Promise<string> => exchange(front.port, secure, asks, 5000);
    await expect.poll(state, { timeout: 20_000 }).toContain('"slug":"demo"');
    expect(await poisoned(front.port, secure)).toEqual([]);
    expect(await state()).toContain('"slug":"demo"');
  },
  90_000,
);

/** A proxy that believes each `Content-Length` it sees, passes everything on as it came, and has one connection to the server. */
async function naive(target: number): Promise<{ port: number; end(): void }> {
  let upstream: Socket | undefined;
  let turn: Promise<void> = Promise.resolve();
  const reach = (): Socket => {
    if (upstream && !upstream.destroyed && upstream.writable) return upstream;
    upstream = connect(target, "127.0.0.1");
    upstream.on("error", () => {});
    return upstream;
  };
  const pass = (request: string, client: Socket): void => {
    turn = turn.then(async () => {
      const to = reach();
      const answer = await new Promise<string>((done) => {
        let text = "";
        const finish = (): void => {
          to.off("data", more).off("close", finish);
          clearTimeout(timer);
          done(text);
        };
        const timer = setTimeout(finish, 2000);
        const more = (data: Buffer): void => {
          text += data.toString("latin1");
          const head = text.indexOf("\r\n\r\n");
          const length = /\r\ncontent-length: (\d+)/i.exec(text)?.[1];
          const bare = text.startsWith("HTTP/1.1 204");
          if (head >= 0 && (bare || (length !== undefined && text.length >= head + 4 + Number(length)))) finish();
        };
        to.on("data", more).on("close", finish);
        to.write(request.replace(/\r\nConnection: close/i, ""), "latin1");
      });
      client.end(answer, "latin1");
    });
  };
  const listener = createServer((client) => {
    let text = "";
    client.on("error", () => {});
    client.on("data", (data) => {
      text += data.toString("latin1");
      const head = text.indexOf("\r\n\r\n");
      if (head < 0) return;
      const length = Number(/\r\nContent-Length: *\+?(\d+)/i.exec(text.slice(0, head))?.[1] ?? 0);
      if (text.length < head + 4 + length) return;
      pass(text.slice(0, head + 4 + length), client);
      text = "";
    });
  });
  const port = await freePort();
  listener.listen(port, "127.0.0.1");
  await once(listener, "listening");
  return {
    port,
    end: () => {
      upstream?.destroy();
      listener.close();
    },
  };
}

/** A server that believes chunks before anything else and says nothing of a length beside them: what the test has to notice. */
async function gullible(): Promise<{ port: number; end(): void }> {
  const sockets = new Set<Socket>();
  const listener = createServer((socket) => {
    sockets.add(socket);
    let text = "";
    socket.on("error", () => {});
    socket.on("data", (data) => {
      text += data.toString("latin1");
      for (let head = text.indexOf("\r\n\r\n"); head >= 0; head = text.indexOf("\r\n\r\n")) {
        const first = text.slice(0, head);
        const body = text.slice(head + 4);
        const chunks = /transfer-encoding: *chunked/i.test(first);
        const length = chunks ? body.indexOf("0\r\n\r\n") + 5 : Number(/content-length: *(\d+)/i.exec(first)?.[1] ?? 0);
        if (body.length < length) return;
        text = body.slice(length);
        const said = first.includes(mark) ? `you asked for ${mark}` : "the state";
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${said.length}\r\n\r\n${said}`);
      }
    });
  });
  const port = await freePort();
  listener.listen(port, "127.0.0.1");
  await once(listener, "listening");
  return {
    port,
    end: () => {
      for (const socket of sockets) socket.destroy();
      listener.close();
    },
  };
}

test("EE-80 nor through a proxy that believes every length; behind it a server that believes chunks is noticed", async () => {
  const { port } = new URL(server.url);
  const front = await naive(Number(port));
  await expect.poll(() => exchange(front.port, false, asks, 5000), { timeout: 20_000 }).toContain('"slug":"demo"');
  const wrong = await poisoned(front.port, false);
  front.end();
  expect(wrong).toEqual([]);

  const other = await gullible();
  const before = await naive(other.port);
  const noticed = await poisoned(before.port, false);
  before.end();
  other.end();
  expect(noticed.some((what) => what.startsWith("length and chunks"))).toBe(true);
}, 90_000);
