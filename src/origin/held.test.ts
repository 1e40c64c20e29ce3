import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import { expect, test } from "vitest";
import { Meter } from "../foundation/meter.ts";
import { chunkMs } from "../wire/timeline.ts";
import { Held } from "./held.ts";
import { originMetrics } from "./metrics.ts";
import { liveFrom, world } from "./origin.test-kit.ts";
import { ReplayShelf } from "./replay.ts";
import { Scope } from "../foundation/scope.ts";
import { hold } from "./origin.test-kit.ts";

const response = (): ServerResponse => new EventEmitter() as unknown as ServerResponse;

test("OR-43 beyond the cap a request is not held but refused, and who leaves makes room", async () => {
  const w = await world();
  const timeline = w.space.timeline;
  if (!timeline) throw new Error("no timeline");
  const meter = new Meter();
  const held = new Held(originMetrics(meter), 2);
  const [first, second] = [response(), response()];
  const never = (): boolean => false;
  const waiting = [held.until(timeline, first, 60_000, never), held.until(timeline, second, 60_000, never)];
  await expect(held.until(timeline, response(), 60_000, never)).rejects.toMatchObject({
    code: "too-many-held",
    status: 503,
  });
  expect(meter.expose()).toContain("rostra_origin_held_overflow_total 1\n");
  first.emit("close");
  expect(await waiting[0]).toBe("gone-away");
  const third = held.until(timeline, response(), 60_000, () => timeline.ring.next("opus-32k") > 0);
  await w.advance(chunkMs);
  expect(await third).toBe("ready");
  timeline.close();
  expect(await waiting[1]).toBe("closed");
  expect(await held.until(timeline, response(), 60_000, never)).toBe("closed");
});

test("OR-65 where the archive has a hole the replay has hold audio", async () => {
  const w = await world({ spec: liveFrom(0) });
  const fence = await w.space.lease();
  await w.broadcast(0, 4, fence);
  // An outage longer than the ring leaves a hole in the log.
  await w.restart(300_000);
  await w.stall(2_000);
  await w.space.configure(liveFrom(0, { status: "ended", endedAt: w.clock.now() }));
  await w.advance(4_000);
  await expect.poll(() => w.space.record.replay).not.toBeNull();
  const scope = new Scope();
  const replays = new ReplayShelf({ shelf: w.shelf, hold, scope });
  await replays.use(w.space, async (replay) => {
    expect(replay.first).toBe(0);
    const [archived, first, second] = await replay.chunks("aac-64k", 1);
    expect([archived, first, second].every((chunk) => chunk && chunk.length > 0)).toBe(true);
    const hole = await replay.chunks("aac-64k", 100);
    expect(hole.map((chunk) => Buffer.from(chunk))).toEqual(
      [300, 301, 302].map((slot) => Buffer.from(hold.chunk("aac-64k", slot, []))),
    );
  });
  await scope.end();
});
