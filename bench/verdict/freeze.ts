import { writeFile } from "node:fs/promises";
import { calibrate, quantile } from "../../src/verdict/calibrate.ts";
import { featureNames } from "../../src/verdict/features.ts";
import type { Calibrated } from "../../src/verdict/likelihood.ts";
import { verdictOf } from "../../src/verdict/verdict.ts";
import { blind, type Case } from "./cases.ts";

/** Tables from the training set, temperature, bounds and intervals from the other one. */
export function calibratedBy(training: readonly Case[], others: readonly Case[], made: string): Calibrated {
  const first = calibrate(
    training.flatMap(({ examples }) => examples),
    others.flatMap(({ examples }) => examples),
    made,
  );
  const errors = { calm: [] as number[], decided: [] as number[], open: [] as number[] };
  for (const { scenario, series, truth, capacity } of others) {
    // Of a crowd alone there is nothing to be off by: intervals are those of evenings with an attack.
    if (!scenario.attack || blind.has(scenario.attack)) continue;
    const { shares, episodes } = verdictOf(series, first, capacity);
    const isOpen = episodes.some(({ judgement }) => judgement.cause === "unknown");
    // What is above the interval's own room for the unknown, or below the estimate.
    const over = Math.max(0, truth.attack - shares.attack.share - shares.unknown.share);
    const under = Math.max(0, shares.attack.share - truth.attack);
    errors[episodes.length === 0 ? "calm" : isOpen ? "open" : "decided"].push(Math.max(over, under));
  }
  const round = (value: number): number => Math.ceil(value * 1000) / 1000;
  const nine = (values: readonly number[]): number => round(quantile(values, 0.9));
  return { ...first, errors: { calm: nine(errors.calm), decided: nine(errors.decided), open: nine(errors.open) } };
}

const heading = `import type { Calibrated } from "./likelihood.ts";
import { tablesFrom } from "./tables.ts";

/**
 * What the verdict was calibrated to be, made by \`node bench/verdict.ts --calibrate\` from seeded synthetic traffic and frozen before the
 * test set was made (docs/verdict.md). By feature: logarithms of shares by bin, of crowd, attack and fault.
 */
`;

/** Writes it as the source file that the program has it from. */
export async function freeze(calibrated: Calibrated, file: string): Promise<void> {
  const { tables, ...rest } = calibrated;
  const rows = featureNames.map((name) => `    ${name}: "${tables[name].map((row) => row.join(" ")).join(" | ")}",`);
  const text = [
    `${heading}export const calibrated: Calibrated = {`,
    ...Object.entries(rest).map(([name, value]) => `  ${name}: ${JSON.stringify(value)},`),
    "  tables: tablesFrom({",
    ...rows,
    "  }),",
    "};",
    "",
  ].join("\n");
  await writeFile(file, text);
}
