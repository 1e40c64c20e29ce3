import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { ms } from "../foundation/duration.ts";
import { livePaths } from "../wire/paths.ts";
import { type Listener, TestEdge, until } from "./edge.test-server.ts";
import { DirectWrites, queuedBytes } from "./direct-writes.ts";
import { FanOut, type Position } from "./fan-out.ts";
import type { ChannelName, Successor } from "./hand-over.ts";
import { Slices } from "./slices.ts";
import { initOf, type TestOrigin } from "./origin.test-server.ts";

const rendition = "opus-32k";
const path = livePaths.stream("a", rendition);

/** A successor in the same process: what another process would be sent is given to it. */
class NextEdge implements Successor {
  edge: TestEdge | undefined;
  underWay = 0;
  gone = false;
  given = 0;
  /** How many cannot be sent. */
  refusals = 0;

  async prepare(names: readonly ChannelName[]): Promise<readonly boolean[]> {
    return this.edge ? this.edge.edge.adoption.prepare(names) : names.map(() => false);
  }

  give(name: ChannelName, at: Position, socket: Socket, refused: () => void): void {
    this.underWay++;
    setTimeout(() => {
      this.underWay--;
      if (this.refusals-- > 0) return refused();
      this.given++;
      this.edge?.edge.adoption.adopt(name, at, socket);
    }, 5);
  }
}

/** Two ends of a connection, and a way to close them. */
async function pair(): Promise<{ server: Socket; client: Socket; close: () => void }> {
  const listening = createServer().listen(0, "127.0.0.1");
  await once(listening, "listening");
  const client = connect((listening.address() as AddressInfo).port, "127.0.0.1");
  const [server] = (await once(listening, "connection")) as [Socket];
  for (const socket of [server, client]) socket.on("error", () => {});
  const close = (): void => {
    client.destroy();
    server.destroy();
    listening.close();
  };
  return { server, client, close };
}

const leaving = (next: NextEdge, window = 800) => ({ farewell: () => ({ window: ms(window), successor: next }) });

async function publishing(origin: TestOrigin, until_: () => boolean): Promise<void> {
  while (!until_()) {
    origin.publishChunk("a");
    await sleep(20);
  }
}

/** Everything from segment 9 on, up to the chunk that was published last. */
const everything = (origin: TestOrigin, latest: number): Buffer =>
  Buffer.concat([
    initOf(rendition),
    ...Array.from({ length: latest - 8 }, (_, i) => origin.segment("a", rendition, 9 + i)),
  ]);

test.concurrent.each([
  ["by chunk, as this one", 1000, 1000],
  ["whole segments, as this one", 0, 0],
  ["whole segments, this one by chunk", 1000, 0],
  ["by chunk, this one whole segments", 0, 1000],
])("ED-64 a successor that pushes %s goes on with every byte once", async (_, from, to) => {
  const next = new NextEdge();
  await using old = await TestEdge.start({ ...leaving(next), push: { segmentFrom: from } }, (origin) =>
    origin.open("a", 10),
  );
  const { origin } = old;
  await using edge = await TestEdge.start({ upstreams: [origin.socketPath], push: { segmentFrom: to } });
  next.edge = edge;
  // The modes are looked at four times a second.
  await sleep(300);
  const listeners = Array.from({ length: 40 }, () => old.stream(path));
  await until(() => listeners.every(({ body }) => body.length > 0));
  let isOver = false;
  const ended = old.scope.end().then(() => (isOver = true));
  await publishing(origin, () => isOver);
  await ended;
  expect([next.given, old.metric("rostra_edge_handed_over_total")]).toEqual([40, 40]);
  expect(edge.metric("rostra_edge_adopted_total")).toBe(40);
  await until(() => edge.metric("rostra_edge_listeners") === 40);
  await expectAll(listeners, origin);
});

/** Publishes up to a segment's end, and holds everybody to having had all of it. */
async function expectAll(listeners: readonly Listener[], origin: TestOrigin): Promise<void> {
  const before = origin.state("a").latest;
  while (origin.state("a").latest === before) origin.publishChunk("a");
  const all = everything(origin, origin.state("a").latest ?? 0);
  await until(() => listeners.every(({ body }) => body.length >= all.length));
  expect(listeners.filter(({ body, closed }) => closed || !body.equals(all))).toEqual([]);
}

