import { expect, test } from "vitest";
import { parseChunk } from "../cmaf/parse.ts";
import { ms } from "../foundation/duration.ts";
import { renditionNames } from "../wire/rendition.ts";
import { chunkMs, slotOf } from "../wire/timeline.ts";
import { epoch, hold, liveFrom, programmeChunk, ringBytes, spec, world } from "./origin.test-kit.ts";
import { ringSegments } from "./ring.ts";
import { lateGraceMs, maxWaitingChunks, producerGoneMs, resendGraceMs } from "./timeline.ts";

const refusal = async (run: Promise<unknown> | (() => Promise<unknown>)): Promise<unknown> => {
  try {
    await (typeof run === "function" ? run() : run);
    return "accepted";
  } catch (thrown) {
    return thrown instanceof Error && "code" in thrown ? thrown.code : thrown;
  }
};

test("OR-1 in the lobby every slot is published in every rendition at its end, as hold audio", async () => {
  const w = await world();
  await w.advance(chunkMs - 20);
  expect(w.space.timeline?.ring.next("opus-32k")).toBe(0);
  await w.advance(20);
  for (const name of renditionNames) expect(w.space.timeline?.ring.next(name)).toBe(1);
  await w.advance(10 * chunkMs);
  for (const name of renditionNames) {
    for (let slot = 0; slot < 11; slot++) {
      const published = w.space.timeline?.ring.chunk(name, slot)?.bytes ?? new Uint8Array();
      const chunk = parseChunk(published);
      expect(chunk.slot).toBe(slot);
      const held = parseChunk(hold.chunk(name, slot, []));
      expect(Buffer.concat(chunk.packets)).toEqual(Buffer.concat(held.packets));
    }
  }
  expect(w.space.timeline?.ring.latest()).toBe(2);
});

test("OR-2 the programme's chunk is published as it is, behind what the origin has to tell", async () => {
  const w = await world({ spec: liveFrom(1) });
  const fence = await w.space.lease();
  const voices = [{ t: "voices" as const, at: [[["p1", 5] as const], [], []] }];
  await w.broadcast(3, 5, fence, () => voices);
  for (const name of renditionNames) {
    const published = Buffer.from(w.space.timeline?.ring.chunk(name, 4)?.bytes ?? []);
    expect(published.equals(programmeChunk(name, 4, voices))).toBe(true);
    const first = Buffer.from(w.space.timeline?.ring.chunk(name, 3)?.bytes ?? []);
    const raw = programmeChunk(name, 3, voices);
    expect(first.subarray(first.length - raw.length).equals(raw)).toBe(true);
    expect(parseChunk(first).events.map((event) => event.t)).toContain("status");
  }
});

test("OR-3 a chunk for a slot that is filled is late, and what was published stays", async () => {
  const w = await world({ spec: liveFrom(0) });
  const fence = await w.space.lease();
  await w.advance(chunkMs + producerGoneMs + chunkMs);
  const before = ringBytes(w.space);
  expect(w.isProgramme(0)).toBe(false);
  expect(await refusal(() => w.space.ingest("opus-32k", 0, fence, programmeChunk("opus-32k", 0)))).toBe("late");
  expect(ringBytes(w.space)).toEqual(before);
});

test("OR-4 a missing chunk is waited for while a producer is there, and not when it is gone", async () => {
  const w = await world({ spec: liveFrom(1) });
  const fence = await w.space.lease();
  await w.broadcast(3, 4, fence);
  // The clock stands at the end of slot 4. Slot 5 comes late, within the grace, and is taken.
  await w.advance(chunkMs + lateGraceMs - 20);
  expect(w.space.timeline?.ring.next("opus-32k")).toBe(5);
  await w.produce(5, fence);
  expect(w.isProgramme(5)).toBe(true);
  // Slot 6 does not come: hold audio goes out when the grace ends.
  await w.advance(epoch + 7 * chunkMs + lateGraceMs - 20 - w.clock.now());
  expect(w.isProgramme(6)).toBeUndefined();
  await w.advance(20);
  expect(w.isProgramme(6)).toBe(false);
  // After 1.5 s of nothing, hold audio goes out at the slot's end.
  await w.advance(epoch + 14 * chunkMs - w.clock.now());
  expect(w.isProgramme(13)).toBe(false);
});

