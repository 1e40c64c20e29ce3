import type { GameDayFacts } from "./facts.ts";
import { bad, type Finding, good, moment, open } from "./finding.ts";

export function rehearsalSpace({ rehearsal }: GameDayFacts): Finding {
  if (!rehearsal) return open("rehearsalMissing", "rehearsalMake");
  return rehearsal.plays ? good("rehearsalSpace", { n: rehearsal.listeners }) : bad("rehearsalSilent", "rehearsalAnew");
}

/** A rehearsal of fewer than are expected says so wherever it says go: for the rest there is only the plan. */
export function rehearsed({ report, audience }: GameDayFacts): Finding {
  if (!report) return open("reportMissing", "rehearse");
  const values = { at: moment(report.at) };
  switch (report.verdict) {
    case "go": {
      const [n, expected] = [report.listeners, audience?.listeners];
      if (n === null || expected === undefined || n >= expected) return good("report", values);
      return good("reportPart", { ...values, n, expected });
    }
    case "noGo":
      return bad("reportNoGo", "reportRead", values);
    case "cannotTell":
      return bad("reportUnclear", "rehearseAgain", values);
  }
}
