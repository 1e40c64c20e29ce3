import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { manualClock, type ManualClock } from "../../foundation/clock.ts";
import { epochMs, ms } from "../../foundation/duration.ts";
import { Problem } from "../../foundation/errors.ts";
import { Link } from "../../foundation/link.ts";
import { silentLog } from "../../foundation/log.ts";
import { Meter } from "../../foundation/meter.ts";
import { Scope } from "../../foundation/scope.ts";
import { end } from "../../room/life.ts";
import { openStore } from "../../store/open.ts";
import type { NewSpace, Store } from "../../store/store.ts";
import { Director } from "./director.ts";
import { until } from "./testing/control.ts";
import { FakeOrigin, FakeStage } from "./testing/upstreams.ts";

const t0 = 1_900_000_000_000;
const draft: NewSpace = {
  id: "abcdefghijkl",
  slug: "a-space",
  title: "A Space",
  description: "",
  language: "en",
  visibility: "public",
  status: "scheduled",
  startAt: t0,
  createdAt: t0,
  epochMs: null,
  liveFrom: null,
  liveAt: null,
  delayMs: null,
  endedAt: null,
  notice: "",
  demo: false,
  rehearsalOf: null,
};

let data: string;
let scope: Scope;
let clock: ManualClock;
let store: Store;
let origin: FakeOrigin;
let director: Director;
/** While true the store cannot write. */
let full = false;

beforeEach(async () => {
  full = false;
  data = await mkdtemp(join(tmpdir(), "rostra-director-"));
  scope = new Scope();
  clock = manualClock(epochMs(t0));
  const real = await openStore({ data, clock, log: silentLog });
  scope.onEnd(() => real.end());
  const refusing: Store["spaces"]["update"] = (...update) =>
    full ? Promise.reject(dataFull()) : real.spaces.update(...update);
  store = { ...real, spaces: { ...real.spaces, update: refusing } };
  origin = new FakeOrigin(join(data, "origin.sock"));
  const stage = new FakeStage(join(data, "stage.sock"));
  await origin.start();
  await stage.start();
  scope.onEnd(() => origin.stop());
  scope.onEnd(() => stage.stop());
  const links = { origin: new Link(join(data, "origin.sock")), stage: new Link(join(data, "stage.sock")) };
  scope.onEnd(() => {
    links.origin.close();
    links.stage.close();
  });
  const wall = (): number => clock.now();
  director = await Director.open({ store, clock, wall, ...links, scope, log: silentLog, meter: new Meter() });
});
afterEach(async () => {
  await scope.end();
  await rm(data, { recursive: true, force: true });
});

test("CO-7 a full disk keeps no Space from going live, and what was missed is written when it can be", async () => {
  const space = await director.create(draft);
  if (!space) throw new Error("the slug was taken");
  full = true;
  director.act(space, (room, now) => {
    room.enter({ by: "recording", id: "voice", name: "Voice", role: "host", recording: "en" }, now);
  });
  await until(() => origin.spec(space.id)?.status === "live", "the origin to be told in spite of the store");
  expect((await store.spaces.get(space.id))?.status).toBe("lobby");
  await expect(director.change(space, (now) => ({ steps: [end(space.life, now, "by-hand")] }))).rejects.toMatchObject({
    code: "data-full",
  });
  expect(space.life.kind).toBe("live");
  full = false;
  clock.advance(ms(3000));
  await until(async () => (await store.spaces.get(space.id))?.status === "live", "the store to be made up");
  expect((await store.spaces.changes(space.id)).map(({ to }) => to)).toEqual(["scheduled", "lobby", "live"]);
  expect(await store.spaces.get(space.id)).toMatchObject({ liveFrom: origin.spec(space.id)?.liveFrom });
  await director.change(space, (now) => ({ steps: [end(space.life, now, "by-hand")] }));
  expect((await store.spaces.get(space.id))?.status).toBe("ended");
});

test("CO-1 changes that meet are made one after the other, each on what the last has left", async () => {
  const space = await director.create(draft);
  if (!space) throw new Error("the slug was taken");
  const both = await Promise.allSettled(
    ["first", "second"].map((why) => director.change(space, (now) => ({ steps: [end(space.life, now, why)] }))),
  );
  expect(both.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
  expect(both[1]).toMatchObject({ reason: { code: "space-ended" } });
});

test("CO-1 a Space that waits in vain ends by itself: an hour in hold, six in the lobby", async () => {
  const waiting = await director.create({ ...draft, id: "waitingaaaaa", slug: "waiting" });
  const held = await director.create(draft);
  if (!held || !waiting) throw new Error("a slug was taken");
  director.stageIsKnown();
  director.act(held, (room, now) => {
    room.enter({ by: "recording", id: "voice", name: "Voice", role: "host", recording: "en" }, now);
  });
  await until(() => held.life.kind === "live");
  clock.advance(ms(2000));
  director.act(held, (room) => room.leave("voice"));
  clock.advance(ms(3000));
  await until(() => held.life.kind === "hold");
  clock.advance(ms(3_599_000));
  director.tick();
  expect(held.pending).toBe(0);
  clock.advance(ms(1000));
  await until(() => held.life.kind === "ended");
  clock.advance(ms(5 * 3_600_000));
  await until(() => waiting.life.kind === "cancelled");
  expect((await store.spaces.changes(held.id)).at(-1)?.why).toBe("nobody-came-back");
});

test("CO-9 what happens in the room of a Space that is looked after no more is told to nobody", async () => {
  const space = await director.create(draft);
  if (!space) throw new Error("the slug was taken");
  director.act(space, (room, now) => {
    room.enter({ by: "guest", id: "guest" }, now);
    room.connect("guest");
  });
  await director.change(space, (now) => ({ steps: [end(space.life, now, "by-hand")] }));
  director.tick();
  await director.timelines.settled(space.id);
  await until(() => director.find(space.id) === undefined, "the Space to be let go of");
  const told = origin.told.length;
  director.act(space, (room, now) => room.disconnect("guest", now));
  director.timelines.resendAll();
  await expect(director.timelines.settled(space.id)).resolves.toBeUndefined();
  expect(origin.told.length).toBe(told);
});

const dataFull = (): Problem =>
  new Problem({ status: 507, code: "data-full", title: "Full", detail: "No space is left.", action: "Make room." });
