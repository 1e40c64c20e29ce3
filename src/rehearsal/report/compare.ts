import { escape } from "../../foundation/escape.ts";
import type { Language } from "./language.ts";
import { document, said, section, table } from "./page.ts";
import type { Curve, CurveName, Kept, Quantity, RehearsalRecord, Said, Value } from "./record.ts";
import { speaker } from "./words.ts";

/** What a change did: two records side by side. */
export interface Comparison {
  readonly before: string;
  readonly after: string;
  /** One is a model and the other was measured. */
  readonly mixed: boolean;
  /** Facts of the question and the set-up that were different. */
  readonly different: readonly { readonly name: Said; readonly before: Value; readonly after: Value }[];
  readonly promises: readonly {
    readonly promise: Said;
    readonly before: Kept | undefined;
    readonly after: Kept | undefined;
  }[];
  /** Peaks and means of the curves that both have; `change` is a share of what was before. */
  readonly figures: readonly Figure[];
}

export interface Figure {
  readonly curve: CurveName;
  readonly of: "peak" | "mean";
  readonly before: Quantity;
  readonly after: Quantity;
  /** `undefined` when there was nothing before. */
  readonly change: number | undefined;
}

const unitOf: Readonly<Record<CurveName, Exclude<Quantity["unit"], "money">>> = {
  arriving: "count",
  joining: "count",
  seated: "count",
  standing: "count",
  leafed: "count",
  joinP50: "s",
  joinP99: "s",
  behindP50: "s",
  behindP99: "s",
  gaps: "count",
  egress: "bit/s",
  cpuMean: "share",
  cpuMost: "share",
  level: "level",
};
/** Of these the mean says something too. */
const meant: readonly CurveName[] = ["egress", "cpuMean"];
const nothing: Said = { text: "–" };

/** Compares two records; what one of them lacks is left out, or told as lacking. */
export function compare(before: RehearsalRecord, after: RehearsalRecord): Comparison {
  const facts = (record: RehearsalRecord): Map<string, { name: Said; value: Value }> =>
    new Map([...record.question, ...record.setup].map((one) => [JSON.stringify(one.name), one]));
  const [was, is] = [facts(before), facts(after)];
  const different = [...new Set([...was.keys(), ...is.keys()])]
    .filter((name) => JSON.stringify(was.get(name)) !== JSON.stringify(is.get(name)))
    .map((name) => ({
      name: (was.get(name) ?? is.get(name))?.name ?? nothing,
      before: was.get(name)?.value ?? nothing,
      after: is.get(name)?.value ?? nothing,
    }));
  const named = (all: readonly Kept[]): Map<string, Kept> =>
    new Map(all.map((one) => [JSON.stringify(one.promise), one]));
  const [kept, keeps] = [named(before.promises), named(after.promises)];
  const promises = [...new Set([...kept.keys(), ...keeps.keys()])].map((name) => ({
    promise: (kept.get(name) ?? keeps.get(name))?.promise ?? nothing,
    before: kept.get(name),
    after: keeps.get(name),
  }));
  return {
    before: before.title,
    after: after.title,
    mixed: before.kind !== after.kind,
    different,
    promises,
    figures: before.curves.flatMap((curve) => {
      const other = after.curves.find(({ name }) => name === curve.name);
      return other ? figuresOf(curve, other) : [];
    }),
  };
}

function figuresOf(before: Curve, after: Curve): Figure[] {
  const figure = (of: Figure["of"], a: number, b: number): Figure => {
    const unit = unitOf[before.name];
    return {
      curve: before.name,
      of,
      before: { value: a, unit },
      after: { value: b, unit },
      change: a === 0 ? undefined : (b - a) / a,
    };
  };
  const some = ({ values }: Curve): number[] => values.filter((one) => one !== null);
  const [a, b] = [some(before), some(after)];
  if (a.length === 0 || b.length === 0) return [];
  const most = (all: readonly number[]): number => all.reduce((x, y) => Math.max(x, y), 0);
  const mean = (all: readonly number[]): number => all.reduce((x, y) => x + y, 0) / all.length;
  return [
    ...(most(a) === 0 && most(b) === 0 ? [] : [figure("peak", most(a), most(b))]),
    ...(meant.includes(before.name) ? [figure("mean", mean(a), mean(b))] : []),
  ];
}

/** A comparison as one HTML file, like the report. */
export function comparisonPage(comparison: Comparison, language: Language): string {
  const speaks = speaker(language);
  const { say, word } = speaks;
  const result = (one: Kept | undefined): string =>
    one
      ? `${escape(say(one.came ?? { key: "notMeasured" }))} <span class="${one.verdict}">${escape(word(one.verdict))}</span>`
      : escape(say(nothing));
  const signed = (change: number | undefined): string =>
    change === undefined
      ? say(nothing)
      : `${change > 0 ? "+" : change < 0 ? "−" : ""}${say({ value: Math.abs(change), unit: "share" })}`;
  const different = comparison.different.map((one) =>
    [one.name, one.before, one.after].map((value) => escape(say(value))),
  );
  const notes: Said[] = [
    ...(comparison.mixed ? [{ key: "compare.mixed" } as const] : []),
    ...(different.length === 0 ? [{ key: "compare.same" } as const] : []),
  ];
  const figures = comparison.figures.map(({ curve, of, before, after, change }) => [
    escape(say({ key: `compare.${of}`, values: { name: { key: `curve.${curve}` } } })),
    escape(say(before)),
    escape(say(after)),
    escape(signed(change)),
  ]);
  return document(word("compare.title"), language, [
    `<h1>${escape(word("compare.title"))}</h1>`,
    `<dl class="facts"><dt>${escape(word("compare.before"))}</dt><dd>${escape(comparison.before)}</dd><dt>${escape(word("compare.after"))}</dt><dd>${escape(comparison.after)}</dd></dl>`,
    said(notes, speaks),
    section("compare.setup", table(["compare.what", "compare.before", "compare.after"], different, speaks), speaks),
    section(
      "heading.promises",
      table(
        ["column.promise", "compare.before", "compare.after"],
        comparison.promises.map((one) => [escape(say(one.promise)), result(one.before), result(one.after)]),
        speaks,
      ),
      speaks,
    ),
    section(
      "heading.findings",
      table(["compare.what", "compare.before", "compare.after", "compare.change"], figures, speaks),
      speaks,
    ),
  ]);
}
