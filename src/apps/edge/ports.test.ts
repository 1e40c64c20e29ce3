import { EventEmitter, once } from "node:events";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { promisify } from "node:util";
import { afterEach, expect, test } from "vitest";
import { closeQueues } from "../../edge/accept-queues.ts";
import { silentLog } from "../../foundation/log.ts";
import { type BareHandle, handleOf, Peers, type PeerMessage } from "./peers.ts";
import { Ports } from "./ports.ts";

/** A process with a supervisor that passes everything on to `other`, handles as they are. */
class Process extends EventEmitter {
  readonly platform: NodeJS.Platform;
  readonly connected = true;
  other: Process | undefined;
  readonly said: string[] = [];

  constructor(platform: NodeJS.Platform = "linux") {
    super();
    this.platform = platform;
  }

  send(message: PeerMessage, handle: BareHandle | undefined): void {
    this.said.push(message.t);
    this.other?.emit("message", message, handle);
  }

  peers(): Peers {
    return new Peers(this as unknown as NodeJS.Process);
  }
}

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    closeQueues(server);
    server.close();
  }
});
function server(): Server {
  const made = createServer((socket) => socket.end());
  servers.push(made);
  return made;
}
async function freePort(): Promise<number> {
  const made = createServer().listen(0, "127.0.0.1");
  await once(made, "listening");
  const { port } = made.address() as AddressInfo;
  made.close();
  await once(made, "close");
  return port;
}
const host = "127.0.0.1";

test("ED-67 a successor listens on its predecessor's own socket", async () => {
  const [old, next] = [new Process(), new Process()];
  [old.other, next.other] = [next, old];
  const port = await freePort();
  const [first, second] = [server(), server()];
  await new Ports({ log: silentLog, peers: old.peers() }).open("http", first, { host, port });
  const ports = new Ports({ log: silentLog, peers: next.peers(), succeeds: true });
  await ports.open("http", second, { host, port });
  expect(handleOf(second)).toBe(handleOf(first));
  // Another port that the predecessor does not have is opened anew, and nobody is asked twice.
  const other = await freePort();
  await ports.open("https", server(), { host, port: other });
  expect(next.said).toEqual(["lend-ports"]);
  const client = connect(other, host);
  await once(client, "connect");
  client.destroy();
});

test.each([
  ["does not answer", new Process(), true],
  ["lends what is no port", new Process(), true],
  ["cannot pass sockets", new Process("win32"), true],
  ["is not there", new Process(), false],
])("ED-67 where the predecessor %s the port is opened beside it", async (how, process, succeeds) => {
  const port = await freePort();
  const first = server();
  await new Ports({ log: silentLog }).open("http", first, { host, port });
  if (how.includes("no port")) {
    const liar = (process.other = new Process());
    liar.on("message", () => {
      process.emit("message", { t: "port", name: "http" }, { close: () => {} });
      process.emit("message", { t: "ports-lent" });
    });
  }
  const second = server();
  const ports = new Ports({ log: silentLog, peers: process.peers(), succeeds, lentWithin: 50 });
  await ports.open("http", second, { host, port });
  expect((second.address() as AddressInfo).port).toBe(port);
  expect(handleOf(second)).not.toBe(handleOf(first));
});

/** A server, and how many connections it accepted in the turn of the loop in which it accepted most. */
async function burst(connections: number, queues: number): Promise<{ listening: Server; most: number }> {
  const port = await freePort();
  let [inTurn, accepted] = [0, 0];
  const listening = createServer((socket) => {
    inTurn++;
    accepted++;
    socket.destroy();
  });
  servers.push(listening);
  await new Ports({ log: silentLog, queues }).open("http", listening, { host, port });
  // The kernel completes them all while nobody accepts.
  for (let i = 0; i < connections; i++) connect(port, host).on("error", () => {});
  let most = 0;
  while (accepted < connections) {
    inTurn = 0;
    await new Promise((turn) => setImmediate(turn));
    most = Math.max(most, inTurn);
  }
  return { listening, most };
}

test("ED-69 a burst of connections is accepted from each queue one in each turn of the loop", async () => {
  expect((await burst(200, 1)).most).toBe(1);
  const { most } = await burst(200, 8);
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(8);
});

test("ED-69 what comes from any of its queues is the server's, and counts against its cap; closed, none accepts", async () => {
  const port = await freePort();
  const listening = server();
  listening.removeAllListeners("connection");
  listening.maxConnections = 20;
  let dropped = 0;
  listening.on("drop", () => dropped++);
  await new Ports({ log: silentLog, queues: 16 }).open("http", listening, { host, port });
  const clients = Array.from({ length: 60 }, () => connect(port, host).on("error", () => {}));
  while (dropped < 40) await new Promise((turn) => setImmediate(turn));
  expect(await promisify(listening.getConnections.bind(listening))()).toBe(20);
  closeQueues(listening);
  listening.close();
  for (const client of clients) client.destroy();
  const [failure] = (await once(connect(port, host), "error")) as [NodeJS.ErrnoException];
  expect(failure.code).toBe("ECONNREFUSED");
});

test("ED-67 every queue of a port is taken over", async () => {
  const [old, next] = [new Process(), new Process()];
  [old.other, next.other] = [next, old];
  const port = await freePort();
  const [first, second] = [server(), server()];
  const lent: (BareHandle | undefined)[] = [];
  next.on("message", ({ t }: PeerMessage, handle: BareHandle | undefined) => t === "port" && lent.push(handle));
  await new Ports({ log: silentLog, peers: old.peers(), queues: 4 }).open("http", first, { host, port });
  await new Ports({ log: silentLog, peers: next.peers(), succeeds: true, queues: 4 }).open("http", second, {
    host,
    port,
  });
  expect(new Set(lent).size).toBe(4);
  let came = 0;
  second.on("connection", () => came++);
  for (let i = 0; i < 40; i++) connect(port, host).on("error", () => {});
  while (came < 40) await new Promise((turn) => setImmediate(turn));
});
