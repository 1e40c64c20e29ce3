import { beforeEach, expect, test } from "vitest";
import { epochMs } from "../foundation/duration.ts";
import { Problem } from "../foundation/errors.ts";
import type { StageRole } from "../wire/state.ts";
import { isSeated, maxHands, maxMembers, placeKept, roleOf, shownName } from "./member.ts";
import { Room } from "./room.ts";

const t0 = epochMs(1_000_000);
let room: Room;
beforeEach(() => {
  room = new Room({ now: t0 });
});

const code = (run: () => unknown): string => {
  const before = room.revision;
  try {
    run();
  } catch (thrown) {
    expect(room.revision).toBe(before);
    if (thrown instanceof Problem) return thrown.code;
    throw thrown;
  }
  return "none";
};
const come = (id: string, role: StageRole, invite = "invite"): void => {
  room.enter({ by: "invite", id, invite, role, name: id }, t0);
  room.connect(id);
  room.heard(id, true, t0);
};
const listen = (id: string): void => {
  room.enter({ by: "guest", id, name: id }, t0);
  room.connect(id);
};
const role = (id: string): string => {
  const member = room.member(id);
  return member ? roleOf(member) : "gone";
};
const roles = (): string[] => room.seated.map((one) => `${one.id}:${one.role}`);

test("RO-11 a co-host acts for the host while the host is away, and no longer", () => {
  for (const [id, as] of [
    ["h", "host"],
    ["c", "cohost"],
    ["d", "cohost"],
    ["s", "speaker"],
  ] as const)
    come(id, as);
  expect(code(() => room.muteOther("c", "d"))).toBe("not-allowed");
  expect(code(() => room.require("c", "end", "end it"))).toBe("not-allowed");
  room.heard("h", false, t0);
  expect(code(() => room.require("c", "end", "end it"))).toBe("not-allowed");
  room.disconnect("h", t0);
  room.muteOther("c", "d");
  room.require("c", "end", "end it");
  expect(code(() => room.remove("c", "h"))).toBe("not-allowed");
  expect(code(() => room.handOver("c", "s"))).toBe("not-allowed");
  room.connect("h");
  expect(code(() => room.require("c", "end", "end it"))).toBe("not-allowed");
});

test("RO-12 one host, two co-hosts, thirteen on stage, and one more is refused and changes nothing", () => {
  come("h", "host");
  come("c1", "cohost");
  come("c2", "cohost");
  expect(code(() => come("c3", "cohost"))).toBe("cohosts-full");
  for (let n = 4; n <= 13; n++) come(`s${n}`, "speaker");
  expect(code(() => come("s14", "speaker"))).toBe("stage-full");
  expect(code(() => room.setRole("h", "s4", "cohost"))).toBe("cohosts-full");
  listen("l");
  expect(code(() => room.setRole("h", "l", "speaker"))).toBe("stage-full");
  room.leave("s13");
  room.setRole("h", "l", "speaker");
  come("late", "speaker");
  expect(code(() => room.stepUp("l", true, t0))).toBe("stage-full");
  room.leave("late");
  room.stepUp("l", true, t0);
  expect(room.seated).toHaveLength(13);
});

test("RO-13 others mute, only oneself unmutes", () => {
  come("h", "host");
  come("s", "speaker");
  room.muteOther("h", "s");
  expect(room.takeNotices()).toEqual([{ to: "s", what: { t: "muted-by", by: "h" } }]);
  room.muteOther("h", "s");
  expect(room.seated.find(({ id }) => id === "s")?.muted).toBe(true);
  room.mute("s", false);
  expect(room.seated.find(({ id }) => id === "s")?.muted).toBe(false);
  listen("l");
  expect(code(() => room.mute("l", false))).toBe("not-allowed");
});

