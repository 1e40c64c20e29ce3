import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { expect, test } from "vitest";
import { DirectWrites } from "./direct-writes.ts";
import { FanOut, maxQueuedBytes, maxSkippedMs, place } from "./fan-out.ts";
import { Slices, sliceMs } from "./slices.ts";
import { until } from "./edge.test-server.ts";

/** Two ends of a connection, and a way to close them. */
async function pair(): Promise<{ server: Socket; client: Socket; close: () => void }> {
  const listening = createServer().listen(0, "127.0.0.1");
  await once(listening, "listening");
  const client = connect((listening.address() as AddressInfo).port, "127.0.0.1");
  const [server] = (await once(listening, "connection")) as [Socket];
  server.on("error", () => {});
  client.on("error", () => {});
  const close = (): void => {
    client.destroy();
    server.destroy();
    listening.close();
  };
  return { server, client, close };
}

const counts = () => ({ sentBytes: 0, slowSkips: 0, slowCloses: 0, left: 0, leftEarly: 0 });
const segment = Buffer.alloc(200_000, 1);

test("ED-14 one who never drains holds a bounded queue, and is closed and counted", async () => {
  const { server, client, close } = await pair();
  client.pause();
  let now = 1000;
  const counted = counts();
  const fanOut = new FanOut({ slices: new Slices(), writes: new DirectWrites(), counts: counted, now: () => now });
  fanOut.join(server, segment, 0);
  for (let i = 0; i < 400; i++) {
    fanOut.push(segment, i, 0);
    await new Promise((resolve) => setImmediate(resolve));
    expect(server.writableLength).toBeLessThanOrEqual(maxQueuedBytes + segment.length);
  }
  expect(counted).toMatchObject({ slowSkips: 1, slowCloses: 0 });
  expect(fanOut.size).toBe(1);
  now += maxSkippedMs + 1;
  fanOut.push(segment, 400, 0);
  await until(() => fanOut.size === 0);
  expect(counted).toMatchObject({ slowSkips: 1, slowCloses: 1 });
  close();
});

test("ED-14 a listener is skipped only at a segment's start", async () => {
  const { server, client, close } = await pair();
  client.pause();
  const counted = counts();
  const fanOut = new FanOut({ slices: new Slices(), writes: new DirectWrites(), counts: counted, maxQueuedBytes: 10 });
  fanOut.join(server, segment, 0);
  let sent = 0;
  let index = 1;
  while (server.writableLength <= 10) {
    fanOut.push(segment, 0, index++);
    await new Promise((resolve) => setImmediate(resolve));
  }
  sent = counted.sentBytes;
  fanOut.push(segment, 0, index++);
  expect(counted.sentBytes).toBe(sent + segment.length);
  fanOut.push(segment, 1, 0);
  fanOut.push(segment, 1, 1);
  expect(counted.sentBytes).toBe(sent + segment.length);
  expect(counted.slowSkips).toBe(1);
  close();
});

test("ED-11 who leaves in the middle takes nobody else along", async () => {
  const pairs = await Promise.all([pair(), pair(), pair(), pair()]);
  const fanOut = new FanOut({ slices: new Slices(), writes: new DirectWrites(), counts: counts() });
  for (const { server } of pairs) fanOut.join(server, Buffer.from("."), 0);
  const heard = pairs.map(({ client }) => {
    const parts: string[] = [];
    client.on("data", (data) => parts.push(data.toString()));
    return parts;
  });
  pairs[1]?.server.destroy();
  pairs[0]?.server.destroy();
  await until(() => fanOut.size === 2);
  fanOut.push(Buffer.from("!"), 1, 0);
  await until(() => heard[2]?.join("") === ".!" && heard[3]?.join("") === ".!");
  for (const { close } of pairs) close();
  await until(() => fanOut.size === 0);
});

test("ED-11 who waits for a beginning gets nothing before it", async () => {
  const { server, client, close } = await pair();
  const fanOut = new FanOut({ slices: new Slices(), writes: new DirectWrites(), counts: counts() });
  const heard: string[] = [];
  client.on("data", (data) => heard.push(data.toString()));
  fanOut.join(server, Buffer.from("head "), place(2, 0));
  await until(() => heard.join("") === "head ");
  fanOut.push(Buffer.from("middle "), 1, 1);
  fanOut.push(Buffer.from("start "), 2, 0);
  fanOut.push(Buffer.from("more"), 2, 1);
  await until(() => heard.join("") === "head start more");
  close();
});

