import type { JSX } from "preact";
import type { Space } from "../../src/wire/api.ts";
import { type Key, t } from "../i18n/catalogue.ts";
import { Badge, type BadgeProps } from "../ui/badge.tsx";

type Look = readonly [words: Key, kind: NonNullable<BadgeProps["kind"]>];

const looks: Readonly<Record<Space["status"], Look>> = {
  scheduled: ["desk.statusScheduled", "plain"],
  lobby: ["desk.statusLobby", "waiting"],
  live: ["desk.statusLive", "live"],
  ended: ["desk.statusEnded", "plain"],
  cancelled: ["desk.statusCancelled", "plain"],
};

/** Where a Space is in its life, in a word. */
export function statusLook({ status, hold, replay }: Pick<Space, "status" | "hold" | "replay">): Look {
  if (status === "live" && hold) return ["desk.statusHold", "waiting"];
  if (status === "ended" && replay) return ["desk.statusReplay", "good"];
  return looks[status];
}

export function StatusBadge({ space }: { readonly space: Pick<Space, "status" | "hold" | "replay"> }): JSX.Element {
  const [words, kind] = statusLook(space);
  return <Badge kind={kind}>{t(words)}</Badge>;
}
