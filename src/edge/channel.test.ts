import { join } from "node:path";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { afterEach, beforeEach, expect, test } from "vitest";
import { anchoredClock, newAnchor } from "../foundation/clock.ts";
import { silentLog } from "../foundation/log.ts";
import { Meter } from "../foundation/meter.ts";
import { livePaths } from "../wire/paths.ts";
import { idleAfterMs } from "./channel.ts";
import { Channels } from "./channels.ts";
import { DirectWrites } from "./direct-writes.ts";
import { SpaceEntry } from "./directory.ts";
import { HoldBudget } from "./hold-budget.ts";
import { newCounts } from "./metrics.ts";
import { PushMode } from "./push-mode.ts";
import { until } from "./edge.test-server.ts";
import { TestOrigin } from "./origin.test-server.ts";
import { Slices } from "./slices.ts";
import { Upstream } from "./upstream.ts";

let folder: string;
let origin: TestOrigin;
let upstream: Upstream;
let channels: Channels;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "edge-"));
  origin = new TestOrigin(join(folder, "origin.sock"));
  await origin.start();
  const fetches = new Meter().counter("fetches", ".");
  upstream = new Upstream({ addresses: [origin.socketPath], fetches, log: silentLog });
  channels = new Channels({
    clock: anchoredClock(newAnchor()),
    log: silentLog,
    upstream,
    pushMode: new PushMode(),
    budget: new HoldBudget(),
    readers: { open: 0, most: 10, patienceMs: 5000 },
    counts: newCounts(),
    slices: new Slices(),
    writes: new DirectWrites(),
  });
});

afterEach(async () => {
  await channels.end();
  upstream.close();
  await origin.die();
  await rm(folder, { recursive: true });
});

test("ED-17 a rendition is pulled while it was asked for lately, and then let go", async () => {
  origin.open("a", 10);
  const entry = new SpaceEntry(origin.state("a"));
  const channel = channels.get(entry, "opus-16k");
  channel.touch();
  await until(() => channel.window.get(9) !== undefined);
  channels.sweep(performance.now());
  expect(channels.size).toBe(1);
  channels.sweep(performance.now() + idleAfterMs + 1);
  expect(channels.size).toBe(0);
  await channel.stop();
  const asked = origin.fetches.get(livePaths.segment("a", "opus-16k", 11));
  for (let i = 0; i < 3; i++) origin.publishSegment("a");
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(origin.fetches.get(livePaths.segment("a", "opus-16k", 11))).toBe(asked);
  expect(channel.window.latest).toBe(9);
});

test("ED-12 the mode keeps between its thresholds", () => {
  const mode = new PushMode({ segmentFrom: 10, chunkBelow: 5 });
  const told = [0, 9, 10, 7, 5, 4, 9, 10].map((listeners) => {
    mode.update(listeners);
    return mode.now;
  });
  expect(told).toEqual(["chunk", "chunk", "segment", "segment", "segment", "chunk", "chunk", "segment"]);
});
