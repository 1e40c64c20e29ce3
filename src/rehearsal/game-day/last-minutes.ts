import type { GameDayFacts } from "./facts.ts";
import { bad, type Finding, good, ms, names, open, share } from "./finding.ts";

/** From here on a connection is heard to be bad. */
const poorLossPercent = 5;
const poorJitterMs = 60;
/** A process whose loop is behind by more makes listeners and speakers wait. */
const slowLoopMs = 100;

export function speakers({ stage: { seated, connected, hasHost, away, unheard } }: GameDayFacts): Finding {
  if (seated === 0 || connected === 0) return open("speakersNone", "speakersCome");
  if (!hasHost) return open("speakersNoHost", "speakersHost");
  if (away.length > 0) return bad("speakersAway", "speakersCall", { n: away.length, names: names(away) });
  if (unheard.length > 0) return open("speakersUnheard", "speakersTalk", { n: unheard.length, names: names(unheard) });
  return good("speakers", { n: connected });
}

export function microphones({ stage: { worst } }: GameDayFacts): Finding {
  if (!worst) return open("microphonesNone", "speakersCome");
  const values = { name: worst.name, loss: share(worst.lossPercent / 100), jitter: ms(worst.jitterMs) };
  const poor = worst.lossPercent > poorLossPercent || worst.jitterMs > poorJitterMs;
  return poor ? bad("microphonesPoor", "microphonesMend", values) : good("microphones", values);
}

export function processes({ processes: { count, down, linked } }: GameDayFacts): Finding {
  if (count === 0) return bad("processesUnknown", "processesLook");
  if (down.length > 0) return bad("processesDown", "processesLook", { n: down.length, names: names(down) });
  return linked ? good("processes", { n: count }) : bad("processesApart", "processesLook");
}

export function loop({ processes: { slowest } }: GameDayFacts): Finding {
  if (!slowest) return bad("loopUnknown", "processesLook");
  const values = { name: slowest.name, delay: ms(slowest.delayMs) };
  return slowest.delayMs > slowLoopMs ? bad("loopSlow", "loopQuiet", values) : good("loop", values);
}

export function hold({ hold: is }: GameDayFacts): Finding {
  if (is === "closed") return open("holdClosed");
  return is === "playing" ? good("hold") : bad("holdSilent", "processesLook");
}

export function recording({ notRecording }: GameDayFacts): Finding {
  return notRecording === null ? good("recording") : bad("recordingFailed", "recordingMend", { why: notRecording });
}

/** The rehearsal is not to take from the event what it needs. */
export function rehearsalQuiet({ rehearsal }: GameDayFacts): Finding {
  const listeners = rehearsal?.listeners ?? 0;
  return listeners === 0 ? good("quiet") : bad("quietNot", "quietEnd", { n: listeners });
}
