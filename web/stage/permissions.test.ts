import { expect, test } from "vitest";
import { mayActOn } from "../../src/room/roles.ts";
import { somebody } from "./stage.test-people.ts";
import { type Actor, actionsOn, actorOf, inviteRoles, mayEnd, type PersonAction } from "./permissions.ts";

test("SP-30 a co-host acts for the host only while no host is connected", () => {
  expect(actorOf("cohost", [somebody("h", { role: "host" })])).toBe("cohost");
  expect(actorOf("cohost", [somebody("h", { role: "host", present: false })])).toBe("acting-host");
  expect(actorOf("speaker", [])).toBe("speaker");
});

test("SP-30 nothing is offered about oneself, about the host, or to those who may do nothing", () => {
  expect(actionsOn("host", somebody("me"), "me")).toEqual([]);
  expect(actionsOn("acting-host", somebody("h", { role: "host" }), "me")).toEqual([]);
  expect(actionsOn("speaker", somebody("a"), "me")).toEqual([]);
  expect(actionsOn("listener", somebody("a"), "me")).toEqual([]);
});

/** What each action is to the room, which decides. */
const asked = {
  mute: "mute-other",
  "make-cohost": "promote",
  "make-speaker": "demote",
  "bring-up": "bring-up",
  "to-audience": "demote",
  "hand-over": "hand-over",
  remove: "remove",
} as const satisfies Record<PersonAction, string>;

test.each<Actor>(["host", "acting-host", "cohost", "speaker", "listener"])(
  "SP-30 all that is offered to a %s is what the room's rules allow",
  (actor) => {
    for (const role of ["cohost", "speaker", "listener"] as const) {
      const target = somebody("a", { role, handRaised: role === "listener" });
      for (const action of actionsOn(actor, target, "me")) {
        expect(mayActOn(actor, asked[action], role), `${actor} ${action} ${role}`).toBe(true);
      }
    }
  },
);

test("SP-30 whoever is muted cannot be muted again, whoever is asked up cannot be asked again", () => {
  expect(actionsOn("host", somebody("a", { muted: true }), "me")).not.toContain("mute");
  expect(actionsOn("host", somebody("a", { role: "listener", offered: "speaker" }), "me")).toEqual(["remove"]);
});

test("SP-31 who may invite, and with which role", () => {
  expect(inviteRoles("host")).toEqual(["speaker", "cohost", "host"]);
  expect(inviteRoles("cohost")).toEqual(["speaker"]);
  expect(inviteRoles("speaker")).toEqual([]);
  expect([mayEnd("host"), mayEnd("acting-host"), mayEnd("cohost")]).toEqual([true, true, false]);
});
