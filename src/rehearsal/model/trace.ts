import { Problem } from "../../foundation/errors.ts";
import { ms } from "../../foundation/duration.ts";
import { before, type TraceRow } from "./question.ts";

/** What a trace may hold: a day by the second, and some. */
export const maxTraceRows = 200_000;

/**
 * Reads a trace of arrivals: a line for each second, `SECOND PEOPLE` (or with a comma between), seconds from T (negative
 * before), in any order, each second once; empty lines and what follows `#` do not count. Only the shape matters: it is
 * scaled to the number of listeners.
 * @param where the file, for the message
 * @param lasts how long it lasts from T, ms; arrivals later than that are refused
 * @throws Problem `trace-invalid` naming the line
 */
export function readTrace(text: string, where: string, lasts: number): TraceRow[] {
  const rows: TraceRow[] = [];
  const seen = new Set<number>();
  let total = 0;
  for (const [i, line] of text.split("\n").entries()) {
    const said = line.replace(/#.*$/, "").trim();
    if (said === "") continue;
    const [, second = "", people = ""] = /^(-?\d+)(?:\s*,\s*|\s+)(\d+(?:\.\d+)?)$/.exec(said) ?? [];
    if (second === "") throw invalid(where, i + 1, `"${shortened(said)}" is not SECOND PEOPLE`);
    const at = Number(second) * 1000;
    if (at < 0 - before || at >= lasts)
      throw invalid(where, i + 1, `second ${second} is outside of -${before / 1000} to ${lasts / 1000}`);
    if (seen.has(at)) throw invalid(where, i + 1, `second ${second} stands there twice`);
    if (rows.length >= maxTraceRows) throw invalid(where, i + 1, `there are more than ${maxTraceRows} lines`);
    seen.add(at);
    total += Number(people);
    rows.push({ at: ms(at), people: Number(people) });
  }
  if (!(total > 0)) throw invalid(where, undefined, "nobody comes in it");
  if (!Number.isFinite(total)) throw invalid(where, undefined, "its numbers are too large");
  return rows;
}

const shortened = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text);

const invalid = (where: string, line: number | undefined, detail: string): Problem =>
  new Problem({
    status: 400,
    code: "trace-invalid",
    title: "That is no trace of arrivals",
    detail: `${where}${line === undefined ? "" : `, line ${line}`}: ${detail}.`,
    action: "Write a line `SECOND PEOPLE` for each second from T, such as `-3 120` or `0 250000`; # begins a comment.",
  });
