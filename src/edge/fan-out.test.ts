import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { expect, test } from "vitest";
import { DirectWrites } from "./direct-writes.ts";
import { FanOut, maxQueuedBytes, maxSkippedMs, place } from "./fan-out.ts";
import { Slices } from "./slices.ts";
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

const counts = () => ({ sentBytes: 0, slowSkips: 0, slowCloses: 0 });
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
