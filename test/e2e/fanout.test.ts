import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { StreamListener } from "./listener.ts";
import { Server } from "./server.ts";

/** Three minutes with ROSTRA_E2E_SECONDS=180; shorter by default. */
const seconds = Number(process.env["ROSTRA_E2E_SECONDS"] ?? 15);

const total = (metrics: string, name: RegExp): number =>
  metrics
    .split("\n")
    .filter((line) => name.test(line))
    .reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);

test(
  "EE-1 two hundred listeners get the same bytes without a gap, each segment fetched once by each edge",
  async () => {
    await using server = await Server.start({ demo: true });
    await server.until("demo", (state) => state.status === "live" && !state.hold && state.latest !== null);
    const rendition = "opus-32k";
    const listeners = Array.from(
      { length: 200 },
      () => new StreamListener(server.url, `/live/demo/${rendition}/stream.mp4`),
    );
    await sleep(seconds * 1000);
    const state = await server.until("demo", ({ listeners: count }) => count >= 200);
    const metrics = await server.metrics();
    for (const listener of listeners) listener.end();

    expect(listeners.flatMap(({ error, gaps }) => [...(error ? [error] : []), ...gaps])).toEqual([]);
    expect(state.listeners).toBe(200);
    const hashes = new Map<number, Set<string>>();
    for (const listener of listeners) {
      expect(listener.segments.size).toBeGreaterThanOrEqual(Math.floor((seconds * 1000) / 960) - 2);
      for (const [n, hash] of listener.segments) hashes.set(n, (hashes.get(n) ?? new Set()).add(hash));
    }
    expect([...hashes.values()].filter((set) => set.size !== 1)).toEqual([]);
    // The numbered segment is the same bytes as what was streamed.
    const n = state.latest ?? 0;
    const whole = Buffer.from(await (await fetch(`${server.url}/live/demo/${rendition}/${n}.m4s`)).arrayBuffer());
    const streamed = hashes.get(n);
    if (streamed) expect([...streamed]).toEqual([createHash("sha256").update(whole).digest("hex")]);

    const fetches = total(metrics, /^rostra_edge_upstream_fetches_total\{.*kind="(past-)?segment"/);
    const edges = 2;
    const span = Math.max(...hashes.keys()) - Math.min(...hashes.keys()) + 1;
    console.log(
      `${listeners.length} listeners, ${seconds} s, ${span} segments, ${fetches} upstream fetches by ${edges} edges`,
    );
    // One for each segment and edge, the one that is being asked for ahead, and the burst at the start.
    expect(fetches).toBeLessThanOrEqual(edges * (span + 4));
    expect(fetches).toBeGreaterThanOrEqual(span);
  },
  (seconds + 60) * 1000,
);