/** A clock of which every look takes a third of a slice. */
function slowSlices(): Slices {
  let now = 0;
  return new Slices(() => (now += sliceMs / 3));
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("ED-40 a push goes on in slices, and who hears what does not depend on when it is through", async () => {
  const counted = counts();
  const fanOut = new FanOut({ slices: slowSlices(), writes: new DirectWrites(), counts: counted });
  const heard = new Map<Awaited<ReturnType<typeof pair>>, { text: string; wanted: string }>();
  const join = async (at: number): Promise<void> => {
    const one = await pair();
    const state = { text: "", wanted: `first${at} ` };
    heard.set(one, state);
    one.client.on("data", (data) => (state.text += data.toString()));
    fanOut.join(one.server, Buffer.from(state.wanted), place(at, 0));
  };
  for (let i = 0; i < 60; i++) await join(0);
  let longest = 0;
  for (let n = 0; n < 30; n++) {
    const before = counted.sentBytes;
    const bytes = `segment${n} `;
    for (const state of heard.values()) state.wanted += bytes;
    fanOut.push(Buffer.from(bytes), n, 0);
    fanOut.finished(n);
    longest = Math.max(longest, (counted.sentBytes - before) / bytes.length);
    // In the middle of it some leave and others come; and now and then there is no time at all before the next.
    if (n % 3 === 0) continue;
    const [leaver] = [...heard.keys()].toSpliced(0, (n * 7) % heard.size);
    if (leaver) {
      heard.delete(leaver);
      leaver.close();
    }
    await join(n + 1);
    await turn();
  }
  expect(longest).toBeGreaterThan(0);
  expect(longest).toBeLessThan(20);
  await until(() => [...heard.values()].every(({ text, wanted }) => text.length >= wanted.length));
  for (const { text, wanted } of heard.values()) expect(text).toBe(wanted);
  fanOut.end();
  await until(() => fanOut.size === 0);
  for (const one of heard.keys()) one.close();
});

test("ED-40 the end comes after all that was pushed, for everybody", async () => {
  const fanOut = new FanOut({ slices: slowSlices(), writes: new DirectWrites(), counts: counts() });
  const pairs = await Promise.all(Array.from({ length: 40 }, pair));
  const heard = pairs.map(({ client }) => {
    const state = { text: "", ended: false };
    client.on("data", (data) => (state.text += data.toString()));
    client.on("end", () => (state.ended = true));
    return state;
  });
  for (const { server } of pairs) fanOut.join(server, undefined, 0);
  for (let n = 0; n < 5; n++) fanOut.push(Buffer.from(String(n)), n, 0);
  fanOut.end();
  const late = await pair();
  late.client.on("end", () => late.close()).resume();
  fanOut.join(late.server, Buffer.from("late"), place(5, 0));
  await until(() => heard.every(({ ended }) => ended) && late.client.destroyed);
  expect(new Set(heard.map(({ text }) => text))).toEqual(new Set(["01234"]));
  for (const { close } of pairs) close();
});

test("ED-133 how far behind they are is the age of the oldest chunk that not everybody was given, and nothing once all were", async () => {
  let now = 1000;
  const fanOut = new FanOut({ slices: slowSlices(), writes: new DirectWrites(), counts: counts(), now: () => now });
  const pairs = await Promise.all(Array.from({ length: 40 }, pair));
  for (const { server } of pairs) fanOut.join(server, undefined, 0);
  expect(fanOut.behind).toBe(0);
  fanOut.push(Buffer.from("a"), 0, 0);
  now += 700;
  fanOut.push(Buffer.from("b"), 0, 1);
  now += 600;
  // It is not through with the first.
  expect(fanOut.behind).toBe(1300);
  await until(() => fanOut.behind < 1300);
  expect([0, 600]).toContain(fanOut.behind);
  await until(() => fanOut.behind === 0);
  for (const one of pairs) one.close();
});
