import type { RoomPerson } from "../../src/wire/signalling.ts";
import { t } from "../i18n/catalogue.ts";
import { roleName } from "./role-name.ts";

/**
 * What a screen reader says when the room has changed from `before` to `after`: who came and went, who is muted, who
 * has a new role, and, for those who bring people up, whose hand went up. Nothing about oneself: that is said elsewhere.
 */
export function announcements(
  before: readonly RoomPerson[],
  after: readonly RoomPerson[],
  you: string,
  hearsHands: boolean,
): string[] {
  const was = new Map(before.map((one) => [one.id, one]));
  const is = new Map(after.map((one) => [one.id, one]));
  const said: string[] = [];
  for (const one of after) {
    if (one.id === you) continue;
    const old = was.get(one.id);
    const name = one.name;
    if (one.role === "listener") {
      if (old && old.role !== "listener") said.push(t("stage.saidLeft", { name }));
      if (hearsHands && one.handRaised && !old?.handRaised) said.push(t("stage.saidHand", { name }));
      continue;
    }
    if (!old || old.role === "listener") {
      if (one.present) said.push(t("stage.saidJoined", { name }));
      continue;
    }
    if (!old.present && one.present) said.push(t("stage.saidBack", { name }));
    if (old.present && !one.present) said.push(t("stage.saidAway", { name }));
    if (old.role !== one.role) said.push(t("stage.saidRole", { name, role: roleName(one.role) }));
    if (!old.muted && one.muted) said.push(t("stage.saidMuted", { name }));
    if (old.muted && !one.muted) said.push(t("stage.saidUnmuted", { name }));
  }
  for (const old of before) {
    if (old.role !== "listener" && old.id !== you && !is.has(old.id)) {
      said.push(t("stage.saidLeft", { name: old.name }));
    }
  }
  return said;
}
