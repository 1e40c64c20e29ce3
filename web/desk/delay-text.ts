import { t } from "../i18n/catalogue.ts";
import { msText, spanText } from "../ui/figures.ts";

/** How far from its announced minute a Space opened. A few milliseconds either way are on the minute. */
export function delayText(delayMs: number): string {
  const far = Math.abs(delayMs);
  if (far < 20) return t("desk.onTime");
  const time = far < 1000 ? msText(far) : spanText(far / 1000);
  return t(delayMs < 0 ? "desk.early" : "desk.late", { time });
}
