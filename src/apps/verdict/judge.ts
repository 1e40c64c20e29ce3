import { Problem } from "../../foundation/errors.ts";
import { calibrated } from "../../verdict/calibrated.ts";
import { recordOf, type VerdictRecord } from "../../verdict/report/record.ts";
import { type EdgeEvidence, type Series, seriesOf } from "../../verdict/series.ts";
import { verdictOf } from "../../verdict/verdict.ts";
import { readChains } from "./chains.ts";
import type { VerdictCommand } from "./options.ts";
import { provenCapacity } from "./proven.ts";

/** Of a Space that has no beginning of its own in the evidence as much is judged, ms; and what comes before and after one that has. */
const longestMs = 6 * 3600_000;
const beforeMs = 5 * 60_000;
const afterMs = 2 * 60_000;

/** What is read before the time that is judged, ms: which version ran then, and what was announced. */
const readBeforeMs = 3600_000;

type Judge = VerdictCommand & { readonly kind: "judge" };

/** Reads the evidence of a Space's evening and judges it; sound when every chain holds. Problems: `no-evidence`, `file-not-readable`. */
export async function judge(command: Judge): Promise<{ readonly record: VerdictRecord; readonly isSound: boolean }> {
  const { data, key, announced } = command;
  const since = command.from === undefined ? undefined : command.from - readBeforeMs;
  const chains = await readChains(data, { key, since });
  const all = seriesOf(chains.map(({ evidence }) => evidence));
  const found = [...all.spaces].find(([id, { slug }]) => id === command.space || slug === command.space);
  if (!found) throw notInEvidence(command.space, all);
  const [id, space] = found;
  const [from, to] = timesOf(command, all, space.slug, space.startAt);
  const capacity = command.capacity ?? (await provenCapacity(data, id));
  const series = withAnnounced(seriesOf(chains.map(({ evidence }) => between(evidence, from, to))), announced);
  const record = recordOf(series, verdictOf(series, calibrated, capacity), calibrated, {
    title: space.title,
    sample: false,
    command: replayed(command, from, to),
    space: id,
    evidence: chains.map(({ process: name, report }) => ({
      process: name,
      records: report.records,
      first: report.first ?? 0,
      head: report.head ? `${report.head.n} ${report.head.hash}` : "none",
      breaks: report.breaks.map(({ file, line, says }) => `${file} line ${line}: ${says}`),
    })),
  });
  return { record, isSound: chains.every(({ report }) => report.breaks.length === 0) };
}

/** The command that gives the same again, whenever it is given. */
export function replayed({ space, announced, capacity, key, folder }: Judge, from: number, to: number): string {
  const iso = (at: number): string => new Date(at).toISOString();
  const words = [`rostra verdict ${space} --from ${iso(from)} --to ${iso(to)}`];
  if (folder !== undefined) words.push(`--data ${folder}`);
  for (const at of announced) words.push(`--announced ${iso(at)}`);
  if (capacity) {
    const { players, joinsPerSecond, provedBy } = capacity;
    const by = provedBy === "--capacity" ? "" : `,by=${provedBy}`;
    words.push(`--capacity '${`players=${players},joins=${joinsPerSecond}${by}`.replaceAll("'", `'\\''`)}'`);
  }
  if (key !== undefined) words.push(`--key ${key}`);
  return words.join(" ");
}

/** From when to when is judged: as was asked, or from a little before a Space began until a little after its end. */
function timesOf(
  { from, to }: Judge,
  { slices, marks }: Series,
  slug: string,
  startAt: number,
): [from: number, to: number] {
  const of = (kind: string): number[] =>
    marks.filter((one) => one.kind === kind && one.what === slug).map(({ at }) => at);
  const last = (slices.at(-1)?.at ?? 0) + 10_000;
  const end = to ?? Math.min(last, Math.max(0, ...of("ended")) + afterMs || last);
  const began = Math.min(startAt, ...of("live")) - beforeMs;
  return [from ?? Math.max(began, end - longestMs), end < began ? last : end];
}

/** Of the records those of some minutes; what became of Spaces, and the last begin before, is kept as well. */
function between({ name, records }: EdgeEvidence, from: number, to: number): EdgeEvidence {
  const began = records.findLast((record) => record.t === "begin" && record.at < from - readBeforeMs);
  const kept = records.filter((record) => {
    if (record.t === "window") return record.from >= from - 5000 && record.from < to;
    if (record.t === "space" || record === began) return true;
    return record.at >= from - readBeforeMs && record.at <= to + 10_000;
  });
  return { name, records: kept };
}

const withAnnounced = (series: Series, announced: readonly number[]): Series => ({
  ...series,
  marks: [...series.marks, ...announced.map((at) => ({ at, kind: "said" as const, what: "of it" }))].toSorted(
    (one, other) => one.at - other.at,
  ),
});

const notInEvidence = (space: string, { spaces }: Series): Problem =>
  new Problem({
    status: 404,
    code: "no-evidence",
    title: "There is no evidence here",
    detail: `No edge has written anything down of a Space "${space}"; there is something of ${
      [...spaces.values()]
        .map(({ slug }) => slug)
        .slice(0, 20)
        .join(", ") || "none"
    }.`,
    action: "Name a Space by its id or the end of its address.",
  });
