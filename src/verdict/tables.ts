import type { FeatureName } from "./features.ts";
import type { Calibrated } from "./likelihood.ts";

/** Reads tables from texts: numbers between spaces, causes between bars. */
export const tablesFrom = (texts: Readonly<Record<FeatureName, string>>): Calibrated["tables"] =>
  Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [name, text.split(" | ").map((row) => row.split(" ").map(Number))]),
  ) as unknown as Calibrated["tables"];