test("OR-4 at the programme's beginning a producer is waited for before it has sent anything", async () => {
  const w = await world({ spec: liveFrom(1) });
  await w.advance(4 * chunkMs + lateGraceMs - 20);
  expect(w.isProgramme(3)).toBeUndefined();
  const fence = await w.space.lease();
  await w.produce(3, fence);
  expect(w.isProgramme(3)).toBe(true);
});

test("OR-4 a producer that is always half a second late loses a chunk, and then is waited for", async () => {
  const w = await world({ spec: liveFrom(0) });
  const fence = await w.space.lease();
  const lateBy = 500;
  const outcomes: unknown[] = [];
  for (let slot = 0; slot < 12; slot++) {
    await w.advance(epoch + (slot + 1) * chunkMs + lateBy - w.clock.now());
    outcomes.push(await refusal(() => w.produce(slot, fence)));
  }
  expect(outcomes.filter((outcome) => outcome === "late").length).toBeLessThanOrEqual(2);
  expect(outcomes.slice(-9)).toEqual(Array.from({ length: 9 }, () => "accepted"));
  // A producer that is gone is still given up after the same time.
  await w.advance(epoch + 12 * chunkMs + lateBy + producerGoneMs + chunkMs - w.clock.now());
  expect(w.isProgramme(12)).toBe(false);
});

test("OR-5 only the newest fence may send", async () => {
  const w = await world({ spec: liveFrom(0) });
  const old = await w.space.lease();
  const fence = await w.space.lease();
  expect(fence).toBeGreaterThan(old);
  await w.advance(chunkMs);
  const chunk = programmeChunk("opus-32k", 0);
  expect(await refusal(w.space.ingest("opus-32k", 0, old, chunk))).toBe("fenced");
  expect(await refusal(w.space.ingest("opus-32k", 0, undefined, chunk))).toBe("fenced");
  expect(await refusal(w.space.ingest("opus-32k", 0, fence + 1, chunk))).toBe("fenced");
  expect(await w.space.ingest("opus-32k", 0, fence, chunk)).toBe(true);
});

test("OR-6 before liveFrom and in the lobby the programme is not on air", async () => {
  const w = await world();
  const fence = await w.space.lease();
  expect(await refusal(() => w.produce(0, fence))).toBe("not-on-air");
  await w.space.configure(liveFrom(2));
  await w.advance(3 * chunkMs);
  expect(await refusal(() => w.produce(5, fence))).toBe("not-on-air");
  await w.advance(4 * chunkMs);
  expect(await w.produce(6, fence)).toEqual([true, true, true]);
});

test("OR-7 the same chunk again is acknowledged again, before and after a restart; another is late", async () => {
  const w = await world({ spec: liveFrom(0) });
  const fence = await w.space.lease();
  await w.broadcast(0, 2, fence);
  expect(await w.produce(2, fence)).toEqual([true, true, true]);
  await w.restart(100);
  expect(await w.produce(2, fence)).toEqual([true, true, true]);
  const other = programmeChunk("opus-32k", 2, [{ t: "voices", at: [[]] }]);
  expect(await refusal(() => w.space.ingest("opus-32k", 2, fence, other))).toBe("late");
});

test("OR-8 a chunk of the future is too early, and what waits is bounded", async () => {
  const w = await world({ spec: liveFrom(0) });
  const fence = await w.space.lease();
  expect(await refusal(() => w.produce(20, fence))).toBe("too-early");
  await w.stall(1_000_000);
  const next = w.space.timeline?.ring.next("opus-32k") ?? 0;
  w.clock.advance(ms((maxWaitingChunks + 2) * chunkMs));
  const far = next + maxWaitingChunks;
  expect(await refusal(() => w.space.ingest("opus-32k", far, fence, programmeChunk("opus-32k", far)))).toBe(
    "too-early",
  );
});

