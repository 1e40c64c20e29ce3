import { readFile } from "node:fs/promises";
import { reason } from "../../foundation/errors.ts";
import { compare, comparisonPage } from "../../rehearsal/report/compare.ts";
import { comparisonLines } from "../../rehearsal/report/comparison-lines.ts";
import type { Language } from "../../rehearsal/report/language.ts";
import type { RehearsalRecord } from "../../rehearsal/report/record.ts";
import { writeTo } from "../plan/files.ts";
import { notReadable } from "../plan/options.ts";
import { off } from "../plan/words.ts";

/** `rostra rehearse --compare A.json B.json`: what changed from one to the other. */
export async function compareRecords(
  files: readonly string[],
  out: string | undefined,
  language: Language,
): Promise<number> {
  const [before, after, ...more] = files;
  if (before === undefined || after === undefined || more.length > 0)
    throw off("--compare", files.join(" "), "two records, such as before.json after.json");
  const comparison = compare(await recordIn(before), await recordIn(after));
  process.stdout.write(comparisonLines(comparison, language));
  if (out !== undefined) await writeTo(out, comparisonPage(comparison, language));
  return 0;
}

const lists = ["question", "setup", "findings", "promises", "curves", "marks", "attacks", "changes", "confidence"];

async function recordIn(file: string): Promise<RehearsalRecord> {
  const text = await readFile(file, "utf8").catch((thrown: unknown) => {
    throw notReadable(file, reason(thrown));
  });
  let record: Partial<Record<string, unknown>>;
  try {
    record = JSON.parse(text) as Partial<Record<string, unknown>>;
  } catch (thrown) {
    throw notReadable(file, `it is not JSON: ${reason(thrown)}`);
  }
  const whole =
    record?.["v"] === 1 &&
    (record["kind"] === "plan" || record["kind"] === "run") &&
    typeof record["title"] === "string" &&
    lists.every((name) => Array.isArray(record[name]));
  if (!whole) throw notReadable(file, "it is no record of a rehearsal");
  return record as unknown as RehearsalRecord;
}
