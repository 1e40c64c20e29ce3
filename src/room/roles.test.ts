import { expect, test } from "vitest";
import type { Role } from "../wire/state.ts";
import { type ActingRole, type ActionOnOther, mayActOn, mayDo, mayInvite } from "./roles.ts";

const actors: readonly ActingRole[] = ["host", "acting-host", "cohost", "speaker", "listener"];
const actions: readonly ActionOnOther[] = ["mute-other", "remove", "bring-up", "promote", "demote", "hand-over"];
const targets: readonly Role[] = ["host", "cohost", "speaker", "listener"];

/** All that is allowed; everything else is not. */
const allowed = new Set([
  "host mute-other cohost",
  "host mute-other speaker",
  "host remove cohost",
  "host remove speaker",
  "host remove listener",
  "host bring-up listener",
  "host promote speaker",
  "host demote cohost",
  "host demote speaker",
  "host hand-over cohost",
  "host hand-over speaker",
  "acting-host mute-other cohost",
  "acting-host mute-other speaker",
  "acting-host remove speaker",
  "acting-host remove listener",
  "acting-host bring-up listener",
  "acting-host promote speaker",
  "acting-host demote speaker",
  "cohost mute-other speaker",
  "cohost remove speaker",
  "cohost remove listener",
  "cohost bring-up listener",
  "cohost demote speaker",
]);

test("RO-10 exactly the table's actions are allowed, of all actors, actions and targets", () => {
  const found = actors.flatMap((actor) =>
    actions.flatMap((action) =>
      targets.filter((target) => mayActOn(actor, action, target)).map((target) => `${actor} ${action} ${target}`),
    ),
  );
  expect(new Set(found)).toEqual(allowed);
});

test("RO-10 who may do what for the whole Space", () => {
  const may = (actor: ActingRole): string =>
    (["start", "end", "notice", "level"] as const).filter((action) => mayDo(actor, action)).join(" ");
  expect(actors.map(may)).toEqual(["start end notice level", "start end notice level", "start notice level", "", ""]);
  const invites = (actor: ActingRole): string =>
    (["host", "cohost", "speaker"] as const).filter((role) => mayInvite(actor, role)).join(" ");
  expect(actors.map(invites)).toEqual(["host cohost speaker", "speaker", "speaker", "", ""]);
});
