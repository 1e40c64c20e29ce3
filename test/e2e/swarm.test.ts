import { expect, test } from "vitest";
import type { SwarmOrder } from "../../src/rehearsal/swarm/contract.ts";
import { runSwarm } from "../../src/rehearsal/swarm/swarm.ts";
import { Server } from "./server.ts";

const people = 300;
const order = (base: string): SwarmOrder => ({
  target: { bases: [base], space: "demo" },
  behaviour: {
    mix: { stream: 0.5, numbered: 0.25, hls: 0.25 },
    pageShare: 0.3,
    patience: 60,
    reloadAfter: 600,
    giveUpAfter: 600,
    leaveAfter: 1e9,
    returnShare: 0,
    returnAfter: 60,
    endWithin: 1,
  },
  arrivals: Array.from({ length: people }, (_, i) => (2 * i) / people),
  until: 7,
  sources: ["127.0.0.61", "127.0.0.62"],
  most: 2 * people,
  seed: 7,
  beginsAt: Date.now(),
});

test("RH-46 three hundred of the swarm, in all three ways over two edges, get every segment of a real server once and right", async () => {
  await using server = await Server.start({ demo: true, edges: 2 });
  await server.until("demo", (state) => state.status === "live" && !state.hold && (state.latest ?? 0) > 6);
  let most = 0;
  const end = await runSwarm(
    order(server.url),
    ({ playing }) => (most = Math.max(most, playing)),
    new AbortController().signal,
  );
  const { arrived, heard, gaps, disorder, wrong, unchecked, refused, gaveUp, segments, cut } = end;
  console.log(`${segments} segments, ${end.attempts} attempts, ${end.timeouts} timeouts`);
  expect({ arrived, heard, gaps, disorder, wrong, unchecked, refused, gaveUp, cut }).toEqual({
    arrived: people,
    heard: people,
    gaps: 0,
    disorder: 0,
    wrong: 0,
    unchecked: 0,
    refused: {},
    gaveUp: 0,
    cut: 0,
  });
  expect(most).toBe(people);
  expect(segments).toBeGreaterThan(5 * people);
}, 60_000);