test("OR-8 chunks that come in the wrong order are published in the right one", async () => {
  const w = await world({ spec: liveFrom(0) });
  const fence = await w.space.lease();
  await w.advance(chunkMs + 300);
  const second = w.space.ingest("aac-64k", 1, fence, programmeChunk("aac-64k", 1));
  expect(w.space.timeline?.ring.next("aac-64k")).toBe(0);
  expect(await w.space.ingest("aac-64k", 0, fence, programmeChunk("aac-64k", 0))).toBe(true);
  expect(await second).toBe(true);
  expect(w.isProgramme(1, "aac-64k")).toBe(true);
});

test("OR-9 a wake-up that comes two seconds late fills every slot in order", async () => {
  const w = await world();
  await w.advance(3 * chunkMs);
  await w.stall(2_000);
  const next = Math.floor((3 * chunkMs + 2_000) / chunkMs);
  for (const name of renditionNames) {
    expect(w.space.timeline?.ring.next(name)).toBe(next);
    for (let slot = 0; slot < next; slot++) expect(w.space.timeline?.ring.chunk(name, slot)).toBeDefined();
  }
  expect(w.told.filter((line) => line.startsWith("latest"))).toEqual(["latest 0", "latest 1", "latest 2"]);
});

test("OR-10 a fact rides in front of the next chunk of every rendition, once; of two only the newer", async () => {
  const w = await world();
  await w.advance(3 * chunkMs);
  await w.space.tell({ events: [{ t: "notice", text: "one" }] });
  await w.space.tell({
    events: [
      { t: "notice", text: "two" },
      { t: "level", level: 1 },
    ],
  });
  await w.advance(2 * chunkMs);
  for (const name of renditionNames) {
    expect(w.events(3, name)).toEqual([
      { t: "notice", text: "two" },
      { t: "level", level: 1 },
    ]);
    expect(w.events(4, name)).toEqual([]);
  }
  await w.space.tell({ events: [{ t: "notice", text: "two" }] });
  await w.advance(chunkMs);
  expect(w.events(5)).toEqual([]);
  expect(w.space.state()).toMatchObject({ notice: "two", level: 1 });
});

test("OR-10 the first chunk of a timeline tells everything, and so does the programme's first", async () => {
  const person = { id: "p1", name: "Ada", role: "host" as const, muted: false, present: true };
  const w = await world({ spec: liveFrom(1, { stage: [person], notice: "soon" }) });
  const fence = await w.space.lease();
  await w.advance(3 * chunkMs);
  const all = ["stage", "title", "notice", "level", "status"];
  expect(w.events(0).map((event) => event.t)).toEqual(all);
  expect(w.events(0)).toContainEqual({ t: "status", status: "lobby", hold: false });
  await w.broadcast(3, 4, fence);
  expect(
    w
      .events(3)
      .map((event) => event.t)
      .toSorted(),
  ).toEqual(all.toSorted());
  expect(w.events(3)).toContainEqual({ t: "status", status: "live", hold: false });
  expect(w.events(4)).toEqual([]);
});

test("OR-11 hold is told where it begins and where it ends, and only while the programme is due", async () => {
  const w = await world({ spec: liveFrom(1) });
  const fence = await w.space.lease();
  await w.broadcast(3, 5, fence);
  expect(w.space.state()).toMatchObject({ status: "live", hold: false });
  await w.advance(5 * chunkMs + producerGoneMs);
  const missed = [6, 7, 8].map((slot) => w.events(slot));
  expect(missed).toEqual([[{ t: "status", status: "live", hold: true }], [], []]);
  expect(w.space.state().hold).toBe(true);
  const next = w.space.timeline?.ring.next("opus-32k") ?? 0;
  const again = await w.space.lease();
  await w.broadcast(next, next + 1, again);
  expect(w.events(next)).toEqual([{ t: "status", status: "live", hold: false }]);
  expect(w.space.state().hold).toBe(false);
});

