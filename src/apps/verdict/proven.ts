import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type CurveName, type RehearsalRecord, verdictOf } from "../../rehearsal/report/record.ts";
import type { Capacity } from "../../verdict/capacity.ts";
import { readRecord } from "../control/game-day/record.ts";

/**
 * What the Space's last rehearsal has proven: the record of the run that was handed in at its desk. Nothing when there is none, it ended
 * early, or it broke a promise: then it has shown what does not hold, and not what does.
 */
export async function provenCapacity(data: string, space: string): Promise<Capacity | undefined> {
  // An id is a plain word; whatever else comes out of a chain names no file.
  if (!/^[\w-]{1,64}$/.test(space)) return undefined;
  const text = await readFile(join(data, "rehearsals", `${space}.report.json`), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const record = readRecord(JSON.parse(text));
  return "wrong" in record ? undefined : capacityOf(record);
}

export function capacityOf(record: RehearsalRecord): Capacity | undefined {
  if (record.kind !== "run" || record.interrupted || verdictOf(record) === "noGo") return undefined;
  const [players, joinsPerSecond] = [mostOf(record, "seated"), mostOf(record, "arriving")];
  if (players < 1) return undefined;
  const more = verdictOf(record) === "go" ? "" : " (not every promise could be measured)";
  return { players, joinsPerSecond, provedBy: `the rehearsal "${record.title.slice(0, 100)}"${more}` };
}

const mostOf = ({ curves }: RehearsalRecord, name: CurveName): number =>
  Math.round(curves.find((one) => one.name === name)?.values.reduce<number>((a, b) => Math.max(a, b ?? 0), 0) ?? 0);