test("RO-14 hands are first come first, and capped", () => {
  come("h", "host");
  for (const [id, by] of [
    ["b", 2],
    ["a", 1],
    ["c", 3],
  ] as const) {
    listen(id);
    room.raiseHand(id, true, epochMs(t0 + by));
  }
  room.raiseHand("b", true, epochMs(t0 + 9));
  expect(room.waiting.map(({ id }) => id)).toEqual(["a", "b", "c"]);
  room.raiseHand("a", false, t0);
  expect([room.waiting.length, room.hands]).toEqual([2, 2]);
  expect(code(() => room.raiseHand("h", true, t0))).toBe("not-allowed");
  for (let n = 2; n < maxHands; n++) {
    listen(`x${n}`);
    room.raiseHand(`x${n}`, true, t0);
  }
  expect(code(() => room.raiseHand("a", true, t0))).toBe("hands-full");
  room.disconnect("b", t0);
  room.raiseHand("a", true, t0);
  expect(room.hands).toBe(maxHands);
});

test("RO-14 a room holds so many and no more", () => {
  for (let n = 0; n < maxMembers; n++) room.enter({ by: "guest", id: `g${n}` }, t0);
  expect(code(() => listen("one-more"))).toBe("room-full");
});

test("RO-15 a listener is asked and steps up, or declines", () => {
  come("h", "host");
  come("c", "cohost");
  listen("l");
  expect(code(() => room.stepUp("l", true, t0))).toBe("not-allowed");
  room.raiseHand("l", true, t0);
  expect(code(() => room.setRole("c", "l", "cohost"))).toBe("not-allowed");
  room.setRole("c", "l", "speaker");
  expect(room.takeNotices()).toEqual([{ to: "l", what: { t: "invited", role: "speaker" } }]);
  expect(role("l")).toBe("listener");
  room.stepUp("l", false, t0);
  expect(room.waiting).toEqual([]);
  room.setRole("h", "l", "cohost");
  room.takeNotices();
  room.stepUp("l", true, t0);
  expect(role("l")).toBe("cohost");
  expect(room.takeNotices()).toEqual([{ to: "l", what: { t: "role", role: "cohost" } }]);
});

test("RO-15 a host lowers somebody's hand", () => {
  come("h", "host");
  listen("l");
  room.raiseHand("l", true, t0);
  room.setRole("h", "l", "listener");
  expect(room.hands).toBe(0);
});

test("RO-16 the host hands over and becomes a co-host, or a speaker where there are two", () => {
  come("h", "host");
  come("s", "speaker");
  room.handOver("h", "s");
  expect(roles()).toEqual(["s:host", "h:cohost"]);
  come("c", "cohost");
  come("t", "speaker");
  room.handOver("s", "t");
  expect(roles()).toEqual(["t:host", "h:cohost", "c:cohost", "s:speaker"]);
  expect(code(() => room.handOver("h", "c"))).toBe("not-allowed");
  expect(code(() => room.handOver("t", "t"))).toBe("not-allowed");
  listen("l");
  expect(code(() => room.handOver("t", "l"))).toBe("not-allowed");
});

test("RO-17 speakers and co-hosts step down by themselves, a host does not", () => {
  come("h", "host");
  come("s", "speaker");
  room.setRole("s", "s", "listener");
  expect(role("s")).toBe("listener");
  expect(code(() => room.setRole("h", "h", "listener"))).toBe("not-allowed");
  expect(code(() => room.setRole("s", "s", "speaker"))).toBe("not-allowed");
});

test("RO-18 who is removed cannot come back, by token or by the same invite; others can by theirs", () => {
  come("h", "host", "first");
  come("s", "speaker", "second");
  come("t", "speaker", "second");
  room.remove("h", "s");
  expect(room.takeNotices()).toEqual([{ to: "s", what: { t: "removed", by: "h" } }]);
  expect(code(() => room.enter({ by: "participant", id: "s" }, t0))).toBe("removed");
  expect(code(() => come("s2", "speaker", "second"))).toBe("invite-spent");
  expect(code(() => room.enter({ by: "participant", id: "t" }, t0))).toBe("none");
  come("u", "speaker", "third");
  expect(roles()).toEqual(["h:host", "t:speaker", "u:speaker"]);
});

