import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { type Listener, TestEdge } from "../../edge/edge.test-server.ts";
import { beyondGapMs, requestsAtOnce, requestsPerSecond } from "../../edge/pace.ts";
import { Meter } from "../../foundation/meter.ts";
import { livePaths } from "../../wire/paths.ts";
import { makeShield } from "./guard.ts";

const connections = 20;
const floodMs = 2500;
const ask = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: here\r\n\r\n`;

const answersIn = (bytes: Buffer): number => bytes.toString("latin1").split("HTTP/1.1 200 OK").length - 1;

/** Asks again as soon as it is answered, until it is closed. */
function asksOnAndOn({ socket }: Listener, path: string): { answered: number } {
  const state = { answered: 0 };
  socket.on("data", (part: Buffer) => {
    const answers = answersIn(part);
    state.answered += answers;
    if (answers > 0) socket.write(ask(path));
  });
  return state;
}

test.each([
  ["the state", livePaths.state("a")],
  ["a segment", livePaths.segment("a", "opus-32k", 28)],
])(
  "ED-171 a flood that asks for %s on kept connections is slowed down, and not closed; who asks as players do is not",
  async (_, path) => {
    const shield = makeShield(new Meter());
    await using edge = await TestEdge.start({ guard: shield }, (origin) => origin.open("a", 30));
    const since = performance.now();
    const clients = Array.from({ length: connections }, () => edge.raw(ask(path)));
    const floods = clients.map((client) => asksOnAndOn(client, path));
    using player = edge.raw("");
    const heard = (): number => answersIn(player.received);
    for (let i = 0; i < 6; i++) {
      player.socket.write(ask(path));
      await sleep(floodMs / 6);
    }
    const seconds = (performance.now() - since) / 1000;
    const answered = floods.reduce((sum, flood) => sum + flood.answered, 0);
    const most = requestsAtOnce + 1 + (requestsPerSecond + 1000 / beyondGapMs) * (seconds + 1);
    // Nobody slows them down but the pace: without it there are thousands.
    expect(answered).toBeLessThan(connections * most);
    expect(answered).toBeGreaterThanOrEqual(connections);
    await expect.poll(() => shield.counts.misdeeds.flood ?? 0, { timeout: 10_000 }).toBeGreaterThan(0);
    expect(clients.every(({ closed }) => !closed)).toBe(true);
    await expect.poll(heard, { timeout: 10_000 }).toBe(6);
    for (const { socket } of clients) socket.destroy();
  },
);
