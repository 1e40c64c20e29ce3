import { quantity } from "../../rehearsal/report/quantity.ts";
import type { RunQuestion } from "../../rehearsal/run/question.ts";
import type { Second } from "./conductor.ts";

/** How wide a terminal is that does not say. */
const usualColumns = 80;
/** How often there is a line where nothing can be drawn over, s. */
const plainEvery = 5;
const eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"] as const;

export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Shows how a run goes: a few lines that are drawn anew each second, or a line every few where that is not possible. */
export class View {
  readonly #screen: Screen;
  readonly #plain: boolean;
  readonly #question: RunQuestion;
  #drawn = 0;

  constructor(question: RunQuestion, screen: Screen, plain: boolean) {
    this.#question = question;
    this.#screen = screen;
    this.#plain = plain || screen.isTTY !== true;
  }

  show(second: Second): void {
    if (this.#plain) {
      if (second.at % plainEvery === 0) this.#screen.write(`${linesOf(second, this.#question, 0).join("  ")}\n`);
      return;
    }
    const lines = linesOf(second, this.#question, this.#screen.columns ?? usualColumns);
    this.#erase();
    this.#screen.write(`${lines.join("\n")}\n`);
    this.#drawn = lines.length;
  }

  /** Leaves the last lines as they are: what is printed next stands below. */
  end(): void {
    this.#drawn = 0;
  }

  #erase(): void {
    // Up to the first of the drawn lines, and all from there on cleared: ECMA-48, CPL and ED.
    if (this.#drawn > 0) this.#screen.write(`\x1b[${this.#drawn}F\x1b[J`);
  }
}

const n = (value: number): string => Math.round(value).toLocaleString("en");
const say = (value: number, unit: "s" | "at"): string => quantity({ value, unit }, "en").replaceAll(" ", " ");
const percent = (share: number): string => `${Math.round(share * 100)}%`;
const cut = (line: string, columns: number): string =>
  columns > 0 && line.length > columns ? line.slice(0, columns) : line;

/** What is shown of a second; `columns` 0: without a bar. */
export function linesOf(
  { at, row, attacks, silentSince, dead }: Second,
  question: RunQuestion,
  columns: number,
): string[] {
  const { counts, playing, waiting, firstSound, behind, server, probe, swarm } = row;
  const came = `${n(counts.arrived)} of ${n(question.listeners)} came`;
  const bar =
    columns > 0 ? `${barOf(counts.arrived / question.listeners, Math.min(40, columns - came.length - 16))} ` : "";
  const timed = (ms: number | undefined): string => (ms === undefined ? "–" : say(ms / 1000, "s"));
  const edges = server?.edges.map(({ share }) => share) ?? [];
  const used = [
    ...(edges.length > 0 ? [`edges ${sharesOf(edges)}`] : []),
    ...(server ? [`server ${server.cores.toFixed(1)} cores`] : []),
    `swarm ${swarm.cores.toFixed(1)} cores`,
    ...(row.machine === undefined ? [] : [`machine ${percent(row.machine)}`]),
    `level ${probe?.level ?? "–"}`,
  ];
  const on = question.attacks.flatMap(({ name, from, to }, i) =>
    at >= from && at < to ? [`${name} (${n(attacks[i]?.sent ?? 0)} sent, ${n(attacks[i]?.open ?? 0)} open)`] : [],
  );
  const troubles = [
    ...(counts.gaps > 0 ? [`${n(counts.gaps)} missing`] : []),
    ...(counts.wrong > 0 ? [`${n(counts.wrong)} WRONG`] : []),
    ...(counts.disorder > 0 ? [`${n(counts.disorder)} out of order`] : []),
    ...(counts.cut > 0 ? [`${n(counts.cut)} cut`] : []),
    ...(counts.refusedConnects > 0 ? [`${n(counts.refusedConnects)} refused`] : []),
    ...(counts.timeouts > 0 ? [`${n(counts.timeouts)} timeouts`] : []),
    ...(dead > 0 ? [`swarm processes that died: ${dead}`] : []),
    ...(silentSince === undefined ? [] : [`THE TARGET DOES NOT ANSWER since ${say(silentSince, "at")}`]),
  ];
  return [
    `${say(at, "at").padEnd(8)} ${bar}${came}, ${n(playing)} play, ${n(waiting)} wait`,
    `join ${timed(firstSound?.p50)} / ${timed(firstSound?.p99)}, behind ${timed(behind?.p50)} / ${timed(behind?.p99)}, ${n(counts.segments)} segments`,
    troubles.join(", ") || "all right so far",
    used.join(", "),
    ...(on.length > 0 ? [`under ${on.join(", ")}`] : []),
  ].map((line) => cut(line, columns));
}

/** Few are told each, of many the range. */
const sharesOf = (edges: readonly number[]): string =>
  edges.length <= 4
    ? edges.map(percent).join(" ")
    : `${percent(Math.min(...edges))} to ${percent(Math.max(...edges))} (${edges.length})`;

function barOf(share: number, width: number): string {
  if (width < 4) return "";
  const units = Math.round(Math.max(0, Math.min(1, share)) * width * 8);
  const whole = "█".repeat(Math.floor(units / 8));
  return `▕${`${whole}${eighths[units % 8] ?? ""}`.padEnd(width)}▏`;
}
