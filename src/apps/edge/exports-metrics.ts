import type { Action, Recommendations } from "../../exports/recommendations.ts";
import type { Meter } from "../../foundation/meter.ts";

/** The metrics of what is handed down. */
export function exportsMetrics(
  meter: Meter,
  recommendations: Recommendations,
): { told(action: Action): void; lost(to: string): void } {
  const actions = meter.counter("rostra_exports_total", "What was told and done about those who came on, by what.");
  const refused = meter.counter("rostra_exports_refused_total", "Recommendations kept back, by the guard that did.");
  const lost = meter.counter("rostra_exports_lost_total", "What could not be told to an output, by which.");
  const rules = meter.gauge("rostra_exports_rules", "Prefixes that something is said or done about, by state.");
  const overflow = meter.gauge("rostra_exports_overflow", "Recommendations left out because of the cap of rules.");
  meter.onCollect(() => {
    const blocked = recommendations.blocked.length;
    rules.set(blocked, { state: "blocked" });
    rules.set(recommendations.rules.length - blocked, { state: "told" });
    overflow.set(recommendations.overflow);
  });
  return {
    told: ({ what, guard }) => {
      actions.add(1, { what });
      if (guard !== undefined) refused.add(1, { guard });
    },
    lost: (to) => lost.add(1, { to }),
  };
}