test("RO-25 an invite that a removed person has made takes nobody in", () => {
  come("h", "host");
  come("c", "cohost", "first");
  const friend = { by: "invite", id: "f", invite: "of-c", invitedBy: "c", role: "speaker" } as const;
  const early = { ...friend, id: "e" } as const;
  room.enter(early, t0);
  room.remove("h", "c");
  expect(code(() => room.enter(friend, t0))).toBe("invite-spent");
  expect(code(() => room.enter(early, t0))).toBe("none");
  room = new Room({ now: t0, memory: room.memory });
  expect(code(() => room.enter(friend, t0))).toBe("invite-spent");
});

test("RO-26 a co-host who is moved down is not one again by the same invite; who steps down may come back", () => {
  come("h", "host");
  come("c", "cohost", "first");
  room.setRole("h", "c", "speaker");
  expect(code(() => come("again", "cohost", "first"))).toBe("invite-spent");
  expect(roleOf(room.enter({ by: "participant", id: "c" }, t0))).toBe("speaker");
  come("d", "cohost", "second");
  room.setRole("d", "d", "listener");
  come("back", "cohost", "second");
  expect(roles()).toEqual(["h:host", "back:cohost", "c:speaker"]);
});

test("RO-19 a name is one line, clean, short and never empty", () => {
  expect(shownName("  Ada \n\t Lovelace\u202e ")).toBe("Ada Lovelace");
  expect(shownName("\u0000\u2028", "", undefined, "Second")).toBe("Second");
  expect(shownName(undefined, " ")).toBe("Guest");
  expect(shownName("e\u0301")).toBe("é");
  expect(shownName("🎙".repeat(100)).length).toBeLessThanOrEqual(80);
  expect(shownName("🎙".repeat(100))).not.toMatch(/[\ud800-\udbff]$/);
});

test("RO-20 a place is kept for two minutes, with role and mute, and then free", () => {
  come("h", "host");
  come("s", "speaker");
  room.mute("s", true);
  room.heard("s", false, t0);
  room.tick(epochMs(t0 + placeKept * 2));
  expect(role("s")).toBe("speaker");
  room.disconnect("s", epochMs(t0 + 1000));
  room.tick(epochMs(t0 + 1000 + placeKept - 1));
  expect(room.stage.find(({ id }) => id === "s")).toMatchObject({ present: false, muted: true, role: "speaker" });
  room.heard("s", true, t0);
  room.heard("s", false, epochMs(t0 + 500_000));
  room.tick(epochMs(t0 + 500_000 + placeKept - 1));
  expect(role("s")).toBe("speaker");
  room.tick(epochMs(t0 + 500_000 + placeKept));
  expect(role("s")).toBe("gone");
});

test("RO-20 somebody who never connected keeps a place no longer", () => {
  room.enter({ by: "invite", id: "s", invite: "i", role: "speaker" }, t0);
  room.tick(epochMs(t0 + placeKept));
  expect(role("s")).toBe("gone");
});

test("RO-21 a co-host becomes host when the host's place is free", () => {
  for (const [id, as] of [
    ["h", "host"],
    ["c", "cohost"],
    ["d", "cohost"],
  ] as const)
    come(id, as);
  room.heard("c", false, t0);
  room.disconnect("c", epochMs(t0 + 90_000));
  room.heard("h", false, t0);
  room.disconnect("h", t0);
  room.tick(epochMs(t0 + placeKept - 1));
  expect(role("h")).toBe("host");
  room.tick(epochMs(t0 + placeKept));
  expect(roles()).toEqual(["d:host", "c:cohost"]);
  expect(room.takeNotices()).toEqual([{ to: "d", what: { t: "role", role: "host" } }]);
  room.leave("d");
  expect(roles()).toEqual(["c:host"]);
});

test("RO-21 a co-host who comes before the host acts for the host, and does not take the place", () => {
  come("c", "cohost");
  room.tick(t0);
  expect([roles(), room.readyToStart]).toEqual([["c:cohost"], true]);
  room.require("c", "start", "start it");
  expect(code(() => room.requireInvite("c", "host"))).toBe("not-allowed");
  come("h", "host");
  expect(roles()).toEqual(["h:host", "c:cohost"]);
});

