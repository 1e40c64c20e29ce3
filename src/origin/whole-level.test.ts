import { describe, expect, onTestFinished, test, vi } from "vitest";
import { edgesByLevel, type LevelCause } from "../wire/levels.ts";
import { livePaths } from "../wire/paths.ts";
import { beaconEveryMs, type LiveState, type ServiceLevel } from "../wire/state.ts";
import { chunkMs } from "../wire/timeline.ts";
import type { WholeLevelTold } from "../wire/timelines.ts";
import { AudienceSum, edgeExpiresMs } from "./audience.ts";
import { BeaconShare, beaconsWanted, sparingBy } from "./beacon-share.ts";
import { folder, liveFrom, spec, world } from "./origin.test-kit.ts";
import { clock, put, startOrigin } from "./origin.test-server.ts";
import { noAudience } from "./space-audience.ts";
import { noEdges } from "./told-edges.ts";
import { WholeLevel } from "./whole-level.ts";

const at = (level: ServiceLevel, cause: LevelCause = "memory") => ({ level: { edges: edgesByLevel(level), cause } });
const levelOf = (...reports: Parameters<WholeLevel["update"]>[0]): number => {
  const whole = new WholeLevel(0);
  whole.update(reports, 0);
  return whole.told.level;
};

describe("the level of the whole", () => {
  test("OR-80 is the highest that more than half of all edges have reached, those below others counted too", () => {
    expect(levelOf()).toBe(0);
    expect(levelOf(at(4))).toBe(4);
    expect(levelOf(at(4), at(0))).toBe(0);
    expect(levelOf(at(4), at(3), at(0))).toBe(3);
    expect(levelOf(at(4), at(3), at(0), at(0))).toBe(0);
    expect(levelOf(at(1), at(2), at(3))).toBe(2);
    // One that sums up three below it, all full, and one that says nothing of it.
    expect(levelOf({ level: { edges: [0, 0, 0, 3, 0], cause: "cpu" } }, { level: undefined })).toBe(3);
    expect(levelOf({ level: { edges: [3, 0, 0, 3, 0], cause: "cpu" } })).toBe(0);
  });

  test("OR-81 says since when and why: what most of those say that are as high, and that it is calm at 0", () => {
    const whole = new WholeLevel(1000);
    expect(whole.told).toEqual({ level: 0, cause: "calm", at: 1000 });
    expect(whole.update([at(3, "egress"), at(4, "memory"), at(3, "egress"), at(0, "cpu")], 2000)).toMatchObject({
      level: 0,
    });
    expect(whole.told).toEqual({ level: 3, cause: "egress", at: 2000 });
    expect(whole.edges).toEqual([1, 0, 0, 2, 1]);
    expect(whole.update([at(3, "memory")], 3000)).toBeUndefined();
    whole.update([at(1, "memory")], 4000);
    expect(whole.told).toEqual({ level: 1, cause: "egress", at: 4000 });
    whole.update([at(0)], 5000);
    expect(whole.told).toEqual({ level: 0, cause: "calm", at: 5000 });
  });

  test("OR-80 an edge that is silent for five seconds counts no more", () => {
    let now = 0;
    const sum = new AudienceSum(() => now);
    const report = { listeners: {}, numbered: {}, uniques: {}, beacons: {}, urls: [] };
    sum.report({ ...report, edge: "full", ...at(3) });
    now = edgeExpiresMs;
    sum.report({ ...report, edge: "calm", ...at(0) });
    expect(sum.latest()).toHaveLength(2);
    now++;
    expect(sum.latest().map(({ edge }) => edge)).toEqual(["calm"]);
  });

  test("OR-80 is found from what edges report, and told in the state of each open Space and to who asks", async () => {
    const { link, scope } = await startOrigin(await folder());
    onTestFinished(() => scope.end());
    await put(link, spec({ epochMs: Math.floor(clock.now()) }));
    const body = { edge: "a", listeners: {}, ...at(3, "connections") };
    const state = (): Promise<LiveState> => link.json<LiveState>({ path: livePaths.state("s1") });
    await vi.waitFor(async () => {
      await link.request({ method: "POST", path: "/audience", body });
      expect((await state()).level).toBe(3);
    }, 20_000);
    expect(await link.json<WholeLevelTold>({ path: "/level" })).toMatchObject({
      level: 3,
      cause: "connections",
      edges: [0, 0, 0, 1, 0],
    });
    await vi.waitFor(async () => {
      await link.request({ method: "POST", path: "/audience", body: { ...body, ...at(0) } });
      expect((await state()).level).toBe(0);
    }, 20_000);
  }, 45_000);
});

describe("a Space", () => {
  const figures = { ...noAudience, heard: 0, beacon: 1 };

  test("OR-82 is at the higher of the whole's level and what its host asks for, and tells each change on its timeline, once", async () => {
    const w = await world({ spec: liveFrom(0) });
    const told = (): number[] =>
      Array.from({ length: 40 }, (_, slot) => w.events(slot))
        .flat()
        .flatMap((event) => (event.t === "level" ? [event.level] : []));
    const count = async (whole: ServiceLevel): Promise<number> => {
      w.space.count(figures, noEdges, whole);
      await w.advance(2 * chunkMs);
      return w.space.state().level;
    };
    await w.advance(2 * chunkMs);
    expect([await count(0), await count(3)]).toEqual([0, 3]);
    await w.space.configure(liveFrom(0, { level: 2 }));
    expect([await count(3), await count(1), await count(1), await count(4), await count(0)]).toEqual([3, 2, 2, 4, 2]);
    await w.space.configure(liveFrom(0, { level: 0 }));
    expect(await count(0)).toBe(0);
    expect(told()).toEqual([0, 3, 2, 4, 2, 0]);
  });

  test("OR-82 keeps what its host asks for over a restart", async () => {
    const w = await world({ spec: liveFrom(0, { level: 3 }) });
    await w.restart(1000);
    expect(w.space.state().level).toBe(3);
  });
});

test("OR-83 from level 1 on beacons are rarer by four, but not where there are few", () => {
  const share = new BeaconShare();
  const players = (count: number): number[] => {
    const k = -Math.log2(share.share);
    return [...Array.from({ length: k }, () => 0), count * share.share];
  };
  const crowd = (beaconsWanted * beaconEveryMs) / 1000;
  const shareOf64 = (sparing: boolean): number => {
    share.estimate(players(64 * crowd), 0, sparing);
    return share.share;
  };
  expect([shareOf64(false), shareOf64(true)]).toEqual([1 / 64, 1 / 64 / sparingBy]);
  expect(shareOf64(false)).toBeGreaterThanOrEqual(1 / 128);
  const few = new BeaconShare();
  expect(few.estimate([crowd / sparingBy], 0, true)).toBe(crowd / sparingBy);
  expect(few.share).toBe(1);
});
