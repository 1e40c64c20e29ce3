import type { GameDayFacts } from "./facts.ts";
import { bad, bytes, type Finding, good, moment, ms, open } from "./finding.ts";

/** What the archive of a Space takes a second: three renditions with their boxes. */
const archiveBytesPerSecond = 17_000;
/** How many times that has to be free: events last longer than they were meant to. */
const archiveReserve = 2;
/** What is taken to be how long an event lasts until somebody says it, seconds. */
const usualLength = 7200;
/** How long after the event a certificate has to be good still: the replay is heard over it. */
const certificateReserveMs = 3_600_000;
/** How far the wall's clock may have been set since the server began: below, it is slewing. */
const maxSetMs = 500;
/** How far two clocks that are right may differ, with the way between them. */
const maxDifferenceMs = 2000;

export function audience({ audience: expected }: GameDayFacts): Finding {
  if (!expected) return open("audienceMissing", "sayAudience");
  return good("audience", { n: expected.listeners, over: ms(expected.over * 1000) });
}

export function plan({ audience: expected, plan: made }: GameDayFacts): Finding {
  if (!expected) return open("planNoAudience", "sayAudience");
  switch (made.kind) {
    case "none":
      return open("planNoAudience", "planAgain");
    case "working":
      return open("planWorking");
    case "failed":
      return bad("planFailed", "planAgain", { why: made.why });
    case "there":
      return made.verdict === "go" && made.edges !== null
        ? good("plan", { n: made.edges })
        : bad("planNoGo", "planLook");
  }
}

export function edges({ plan: made, edges: there }: GameDayFacts): Finding {
  if (made.kind !== "there") return open("edgesNoPlan", "sayAudience", { n: there });
  if (made.edges === null) return bad("edgesNone", "planLook");
  const values = { there, n: made.edges };
  if (there < made.edges) return bad("edgesFew", "edgesStart", { ...values, missing: made.edges - there });
  const spare = made.edgesWithSpare ?? made.edges;
  return there < spare ? good("edgesNoSpare", { ...values, spare }) : good("edges", values);
}

export function disk({ diskFree, audience: expected }: GameDayFacts): Finding {
  if (diskFree === null) return bad("diskUnknown", "diskLook");
  const needed = (expected?.lasts ?? usualLength) * archiveBytesPerSecond * archiveReserve;
  const values = { free: bytes(diskFree), needed: bytes(needed) };
  return diskFree >= needed ? good("disk", values) : bad("diskFull", "diskRoom", values);
}

export function certificate({ certificate: found, startAt, audience: expected, ticks }: GameDayFacts): Finding {
  switch (found.kind) {
    case "none":
      return ticks.certificate ? good("certificateTicked") : open("certificateNone", "certificateGive");
    case "elsewhere":
      if (ticks.certificate) return good("certificateTicked");
      return open("certificateElsewhere", "certificateTick", { url: found.url });
    case "unreadable":
      return bad("certificateUnreadable", "certificateRenew", { why: found.why });
    case "own": {
      const until = { until: moment(found.validTo) };
      const over = startAt + (expected?.lasts ?? usualLength) * 1000 + certificateReserveMs;
      return found.validTo >= over ? good("certificate", until) : bad("certificateEnds", "certificateRenew", until);
    }
  }
}

export function clock({ clock: { setMs, differsMs } }: GameDayFacts): Finding {
  if (Math.abs(setMs) >= maxSetMs) return bad("clockSet", "clockSet", { by: ms(Math.abs(setMs)) });
  if (differsMs !== null && Math.abs(differsMs) >= maxDifferenceMs) {
    return bad("clockDiffers", "clockSet", { by: ms(Math.abs(differsMs)) });
  }
  return good("clock");
}

export function invites({ invites: n, ticks }: GameDayFacts): Finding {
  return ticks.invites ? good("invitesTicked", { n }) : open("invites", "invitesGive", { n });
}
