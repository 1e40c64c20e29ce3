import type { GameDayFacts } from "./facts.ts";
import { bad, type Finding, good, moment, open } from "./finding.ts";

export function rehearsalSpace({ rehearsal }: GameDayFacts): Finding {
  if (!rehearsal) return open("rehearsalMissing", "rehearsalMake");
  return rehearsal.plays ? good("rehearsalSpace", { n: rehearsal.listeners }) : bad("rehearsalSilent", "rehearsalAnew");
}

export function rehearsed({ report }: GameDayFacts): Finding {
  if (!report) return open("reportMissing", "rehearse");
  const values = { at: moment(report.at) };
  switch (report.verdict) {
    case "go":
      return good("report", values);
    case "noGo":
      return bad("reportNoGo", "reportRead", values);
    case "cannotTell":
      return bad("reportUnclear", "rehearseAgain", values);
  }
}
