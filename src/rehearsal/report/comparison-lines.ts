import type { Comparison } from "./compare.ts";
import type { Language } from "./language.ts";
import type { Kept, Said, Value } from "./record.ts";
import { speaker } from "./words.ts";

/** A comparison as plain lines for a terminal: what was different, how the promises came out, how the curves moved. */
export function comparisonLines(comparison: Comparison, language: Language): string {
  const { say, word } = speaker(language);
  const label = (name: Said): string => say({ key: "label", values: { name } });
  const none: Said = { text: "–" };
  const came = (one: Kept | undefined): string =>
    one ? `${say(one.came ?? { key: "notMeasured" })} (${word(one.verdict)})` : say(none);
  const moved = (before: Value, after: Value): string => `${say(before)} → ${say(after)}`;
  const part = (change: number | undefined): string =>
    change === undefined
      ? ""
      : ` (${change > 0 ? "+" : change < 0 ? "−" : ""}${say({ value: Math.abs(change), unit: "share" })})`;
  const block = (heading: Parameters<typeof word>[0], items: readonly string[]): string[] =>
    items.length === 0 ? [] : ["", word(heading), ...items.map((one) => `  - ${one}`)];
  const { different, promises, figures, mixed } = comparison;
  return `${[
    `${word("compare.title")}: ${comparison.before} → ${comparison.after}`,
    ...(mixed ? [word("compare.mixed")] : []),
    ...(different.length === 0 ? [word("compare.same")] : []),
    ...block(
      "compare.setup",
      different.map(({ name, before, after }) => `${label(name)} ${moved(before, after)}`),
    ),
    ...block(
      "heading.promises",
      promises.map(({ promise, before, after }) => `${label(promise)} ${came(before)} → ${came(after)}`),
    ),
    ...block(
      "heading.findings",
      figures.map(({ curve, of, before, after, change }) => {
        const name: Said = { key: `compare.${of}`, values: { name: { key: `curve.${curve}` } } };
        return `${label(name)} ${moved(before, after)}${part(change)}`;
      }),
    ),
  ].join("\n")}\n`;
}
