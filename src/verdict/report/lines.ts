import type { VerdictRecord } from "./record.ts";
import { causeWords, featureValue, featureWords, figure, percent, troubleWords, verdictWords } from "./words.ts";

const clock = (at: number): string => new Date(at).toISOString().slice(11, 19);

/** The verdict in a terminal: a screenful. */
export function lines(record: VerdictRecord): string {
  const { shares, episodes, troubles } = record;
  const out = [
    `${record.title}${record.sample ? " (a made-up evening)" : ""}`,
    `${new Date(record.from).toISOString().slice(0, 19)}Z to ${clock(record.to)}Z`,
    "",
    verdictWords[record.kind],
    "",
  ];
  for (const cause of ["crowd", "attack", "fault", "unknown"] as const) {
    const { share, low, high } = shares[cause];
    const between = cause === "unknown" ? "" : `  (${percent(low)} to ${percent(high)})`;
    out.push(`  ${causeWords[cause].padEnd(10)} ${percent(share).padStart(9)}${between}`);
  }
  if (episodes.length > 0) out.push("", "What nobody who plays explains:");
  for (const { from, to, cause, probability, excess, parts, features } of episodes) {
    const what = parts.map(([name, share]) => `${name} ${percent(share)}`).join(", ");
    const named = cause === "unknown" ? "cannot tell" : causeWords[cause];
    const chances = (["crowd", "attack", "fault"] as const)
      .map((one) => `${causeWords[one]} ${percent(probability[one])}`)
      .join(", ");
    out.push(`  ${clock(from)} to ${clock(to)}  ${percent(excess)} of the load: ${named} (${chances}); ${what}`);
    const loudest = features.toSorted((one, other) => loud(other.says) - loud(one.says)).slice(0, 5);
    for (const { name, value } of loudest) out.push(`      ${featureWords[name].name}: ${featureValue(name, value)}`);
  }
  if (troubles.length > 0) out.push("", "Trouble of our own:");
  for (const { at, kinds } of troubles)
    out.push(`  ${clock(at)}  ${kinds.map((kind) => troubleWords[kind]).join("; ")}`);
  const { all, honest, capacity } = record.counterfactual;
  out.push(
    "",
    `Highest load: ${figure(all.peak)} ms of processor a second; of the crowd alone ${figure(honest.peak)}.`,
  );
  if (capacity) out.push(`Proven (${capacity.provedBy}): ${figure(capacity.load)}.`);
  else out.push("No capacity was proven: a rehearsal does that (--capacity).");
  for (const { process, breaks } of record.evidence.filter((one) => one.breaks.length > 0))
    out.push("", `The evidence of ${process} does not hold: ${breaks.join("; ")}`);
  return `${out.join("\n")}\n`;
}

const loud = (says: Readonly<Record<string, number>>): number =>
  Object.values(says).reduce((most, one) => Math.max(most, Math.abs(one)), 0);
