import type { Language } from "./language.ts";
import { type Fact, type RehearsalRecord, type Said, verdictOf } from "./record.ts";
import { speaker } from "./words.ts";

/** The widest that a printed line gets. */
const width = 110;

/** A record as plain lines for a terminal or a log: the verdict, the answer, the promises, and how far to believe it. */
export function lines(record: RehearsalRecord, language: Language): string {
  const { say, word } = speaker(language);
  const label = (name: Said): string => say({ key: "label", values: { name } });
  const out: string[] = [];
  const verdict = word(`verdict.${record.kind}.${verdictOf(record)}`);
  out.push(record.title, `${verdict} (${word(`badge.${record.kind}`)})`);
  if (record.interrupted) out.push(say({ key: "interrupted", values: { why: record.interrupted } }));
  const list = (heading: Parameters<typeof word>[0], items: readonly string[]): void => {
    if (items.length > 0) out.push("", word(heading), ...items.flatMap((one) => wrapped(one, "  - ", "    ")));
  };
  const facts = (heading: Parameters<typeof word>[0], of: readonly Fact[]): void =>
    list(
      heading,
      of.map(({ name, value }) => `${label(name)} ${say(value)}`),
    );
  list("heading.findings", record.findings.map(say));
  list(
    "heading.promises",
    record.promises.map(
      ({ promise, owed, came, verdict: held }) =>
        `${label(promise)} ${say(came ?? { key: "notMeasured" })} (${say(owed)}), ${word(held)}`,
    ),
  );
  list(
    "heading.attacks",
    record.attacks.map((one) => `${label(one.name)} ${say(one.cost)}; ${say(one.owed)}, ${word(one.verdict)}`),
  );
  list("heading.changes", record.changes.map(say));
  facts("heading.question", record.question);
  facts("heading.setup", record.setup);
  list("heading.confidence", record.confidence.map(say));
  list("heading.repeat", [record.command]);
  return `${out.join("\n")}\n`;
}

function wrapped(text: string, first: string, next: string): string[] {
  const made: string[] = [];
  let line = first;
  let empty = true;
  for (const word of text.split(" ")) {
    if (!empty && line.length + 1 + word.length > width) {
      made.push(line);
      line = next;
      empty = true;
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...made, line];
}
