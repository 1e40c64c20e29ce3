import type { Figures } from "../figures.ts";
import type { RowResult, Verdict } from "./row.ts";

const cell = (one: Figures | undefined, digits: number): string => {
  if (!one) return "";
  const [median, least, most] = [one.median, one.least, one.most].map((value) => value.toFixed(digits));
  return one.runs === 1 ? `${median}` : `${median} (${least} to ${most})`;
};

const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

const verdictLine = ({ what, limit, digits, measured, met }: Verdict): string => {
  const bound = Number.isInteger(limit) ? String(limit) : limit.toFixed(digits);
  return line([
    what,
    `≤ ${bound}`,
    cell(measured, digits),
    met === undefined ? "not measured" : met ? "met" : "**missed**",
  ]);
};

/**
 * A row as a section of Markdown: what it is, its table, its targets, and what went wrong.
 * @param picture its picture in docs/pictures, if it was drawn
 */
export function section(
  { row, about, subjects, verdicts, missing }: RowResult,
  picture?: { readonly title: string; readonly file: string },
): string {
  const columns = row.columns.filter(({ key }) => subjects.some(({ figures }) => figures[key] !== undefined));
  const lines = [
    `### ${row.title}`,
    "",
    `\`npm run bench:edge -- --row ${row.name}\`. ${about}`,
    "",
    line([row.subjects ?? "server", ...columns.map(({ title }) => title)]),
    line(["---", ...columns.map(() => "---")]),
    ...subjects.map(({ subject, figures }) =>
      line([subject, ...columns.map(({ key, digits = 0 }) => cell(figures[key], digits))]),
    ),
  ];
  if (verdicts.length > 0)
    lines.push(
      "",
      line(["target", "at most", "measured", ""]),
      line(["---", "---", "---", "---"]),
      ...verdicts.map(verdictLine),
    );
  const faulty = subjects.filter(({ faults }) => faults.length > 0);
  lines.push(
    "",
    faulty.length === 0
      ? "Every byte was as it must be, and nobody was refused, cut off or left out."
      : faulty.map(({ subject, faults }) => `${subject}: ${faults.join("; ")}.`).join(" "),
  );
  if (picture) lines.push("", `![${picture.title}](pictures/${picture.file})`);
  if (missing.length > 0) lines.push("", `Not installed and left out: ${missing.join(", ")}.`);
  return `${lines.join("\n")}\n`;
}
