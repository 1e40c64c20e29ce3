import { t } from "../i18n/catalogue.ts";

/** A start within this of the announced minute counts as on the minute. */
const onTheMinuteMs = 2000;

/** How the opening kept to its minute, in words. */
export function openedText(delayMs: number): string {
  if (delayMs < -onTheMinuteMs) return t("listen.openedEarly");
  if (delayMs < onTheMinuteMs) return t("listen.openedOnTime");
  const seconds = Math.round(delayMs / 1000);
  if (seconds < 100) return t("listen.openedLateSeconds", { n: seconds });
  return t("listen.openedLateMinutes", { n: Math.round(seconds / 60) });
}
