import { createHmac } from "node:crypto";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { actionOn } from "./action.fixture.ts";
import { mostTries, webhook } from "./webhook.ts";

interface Delivery {
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

const open: http.Server[] = [];
afterEach(() => open.splice(0).forEach((server) => server.close()));

/** A receiver that answers what `answers` says, the last for ever; 0 cuts the connection. */
async function receiver(...answers: number[]): Promise<{ url: URL; deliveries: Delivery[] }> {
  const deliveries: Delivery[] = [];
  const server = http.createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      deliveries.push({ headers: request.headers, body: Buffer.concat(parts).toString() });
      const status = answers.length > 1 ? answers.shift() : answers[0];
      if (status === 0) request.socket.destroy();
      else response.writeHead(status ?? 200, { location: "http://127.0.0.1:9/" }).end("as you wish");
    });
  });
  open.push(server);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return { url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?a=1`), deliveries };
}

const at = Date.UTC(2026, 0, 2, 3, 4, 5);
const forEver = new AbortController().signal;

test("EX-42 what is told is signed with its time, and says until when", async () => {
  const { url, deliveries } = await receiver(204);
  await webhook({ url, key: "k".repeat(43), now: () => at, signal: forEver }).tell(actionOn("192.0.2.7"));
  const [{ headers, body }] = deliveries as [Delivery];
  expect(JSON.parse(body)).toEqual({
    v: 1,
    at: "2026-01-02T03:04:05.000Z",
    what: "block",
    prefix: "192.0.2.7/32",
    seconds: 60,
    until: "2026-01-02T03:05:05.000Z",
    reason: "came on although refused",
    figures: { refused: 812, addresses: 1, hits: 0, of: 5012 },
  });
  const hmac = createHmac("sha256", "k".repeat(43))
    .update(`${at / 1000}.${body}`)
    .digest("hex");
  expect(headers["rostra-signature"]).toBe(`t=${at / 1000},v1=${hmac}`);
  expect(body).not.toContain("kkkk");
});

test("EX-42 it is told again with growing, random waits, as the same delivery, until it is answered", async () => {
  const { url, deliveries } = await receiver(500, 0, 429, 302, 200);
  const waits: number[] = [];
  const wait = async (ms: number): Promise<void> => void waits.push(ms);
  const hook = webhook({ url, key: "k", now: () => at, signal: forEver, random: () => 0.5, wait });
  await hook.tell(actionOn("192.0.2.7"));
  expect(waits).toEqual([500, 1000, 2000, 4000]);
  expect(new Set(deliveries.map(({ headers }) => headers["rostra-delivery"])).size).toBe(1);
  expect(deliveries.length).toBe(5);
});

test("EX-42 it is given up when it is refused for good, tried often, or over", async () => {
  const wait = async (): Promise<void> => {};
  const refusing = await receiver(401);
  const refused = webhook({ url: refusing.url, key: "k", now: () => at, signal: forEver, wait });
  await expect(refused.tell(actionOn("192.0.2.7"))).rejects.toThrow("answered 401; tried 1 times");
  const failing = await receiver(500);
  const failed = webhook({ url: failing.url, key: "k", now: () => at, signal: forEver, wait });
  await expect(failed.tell(actionOn("192.0.2.7"))).rejects.toThrow(`tried ${mostTries} times`);
  expect(failing.deliveries.length).toBe(mostTries);
  const slow = await receiver(503);
  let now = at;
  const later = async (): Promise<void> => void (now += 40_000);
  const over = webhook({ url: slow.url, key: "k", now: () => now, signal: forEver, wait: later });
  await expect(over.tell(actionOn("192.0.2.7"))).rejects.toThrow("over");
  expect(slow.deliveries.length).toBe(2);
});

test("EX-42 a server that ends waits for nobody", async () => {
  const { url } = await receiver(500);
  const ends = new AbortController();
  const told = webhook({ url, key: "k", now: () => at, signal: ends.signal, random: () => 1 }).tell(
    actionOn("192.0.2.7"),
  );
  ends.abort();
  await expect(told).rejects.toThrow();
});
