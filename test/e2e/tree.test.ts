import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { Link } from "../../src/foundation/link.ts";
import { Crowd } from "./crowd.ts";
import { EdgeProcess, edgeKey, Wire } from "./edge-process.ts";
import { Server } from "./server.ts";

/** 8,000 with ROSTRA_E2E_LISTENERS=8000; fewer by default. */
const listeners = Number(process.env["ROSTRA_E2E_LISTENERS"] ?? 400);
const rendition = "opus-32k";

interface Reading {
  /** Segments that were asked for upstream. */
  readonly asked: number;
  readonly missing: number;
  readonly bad: number;
}

const read = async (edge: { metrics(): Promise<string> }): Promise<Reading> => {
  const lines = (await edge.metrics()).split("\n");
  const sum = (name: RegExp): number =>
    lines.filter((line) => name.test(line)).reduce((total, line) => total + Number(line.split(" ").at(-1)), 0);
  return {
    asked: sum(/^rostra_edge_upstream_fetches_total\{.*kind="(past-)?segment"/),
    missing: sum(/^rostra_edge_jumps_total/),
    bad: sum(/^rostra_edge_bad_segments_total/),
  };
};

test("EE-14 a tree of an origin, two edges and four edges: whatever is killed or cut, nobody misses a chunk, and segments are asked for once", async () => {
  await using server = await Server.start({ demo: true, edges: 1 });
  const live = await server.until("demo", (state) => state.status === "live" && !state.hold && (state.latest ?? 0) > 3);
  const key = await edgeKey(server.data);
  const main = server.url.replace("localhost", "127.0.0.1");
  await using wire = await Wire.to(main);
  // Each of the two in the middle knows the other, for when the way to the origin is cut.
  await using second = await EdgeProcess.start("second", [main], key);
  await using first = await EdgeProcess.start("first", [wire.url, second.url], key);
  const leaf = (name: string, upstreams: readonly EdgeProcess[]): Promise<EdgeProcess> =>
    EdgeProcess.start(
      name,
      upstreams.map(({ url }) => url),
      key,
    );
  await using leaf1 = await leaf("leaf 1", [first, second]);
  await using leaf2 = await leaf("leaf 2", [first, second]);
  await using leaf3 = await leaf("leaf 3", [second, first]);
  await using leaf4 = await leaf("leaf 4", [second, first]);
  const middle = [first, second];
  const leaves = [leaf1, leaf2, leaf3, leaf4];
  const edges = [...middle, ...leaves];

  const crowd = new Crowd({
    urls: [...leaves, ...middle].map(({ url }) => url),
    path: `/live/${live.id}/${rendition}`,
    epochMs: live.epochMs ?? 0,
  });
  const report: Record<string, unknown>[] = [];
  /** Runs a phase until everybody has all of it; tells what was asked for upstream meanwhile by those that live on. */
  const phase = async (name: string, run: () => Promise<void> | void, ms: number, alive: readonly EdgeProcess[]) => {
    crowd.worst();
    const from = (await server.until("demo", () => true)).latest ?? 0;
    const before = await Promise.all(alive.map(read));
    await run();
    await sleep(ms);
    const to = (await server.until("demo", () => true)).latest ?? 0;
    await expect.poll(() => crowd.slowest, { timeout: 30_000, interval: 50 }).toBeGreaterThanOrEqual((to + 1) * 3);
    const after = await Promise.all(alive.map(read));
    const asked = after.map((one, i) => one.asked - (before[i]?.asked ?? 0));
    report.push({
      phase: name,
      listeners: crowd.size,
      segments: to - from,
      asked: asked.join(" "),
      latestChunkMs: crowd.worst(),
    });
    expect({ name, faults: crowd.faults.slice(0, 5) }).toEqual({ name, faults: [] });
    expect(after.map(({ missing, bad }) => missing + bad)).toEqual(alive.map(() => 0));
    return { asked, segments: to - from };
  };

  try {
    crowd.join(12, leaves.length);
    const few = await phase("few listeners", () => {}, 5000, leaves);
    crowd.join(listeners - 12, edges.length);
    await phase("many join", () => {}, 3000, edges);
    const many = await phase("many listeners", () => {}, 5000, edges);
    for (const { asked, segments } of [few, many]) {
      // One for each segment. Where a machine stands still for a second some are asked for again; never one for each listener.
      for (const one of asked) expect(one).toBeLessThanOrEqual(2 * segments + 4);
    }
    await phase("kill -9 of a leaf's process", () => leaf1.killWorker(), 5000, [...middle, leaf2, leaf3, leaf4]);
    await phase("the way from the origin to an edge is cut", () => wire.cut(), 6000, [...middle, leaf2, leaf3, leaf4]);
    await phase("and mended", () => wire.mend(), 3000, [...middle, leaf2, leaf3, leaf4]);
    await phase("an edge in the middle is gone for good", () => first.kill(), 5000, [second, leaf2, leaf3, leaf4]);
    await phase("kill -9 of the origin", () => server.kill("origin"), 6000, [second, leaf2, leaf3, leaf4]);
    await phase("kill -9 of the main server's edge", () => server.kill("edge 1"), 5000, [second, leaf2, leaf3, leaf4]);
    const reload = async (): Promise<void> => {
      const link = new Link(join(server.data, "run", "metrics.sock"), 1);
      await link.json({ method: "POST", path: "/reload", timeoutMs: 60_000 }).finally(() => link.close());
    };
    await phase("the main server's edge is replaced by another", reload, 3000, [second, leaf2, leaf3, leaf4]);
    report.push({ moves: crowd.moves, filledByNumber: crowd.filled });
  } finally {
    console.table(report);
    crowd.end();
  }
}, 400_000);
