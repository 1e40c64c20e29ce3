import { count, share } from "../report/quantities.ts";
import type { Said } from "../report/record.ts";
import { attackVerdict, type JudgedAttack } from "./judge-attack.ts";
import type { JudgedRun } from "./judge.ts";
import type { Run } from "./run.ts";
import { fullestEdge } from "./run-findings.ts";

/** From this share of a core on an edge is what binds. */
const fullEdge = 0.9;

/** What to change first, from what bound in the run. */
export function changesOf(
  run: Run,
  promises: readonly JudgedRun[],
  attacks: readonly JudgedAttack[],
  { processes, server }: { readonly processes: number; readonly server: readonly string[] },
): Said[] {
  const changes: Said[] = [];
  const excuses = [...promises, ...attacks.flatMap(({ owed }) => owed)].flatMap(({ excuse }) => excuse ?? []);
  if (excuses.some(({ kind }) => kind === "shared")) changes.push({ key: "change.elsewhere" });
  if (excuses.some(({ kind }) => kind !== "shared"))
    changes.push(
      processes < run.cores
        ? { key: "change.processes", values: { n: count(run.cores) } }
        : { key: "change.elsewhere" },
    );
  const fullest = run.rows.reduce((most, row) => Math.max(most, fullestEdge(row)?.share ?? 0), 0);
  if (fullest >= fullEdge) changes.push({ key: "change.edges", values: { share: share(Math.min(1, fullest)) } });
  const last = run.rows.at(-1)?.counts;
  if (last && last.refusedConnects + (last.refused["503"] ?? 0) > 0) changes.push({ key: "change.refused" });
  if (run.ending.kind === "died") changes.unshift({ key: "change.died" });
  const broken = attacks.filter((one) => attackVerdict(one) === "broken").map(({ attack }) => attack.name);
  if (broken.length > 0) changes.push({ key: "change.withstand", values: { names: broken.join(", ") } });
  if (server.length === 0) changes.push({ key: "change.metrics" });
  const distinct = [...new Map(changes.map((one) => [JSON.stringify(one), one])).values()];
  if (distinct.length > 0) return distinct;
  const isGo = promises.every(({ verdict }) => verdict === "held");
  return isGo ? [{ key: "change.noneRun" }] : [];
}
