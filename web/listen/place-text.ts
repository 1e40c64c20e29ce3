import { language, t } from "../i18n/catalogue.ts";
import type { PlayerState } from "../player/contract.ts";

type Waiting = Extract<PlayerState, { readonly kind: "waiting" }>;

/** A number that nobody counts along with: two digits count. */
const about = (n: number): number => {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, n))) - 1);
  return Math.round(n / unit) * unit;
};

/** Which place it is, in words; empty while nobody has said. */
export function placeText({ before, waiting }: Waiting): string {
  if (waiting === null) return t("standing.asking");
  if (before === null) return t("standing.lottery", { n: about(waiting) });
  if (before === 0) return t("standing.next");
  const place = before + 1;
  if (place < 100) return t("standing.place", { n: place, all: Math.max(place, waiting) });
  // The same words for a while: they are read aloud.
  return t("standing.placeAbout", { n: about(place), all: about(Math.max(place, waiting)) });
}

/** When its turn comes, in words. */
export function turnText({ before, turnIn }: Waiting): string {
  if (before === null) return "";
  if (turnIn === null) return t("standing.turnUnknown");
  const [from, to] = [Math.max(1, Math.floor(turnIn[0] / 60)), Math.ceil(turnIn[1] / 60)];
  if (turnIn[1] < 60) return t("standing.turnSoon");
  if (from >= to) return t("standing.turnIn", { n: to });
  return t("standing.turnBetween", { from: about(from), to: about(to) });
}

/** When something was, in the reader's zone. */
export const timeText = (at: number): string =>
  new Intl.DateTimeFormat(language(), { hour: "numeric", minute: "2-digit" }).format(at);