test("OR-12 the delay runs from the announced start to the first segment with the programme", async () => {
  const w = await world({ spec: liveFrom(1, { startAt: epoch + 960 }) });
  await w.advance(5 * 960);
  expect(w.space.state()).toMatchObject({ liveAt: null, delayMs: null, hold: true });
  const fence = await w.space.lease();
  await w.broadcast(15, 15, fence);
  expect(w.space.state()).toMatchObject({ liveAt: epoch + 5 * 960, delayMs: 4 * 960 });
  await w.restart(10);
  expect(w.space.state()).toMatchObject({ liveAt: epoch + 5 * 960, delayMs: 4 * 960 });
});

test("OR-13 a Space ends with a whole segment that tells so, and then takes nothing more", async () => {
  const w = await world({ spec: liveFrom(0) });
  const fence = await w.space.lease();
  await w.broadcast(0, 7, fence);
  await w.space.configure(liveFrom(0, { status: "ended", endedAt: w.clock.now() }));
  expect(w.space.state().status).toBe("live");
  await w.broadcast(8, 8, fence);
  expect(w.events(8)).toContainEqual({ t: "status", status: "ended", hold: false });
  await expect.poll(() => w.space.state().status).toBe("ended");
  expect(w.space.state()).toMatchObject({ latest: 2, replay: true, endedAt: epoch + 8 * chunkMs });
  expect(await refusal(() => w.produce(9, fence))).toBe("not-on-air");
  await w.stall(10_000);
  expect(w.space.timeline?.ring.next("opus-32k")).toBe(9);
  await w.stall(100_000);
  expect(w.space.state()).toMatchObject({ first: null, latest: null, status: "ended", replay: true });
});

test("OR-13 an end that comes at a segment's boundary is told in one more segment, and survives a restart in it", async () => {
  const w = await world({ spec: liveFrom(0) });
  const fence = await w.space.lease();
  await w.broadcast(0, 5, fence);
  await w.space.configure(liveFrom(0, { status: "ended", endedAt: w.clock.now() }));
  await w.advance(chunkMs + lateGraceMs);
  await w.restart(5_000);
  await w.advance(resendGraceMs + 2 * chunkMs);
  await expect.poll(() => w.space.state().status).toBe("ended");
  expect(w.space.record).toMatchObject({ finished: true, replay: { first: 0, last: 2 } });
  await w.restart(1_000);
  expect(w.space.state()).toMatchObject({ status: "ended", replay: true });
});

test("OR-14 after a kill the same URLs give the same bytes, and the timeline goes on without control", async () => {
  const w = await world({ spec: liveFrom(2) });
  const fence = await w.space.lease();
  await w.space.tell({ events: [{ t: "notice", text: "hello" }] });
  await w.advance(6 * chunkMs);
  await w.broadcast(6, 12, fence);
  const before = ringBytes(w.space);
  await w.restart(700);
  expect(ringBytes(w.space)).toEqual(before);
  expect(w.space.state()).toMatchObject({ status: "live", notice: "hello", latest: 3 });
  await w.produce(13, fence);
  expect(w.isProgramme(13)).toBe(true);
  const after = ringBytes(w.space);
  for (const [key, bytes] of before) expect(after.get(key)).toBe(bytes);
});

test("OR-14 a slot that one rendition had published before the kill tells the same in the others", async () => {
  const w = await world({ spec: liveFrom(0) });
  const fence = await w.space.lease();
  await w.broadcast(0, 2, fence);
  await w.space.tell({ events: [{ t: "notice", text: "once" }] });
  await w.advance(chunkMs);
  expect(await w.space.ingest("opus-32k", 3, fence, programmeChunk("opus-32k", 3))).toBe(true);
  const told = w.events(3, "opus-32k");
  expect(told).toEqual([{ t: "notice", text: "once" }]);
  await w.restart(100);
  await w.space.ingest("aac-64k", 3, fence, programmeChunk("aac-64k", 3));
  expect(w.events(3, "aac-64k")).toEqual(told);
});

