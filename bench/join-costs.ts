/**
 * `node bench/join-costs.ts`: what an edge pays in processor time for each arriving listener, part by part: connection,
 * state, numbered segment, joining `stream.mp4`, and a TLS handshake in Node, full and resumed. The server is a process of
 * its own and counts its own time; the clients are another. --runs, --each (connections a run); --json.
 */
import { type ChildProcess, execFileSync, fork } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { TestEdge } from "../src/edge/edge.test-server.ts";
import { figures, option, print } from "./figures.ts";

type Ports = { readonly edge: number; readonly plain: number; readonly tls: number };

/** A source address keeps few connections: each waits a minute after it was closed. */
const perAddress = 1000;
let opened = 0;
const source = (): string => `127.0.0.${2 + (Math.floor(opened++ / perAddress) % 200)}`;
/** How many connections are opened at once. */
const abreast = 20;

if (process.argv[2] === "server") await serve(process.argv[3] ?? "");
else await measure();

async function serve(folder: string): Promise<void> {
  const edge = await TestEdge.start({}, (origin) => {
    origin.open("demo", 100);
    for (let i = 0; i < 9; i++) origin.publishChunk("demo");
  });
  const answer = (_request: http.IncomingMessage, response: http.ServerResponse): void => {
    response.writeHead(200, { "content-length": 2 }).end("ok");
  };
  const plain = http.createServer(answer);
  const [key, cert] = ["key.pem", "cert.pem"].map((name) => readFileSync(join(folder, name)));
  const tls = https.createServer({ key, cert }, answer);
  for (const server of [plain, tls])
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", 4096, resolve));
  const portOf = (server: { address(): unknown }): number => (server.address() as AddressInfo).port;
  process.on("message", () => process.send?.(process.cpuUsage()));
  process.on("disconnect", () => process.exit());
  process.send?.({ edge: edge.port, plain: portOf(plain), tls: portOf(tls) } satisfies Ports);
}

function told<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve) => child.once("message", (value) => resolve(value as T)));
}

async function measure(): Promise<void> {
  const [runs, each] = [option("runs", 5), option("each", 2000)];
  const folder = mkdtempSync(join(tmpdir(), "join-costs-"));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost"];
  execFileSync("openssl", ["req", "-x509", ...curve, "-keyout", key, "-out", cert], { stdio: "ignore" });
  const child = fork(import.meta.filename, ["server", folder]);
  try {
    const ports = await told<Ports>(child);
    const cost = async (work: () => Promise<void>): Promise<number> => {
      const usage = async (): Promise<number> => {
        child.send("usage");
        const { user, system } = await told<NodeJS.CpuUsage>(child);
        return user + system;
      };
      const before = await usage();
      await work();
      return ((await usage()) - before) / each;
    };
    const state = "GET /live/demo/state.json HTTP/1.1\r\nhost: here\r\naccept-encoding: gzip\r\n";
    const segment = "GET /live/demo/opus-32k/101.m4s HTTP/1.1\r\nhost: here\r\n";
    const stream = "GET /live/demo/opus-32k/stream.mp4 HTTP/1.1\r\nhost: here\r\n\r\n";
    const last = "connection: close\r\n\r\n";
    const small = `GET / HTTP/1.1\r\nhost: here\r\n${last}`;
    const ticket: ConnectionOptions = {};
    await secure(ports.tls, small, {}, (session) => void Object.assign(ticket, { session }));
    const measured: Record<string, number[]> = {};
    const note = (what: string, value: number): void => void (measured[what] ??= []).push(value);
    for (let run = -1; run < runs; run++) {
      const stateKept = await cost(() => kept(ports.edge, `${state}\r\n`, each));
      const segmentKept = await cost(() => kept(ports.edge, `${segment}\r\n`, each));
      const stateAlone = await cost(() => many(each, () => plain(ports.edge, state + last)));
      const joined = await cost(() => many(each, () => plain(ports.edge, stream, 900)));
      const other = await cost(() => many(each, () => plain(ports.plain, small)));
      const full = await cost(() => many(each, () => secure(ports.tls, small, {})));
      const resumed = await cost(() => many(each, () => secure(ports.tls, small, ticket)));
      if (run < 0) continue; // the first is the compiler's
      note("state.json on a kept connection", stateKept);
      note("a numbered segment on a kept connection", segmentKept);
      note("a connection, opened and closed", stateAlone - stateKept);
      note("joining stream.mp4, without its connection", joined - (stateAlone - stateKept));
      note("a TLS handshake, full", full - other);
      note("a TLS handshake, resumed", resumed - other);
    }
    const rows = Object.entries(measured).map(([what, values]) => ({
      what,
      unit: "µs of a core",
      target: "",
      value: figures(values),
    }));
    print(`node bench/join-costs.ts --runs ${runs} --each ${each}`, rows);
  } finally {
    child.disconnect();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function many(count: number, one: () => Promise<void>): Promise<void> {
  let left = count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await one();
  };
  await Promise.all(Array.from({ length: abreast }, worker));
}

/** One connection that asks and ends when the server does, or when `enough` bytes have come. */
function plain(port: number, request: string, enough = Number.POSITIVE_INFINITY): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", localAddress: source() });
    let got = 0;
    socket.on("data", (part) => {
      got += part.length;
      if (got >= enough) socket.destroy();
    });
    socket.on("close", () => (got > 0 ? resolve() : reject(new Error("nothing came"))));
    socket.on("error", reject);
    socket.write(request);
  });
}

function secure(
  port: number,
  request: string,
  options: ConnectionOptions,
  keep?: (session: Buffer) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const local = { localAddress: source() } as ConnectionOptions;
    const socket = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false, ...local, ...options });
    if (keep) socket.on("session", keep);
    socket.on("data", () => {});
    const asked = "session" in options;
    socket.on("secureConnect", () => {
      if (socket.isSessionReused() !== asked) reject(new Error(`resumed: ${!asked}, and that was not asked for`));
    });
    socket.on("close", () => resolve());
    socket.on("error", reject);
    socket.write(request);
  });
}

/** Asks one after the other on one connection. */
async function kept(port: number, request: string, count: number): Promise<void> {
  const lanes = Array.from(
    { length: abreast },
    () =>
      new Promise<void>((resolve, reject) => {
        const socket = connect({ port, host: "127.0.0.1", localAddress: source() });
        let [left, text] = [Math.ceil(count / abreast), ""];
        let length = -1;
        socket.on("data", (part) => {
          text += part.toString("latin1");
          const end = text.indexOf("\r\n\r\n");
          if (end < 0) return;
          length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? Number.NaN);
          if (text.length < end + 4 + length) return;
          text = "";
          if (--left > 0) return void socket.write(request);
          socket.destroy();
          resolve();
        });
        socket.on("error", reject);
        socket.write(request);
      }),
  );
  await Promise.all(lanes);
}
