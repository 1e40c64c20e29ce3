import type { RoomPerson } from "../../src/wire/signalling.ts";
import type { Role } from "../../src/wire/state.ts";
import { type Key, t } from "../i18n/catalogue.ts";

const names: Readonly<Record<Role, Key>> = {
  host: "stage.host",
  cohost: "stage.cohost",
  speaker: "stage.guest",
  listener: "stage.listener",
};

export const roleName = (role: Role): string => t(names[role]);

/** Those on stage, host first, then co-hosts, then speakers, each in the order they came. */
export function onStage(people: readonly RoomPerson[]): RoomPerson[] {
  const rank: Readonly<Record<Role, number>> = { host: 0, cohost: 1, speaker: 2, listener: 3 };
  return people.filter((one) => one.role !== "listener").sort((a, b) => rank[a.role] - rank[b.role]);
}

/** Listeners whose hand is up or who are asked to the stage, first come first. */
export function handsOf(people: readonly RoomPerson[]): RoomPerson[] {
  return people
    .filter((one) => one.role === "listener" && (one.handRaised || one.offered !== null))
    .sort((a, b) => (a.handAt ?? 0) - (b.handAt ?? 0));
}