test("OR-15 after a restart producers get time to send again, then every slot of the outage is filled", async () => {
  const w = await world({ spec: liveFrom(0) });
  const fence = await w.space.lease();
  await w.broadcast(0, 5, fence);
  await w.restart(10 * chunkMs);
  await w.advance(resendGraceMs - 100);
  expect(w.space.timeline?.ring.next("opus-32k")).toBe(6);
  for (const slot of [6, 7, 8]) expect(await w.produce(slot, fence)).toEqual([true, true, true]);
  await w.advance(200);
  expect([6, 7, 8, 9, 10].map((slot) => w.isProgramme(slot))).toEqual([true, true, true, false, false]);
  for (let slot = 0; slot < 15; slot++) {
    for (const name of renditionNames) expect(w.isProgramme(slot, name)).toBeDefined();
  }
});

test("OR-16 after an outage longer than the ring only the last minute is filled", async () => {
  const w = await world();
  await w.advance(6 * chunkMs);
  await w.restart(600_000);
  await w.stall(20);
  const ring = w.space.timeline?.ring;
  const latest = ring?.latest() ?? 0;
  expect(latest).toBe(Math.floor((6 * chunkMs + 600_020) / 960) - 1);
  expect(latest - (ring?.first() ?? 0)).toBeGreaterThanOrEqual(ringSegments - 1);
  expect(ring?.parts("aac-64k", latest)).toHaveLength(3);
  expect(ring?.chunk("aac-64k", slotOf(100, 0))).toBeUndefined();
});

test("OR-17 fences grow, also over a restart and when the disk keeps nothing", async () => {
  const w = await world({ spec: liveFrom(0) });
  const first = await w.space.lease();
  const second = await w.space.lease();
  await w.restart(5);
  const third = await w.space.lease();
  expect(second).toBeGreaterThan(first);
  expect(third).toBeGreaterThan(second);
  w.register.save = () => Promise.reject(new Error("ENOSPC"));
  expect(await w.space.lease()).toBeGreaterThan(third);
});

test("OR-33 a programme goes on over a restart though its lease could not be kept", async () => {
  const w = await world({ spec: liveFrom(0) });
  const save = w.register.save.bind(w.register);
  const old = await w.space.lease();
  w.register.save = () => Promise.reject(new Error("ENOSPC"));
  await w.advance(20);
  const fence = await w.space.lease();
  await w.broadcast(0, 2, fence);
  w.register.save = save;
  await w.restart(5);
  expect(await w.produce(2, fence)).toEqual([true, true, true]);
  await w.broadcast(3, 4, fence);
  expect(w.isProgramme(4)).toBe(true);
  expect(await refusal(() => w.produce(5, old))).toBe("fenced");
});

test("OR-18 the same spec again changes nothing; another epoch is refused", async () => {
  const w = await world();
  await w.advance(3 * chunkMs);
  const before = w.space.record;
  await w.space.configure(spec());
  expect(w.space.record).toEqual(before);
  await w.advance(chunkMs);
  expect(w.events(3)).toEqual([]);
  expect(await refusal(w.space.configure(spec({ epochMs: epoch + 960 })))).toBe("epoch-fixed");
  expect(w.space.spec.epochMs).toBe(epoch);
});

test("OR-19 a scheduled Space has a state and no timeline; a cancelled one leaves nothing behind", async () => {
  const w = await world({ spec: spec({ status: "scheduled", epochMs: null }) });
  expect(w.space.state()).toMatchObject({ status: "scheduled", epochMs: null, first: null, latest: null, hold: false });
  expect(w.space.state().renditions.map(({ name }) => name)).toEqual([...renditionNames]);
  await w.space.configure(spec());
  await w.advance(4 * chunkMs);
  await w.space.configure(spec({ status: "cancelled", endedAt: w.clock.now() }));
  await w.advance(3 * chunkMs);
  await expect.poll(() => w.space.state().status).toBe("cancelled");
  expect(w.space.state().replay).toBe(false);
  expect(await w.shelf.read("s1")).toBeUndefined();
});
