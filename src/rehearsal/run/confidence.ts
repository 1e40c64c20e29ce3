import { count, share, span } from "../report/quantities.ts";
import type { Said } from "../report/record.ts";
import type { Run } from "./run.ts";

/** How far a run can be believed, and what it cannot know. */
export function confidenceOf(run: Run): Said[] {
  const { rows, local, cores, dead } = run;
  const most = (of: (row: (typeof rows)[number]) => number): number =>
    rows.reduce((so, row) => Math.max(so, of(row)), 0);
  const said: Said[] = [];
  const last = rows.at(-1)?.counts;
  if (local) {
    said.push({
      key: "confidence.shared",
      values: {
        cores: count(cores),
        swarm: { value: most(({ swarm }) => swarm.cores), unit: "cores" },
        busy: share(
          Math.min(
            1,
            most(({ machine }) => machine ?? 0),
          ),
        ),
      },
    });
    said.push({ key: "confidence.loopback" });
  } else said.push({ key: "confidence.network" });
  said.push({
    key: "confidence.late",
    values: {
      late: span(most(({ swarm, probe }) => Math.max(swarm.loopDelay, probe?.loopDelay ?? 0)) / 1000),
      full: share(
        Math.min(
          1,
          most(({ swarm }) => swarm.fullest),
        ),
      ),
    },
  });
  if (last && last.segments > 0)
    said.push({
      key: "confidence.compared",
      values: { share: share(Math.max(0, 1 - last.unchecked / last.segments)) },
    });
  if (rows.every(({ server }) => server === undefined)) said.push({ key: "confidence.noMetrics" });
  if (dead > 0) said.push({ key: "confidence.dead" });
  said.push({ key: "confidence.people" });
  return said;
}