test.concurrent("ED-65 who is encrypted, and who does not read, stays and is drained", async () => {
  const next = new NextEdge();
  await using old = await TestEdge.start(leaving(next, 2500), (origin) => {
    origin.chunkBytes = 110_000;
    origin.open("a", 10);
  });
  await using edge = await TestEdge.start({ upstreams: [old.origin.socketPath] });
  next.edge = edge;
  let connections = 0;
  old.edge.server.on("connection", (socket) => connections++ === 0 && Object.assign(socket, { encrypted: true }));
  const encrypted = old.stream(path);
  await until(() => encrypted.body.length > 0);
  const slow = old.stream(path);
  await until(() => slow.bytes > 0);
  slow.socket.pause();
  const ready = old.stream(path);
  await until(() => ready.body.length > 0);
  // Until the kernel takes no more for the one who does not read.
  for (let i = 0; i < 60; i++) {
    old.origin.publishChunk("a");
    await sleep(10);
  }
  let isOver = false;
  const ended = old.scope.end().then(() => (isOver = true));
  await publishing(old.origin, () => isOver);
  await ended;
  expect(next.given).toBe(1);
  expect(edge.metric("rostra_edge_listeners")).toBe(1);
  await until(() => encrypted.closed);
  expect(ready.closed).toBe(false);
  slow.socket.resume();
  await until(() => slow.closed);
});

test.concurrent("ED-65 who has bytes queued, slow or not yet, is not let go of", async () => {
  const { server, client, close } = await pair();
  client.pause();
  const counts = { sentBytes: 0, slowSkips: 0, slowCloses: 0, left: 0, leftEarly: 0 };
  const fanOut = new FanOut({ slices: new Slices(), writes: new DirectWrites(), counts, maxQueuedBytes: Infinity });
  fanOut.join(server, Buffer.alloc(10), 0);
  let n = 0;
  for (; queuedBytes(server) === 0; n++) fanOut.push(Buffer.alloc(200_000), n, 0);
  fanOut.finished(n - 1);
  expect(fanOut.release()).toEqual({ at: { n, index: 0 }, sockets: [] });
  client.resume();
  await until(() => queuedBytes(server) === 0);
  expect(fanOut.release()?.sockets).toEqual([server]);
  expect(fanOut.size).toBe(0);
  close();
});

test.concurrent("ED-65 a successor that is gone, or has not what they hear, leaves them to be drained", async () => {
  for (const gone of [true, false]) {
    const next = new NextEdge();
    next.gone = gone;
    await using old = await TestEdge.start(leaving(next, 1000), (origin) => origin.open("a", 10));
    const listener = old.stream(path);
    await until(() => listener.body.length > 0);
    const ended = old.scope.end();
    await publishing(old.origin, () => listener.ended);
    await ended;
    expect(next.given).toBe(0);
  }
});

test.concurrent("ED-65 one that could not be sent stays, and goes on", async () => {
  const next = new NextEdge();
  await using old = await TestEdge.start(leaving(next), (origin) => origin.open("a", 10));
  await using edge = await TestEdge.start({ upstreams: [old.origin.socketPath] });
  next.edge = edge;
  next.refusals = 3;
  const listener = old.stream(path);
  await until(() => listener.body.length > 0);
  let isOver = false;
  const ended = old.scope.end().then(() => (isOver = true));
  await publishing(old.origin, () => isOver);
  await ended;
  expect(next.given).toBe(1);
  await expectAll([listener], old.origin);
});

test.concurrent("ED-66 what came in between is given from the window, or fetched", async () => {
  await using edge = await TestEdge.start({}, (origin) => origin.open("a", 12));
  const parts: Buffer[] = [];
  const { server: socket, client, close } = await pair();
  client.on("data", (part) => parts.push(part));
  const name = { space: "a", rendition } as const;
  expect(await edge.edge.adoption.prepare([name, { ...name, space: "b" }])).toEqual([true, false]);
  edge.edge.adoption.adopt(name, { n: 8, index: 2 }, socket);
  edge.origin.publishSegment("a");
  const segment = (n: number): Buffer => edge.origin.segment("a", rendition, n);
  const all = Buffer.concat([edge.origin.chunk("a", rendition, 8, 2), ...[9, 10, 11, 12].map(segment)]);
  await until(() => Buffer.concat(parts).length >= all.length);
  expect(Buffer.concat(parts).equals(all)).toBe(true);
  expect(edge.metric("rostra_edge_listeners")).toBe(1);
  close();
  await until(() => edge.metric("rostra_edge_listeners") === 0);
}, 20_000);
