import { chartsOf } from "./charts.ts";
import { escape } from "../../foundation/escape.ts";
import type { Language } from "./language.ts";
import { moment } from "./quantities.ts";
import { type Attack, type Fact, type Kept, type RehearsalRecord, type Said, verdictOf } from "./record.ts";
import { style } from "./style.ts";
import type { Key } from "./words/en.ts";
import { type Speaker, speaker } from "./words.ts";

/**
 * The report as one HTML file: no script, nothing fetched, readable on a phone, in the dark and on paper. Whatever stands in the
 * record is text: nothing of it can become markup.
 */
export function page(record: RehearsalRecord, language: Language): string {
  const speaks = speaker(language);
  const { word, say } = speaks;
  const verdict = verdictOf(record);
  return document(record.title, language, [
    `<p class="badge ${record.kind}">${escape(word(`badge.${record.kind}`))}</p>`,
    `<h1>${escape(record.title)}</h1>`,
    `<p class="verdict ${verdict}">${escape(word(`verdict.${record.kind}.${verdict}`))}</p>`,
    record.interrupted
      ? `<p class="interrupted">${escape(say({ key: "interrupted", values: { why: record.interrupted } }))}</p>`
      : "",
    section("heading.findings", said(record.findings, speaks), speaks),
    section("heading.promises", promises(record.promises, speaks), speaks),
    section("heading.changes", said(record.changes, speaks), speaks),
    section("heading.attacks", attacks(record.attacks, speaks), speaks),
    section("heading.rush", grid(chartsOf(record, "rush", speaks)), speaks),
    section("heading.whole", grid(chartsOf(record, "whole", speaks)), speaks),
    section("heading.question", facts(record.question, speaks), speaks),
    section("heading.setup", facts(record.setup, speaks), speaks),
    section("heading.confidence", said(record.confidence, speaks), speaks),
    section("heading.repeat", `<pre>${escape(record.command)}</pre>`, speaks),
  ]);
}

/** A whole document around its parts; those that are empty are left out. */
export function document(title: string, language: Language, parts: readonly string[]): string {
  return [
    `<!doctype html>`,
    `<html lang="${language}">`,
    `<head>`,
    `<meta charset="utf-8">`,
    `<meta name="viewport" content="width=device-width, initial-scale=1">`,
    `<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    `<title>${escape(title)}</title>`,
    `<style>${style}</style>`,
    `</head>`,
    `<body>`,
    `<main>`,
    ...parts.filter((part) => part !== ""),
    `</main>`,
    `</body>`,
    `</html>`,
    "",
  ].join("\n");
}

export const section = (heading: Key, content: string, { word }: Speaker): string =>
  content === "" ? "" : `<section>\n<h2>${escape(word(heading))}</h2>\n${content}\n</section>`;

const grid = (charts: string): string => (charts === "" ? "" : `<div class="charts">${charts}</div>`);

export const said = (all: readonly Said[], { say }: Speaker): string =>
  all.length === 0 ? "" : `<ul class="said">${all.map((one) => `<li>${escape(say(one))}</li>`).join("")}</ul>`;

const facts = (all: readonly Fact[], { say }: Speaker): string =>
  all.length === 0
    ? ""
    : `<dl class="facts">${all.map(({ name, value }) => `<dt>${escape(say(name))}</dt><dd>${escape(say(value))}</dd>`).join("")}</dl>`;

/** A table whose rows become cards on a phone: each cell then carries its column's name. */
export function table(columns: readonly Key[], rows: readonly (readonly string[])[], { word, say }: Speaker): string {
  if (rows.length === 0) return "";
  const label = (key: Key): string => escape(say({ key: "label", values: { name: { key } } }));
  const heads = columns.map((one) => `<th scope="col">${escape(word(one))}</th>`).join("");
  const body = rows.map(([first = "", ...rest]) => {
    const cells = rest.map((cell, i) => `<td data-name="${label(columns[i + 1] ?? "column.came")}">${cell}</td>`);
    return `<tr><th scope="row">${first}</th>${cells.join("")}</tr>`;
  });
  return `<table><thead><tr>${heads}</tr></thead><tbody>${body.join("")}</tbody></table>`;
}

const verdictCell = (verdict: Kept["verdict"], why: string, { word }: Speaker): string =>
  `<span class="${verdict}">${escape(word(verdict))}</span>${why === "" ? "" : ` ${escape(why)}`}`;

function promises(all: readonly Kept[], speaks: Speaker): string {
  const { say } = speaks;
  const rows = all.map(({ promise, owed, came, verdict, why }) => [
    escape(say(promise)),
    escape(say(owed)),
    escape(say(came ?? { key: "notMeasured" })),
    verdictCell(verdict, why ? say(why) : "", speaks),
  ]);
  return table(["column.promise", "column.owed", "column.came", "column.held"], rows, speaks);
}

function attacks(all: readonly Attack[], speaks: Speaker): string {
  const { say } = speaks;
  const rows = all.map(({ name, from, to, strength, cost, owed, verdict }) => [
    escape(say(name)),
    escape(`${say(moment(from))} – ${say(moment(to))}`),
    escape(say(strength)),
    escape(say(cost)),
    verdictCell(verdict, say(owed), speaks),
  ]);
  return table(["column.attack", "column.when", "column.strength", "column.cost", "column.held"], rows, speaks);
}