test("RO-22 the owner takes the host's place from one who is away, and stands beside one who is on air", () => {
  come("h", "host");
  room.enter({ by: "owner", id: "owner", name: "O" }, t0);
  expect(roles()).toEqual(["h:host", "owner:cohost"]);
  room.leave("owner");
  room.heard("h", false, t0);
  room.enter({ by: "owner", id: "owner", name: "O" }, t0);
  expect(roles()).toEqual(["owner:host", "h:cohost"]);
  expect(code(() => come("x", "host"))).toBe("none");
  expect(roles()).toEqual(["x:host", "h:cohost", "owner:cohost"]);
});

test("RO-22 where host and co-hosts are all there, one with a right to the host's place still gets in", () => {
  come("h", "host");
  come("c", "cohost");
  come("d", "cohost");
  room.enter({ by: "owner", id: "owner" }, t0);
  expect(roles()).toEqual(["h:host", "c:cohost", "d:cohost", "owner:speaker"]);
});

test("RO-27 a host to whom the owner has handed over cannot remove the owner", () => {
  room.enter({ by: "owner", id: "owner" }, t0);
  room.connect("owner");
  room.heard("owner", true, t0);
  come("s", "speaker");
  room.handOver("owner", "s");
  expect(code(() => room.remove("s", "owner"))).toBe("not-allowed");
  room.setRole("s", "owner", "speaker");
  expect(roles()).toEqual(["s:host", "owner:speaker"]);
});

test("RO-22 a synthetic host gives way, and an owner in the audience is seated", () => {
  room.enter({ by: "recording", id: "demo", name: "Demo", role: "host", recording: "en" }, t0);
  expect([room.occupied, room.readyToStart]).toEqual([true, true]);
  listen("owner");
  room.enter({ by: "owner", id: "owner" }, t0);
  expect(roles()).toEqual(["owner:host", "demo:cohost"]);
  expect(room.member("owner")?.sockets).toBe(1);
});

test("RO-12 a synthetic host does not become a second host beside a remembered one", () => {
  room.enter({ by: "owner", id: "owner" }, t0);
  room = new Room({ now: t0, memory: room.memory });
  room.enter({ by: "recording", id: "demo", name: "Demo", role: "host", recording: "en" }, t0);
  expect(roles()).toEqual(["owner:host", "demo:cohost"]);
});

test("RO-23 the audience is told of those who have been heard", () => {
  room.enter({ by: "invite", id: "s", invite: "i", role: "speaker", name: "S" }, t0);
  room.connect("s");
  expect([room.stage, room.occupied]).toEqual([[], false]);
  room.heard("s", false, t0);
  expect(room.stage).toEqual([]);
  room.heard("s", true, t0);
  expect(room.stage).toEqual([{ id: "s", name: "S", role: "speaker", muted: false, present: true }]);
  expect([room.occupied, room.readyToStart]).toEqual([true, false]);
});

test("RO-24 a restart keeps seats and outcasts", () => {
  come("h", "host", "first");
  come("s", "speaker", "second");
  come("bad", "speaker", "third");
  room.mute("s", true);
  room.remove("h", "bad");
  listen("l");
  const later = epochMs(t0 + 600_000);
  room = new Room({ now: later, memory: JSON.parse(JSON.stringify(room.memory)) as typeof room.memory });
  expect(roles()).toEqual(["h:host", "s:speaker"]);
  expect(room.stage.map(({ present, muted }) => [present, muted])).toEqual([
    [false, false],
    [false, true],
  ]);
  expect(code(() => room.enter({ by: "participant", id: "bad" }, later))).toBe("removed");
  expect(code(() => come("worse", "speaker", "third"))).toBe("invite-spent");
  room.tick(epochMs(later + placeKept - 1));
  expect(room.seated).toHaveLength(2);
  room.tick(epochMs(later + placeKept));
  expect(room.seated).toHaveLength(0);
});

test("RO-24 whoever comes back by their token has their place and role again", () => {
  come("s", "speaker");
  room.disconnect("s", t0);
  const back = room.enter({ by: "participant", id: "s" }, t0);
  expect([isSeated(back), roleOf(back), back.name]).toEqual([true, "speaker", "s"]);
  expect(roleOf(room.enter({ by: "participant", id: "forgotten" }, t0))).toBe("listener");
});
