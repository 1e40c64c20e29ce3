import type { GameDayFacts } from "./facts.ts";
import { bad, type Finding, good, ms, open } from "./finding.ts";

/** How far from its minute a Space may open and still be on it: a segment, rounded up. */
const onTheMinuteMs = 1000;

/** Whether it went live at the minute, as the timeline measured it. */
export function live({ status, delayMs, now, startAt }: GameDayFacts): Finding {
  if (status === "cancelled") return bad("liveCancelled");
  if (delayMs !== null) {
    const by = { by: ms(Math.abs(delayMs)) };
    if (delayMs > onTheMinuteMs) return bad("liveLate", undefined, by);
    return delayMs < -onTheMinuteMs ? good("liveEarly", by) : good("live", by);
  }
  if (status === "ended") return bad("liveNever");
  if (now <= startAt + onTheMinuteMs) return open("liveWaits");
  return bad("liveNot", "liveStart", { by: ms(now - startAt) });
}
