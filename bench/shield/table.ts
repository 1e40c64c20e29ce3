import type { Row } from "./arena.ts";
import type { Did } from "./attack.ts";

export const sides = ["before", "after"] as const;
export type Side = (typeof sides)[number];

/** What was measured last of each wave, before this work and after it. */
export interface Measured {
  readonly machine: string;
  readonly rows: readonly Row[];
}
export type Results = { readonly [side in Side]?: Measured };

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);
const count = (n: number): string => n.toLocaleString("en-US");

/** What an attacker really made of what it was asked for. */
const made = ({ asked, sentPerSecond, mostOpen, connected }: Did): string =>
  asked.endsWith("a second")
    ? `${count(sentPerSecond)} a second`
    : `${count(mostOpen)} at once (${count(connected)} made), ${count(sentPerSecond)} sent a second`;

const wait = (ms: number): string =>
  Number.isNaN(ms) || ms === null ? "—" : ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;

function cells(row: Row): string[] {
  const { newcomers: n, used, missed, wrong, cut } = row;
  const cores = ["edges", "control", "stage"].map((name) => (used.cores[name] ?? 0).toFixed(2)).join(", ");
  const others = ((used.cores["crowd"] ?? 0) + (used.cores["asking"] ?? 0)).toFixed(2);
  const { before, most, after } = used.edgeMemory;
  return [
    row.did.map(made).join("; "),
    `${missed}${wrong > 0 ? ` (${wrong} wrong)` : ""}, ${cut}`,
    `${n.sound}, ${n.line}, ${n.neither}`,
    `${wait(n.p50)}, ${wait(n.p99)}`,
    `${cores}; ${others}; ${(used.cores["attackers"] ?? 0).toFixed(2)}`,
    `${[before, most, after].map(megabytes).join(" → ")} MB`,
    String(row.level),
  ];
}

const columns = [
  "attack",
  "",
  "strength made",
  "segments missed, cut off",
  "newcomers: sound, place in line, neither",
  "first sound p50, p99",
  "cores: edges, control, stage; listeners; attackers",
  "memory of the edges: before → most → 3 s after",
  "level",
];

/** Both side by side, wave by wave. */
export function table(results: Results, waves: readonly string[]): string {
  const lines = waves.flatMap((wave) =>
    sides.flatMap((side) => {
      const row = results[side]?.rows.find((one) => one.wave === wave);
      return row ? [`| ${[wave, side, ...cells(row)].join(" | ")} |`] : [];
    }),
  );
  const [head, rule] = [columns.join(" | "), columns.map(() => "---").join(" | ")];
  return [`| ${head} |`, `| ${rule} |`, ...lines].join("\n");
}

/** The document with a table between its markers. */
export function written(document: string, text: string, marker = "shield"): string {
  const [begin, end] = [`<!-- ${marker} -->`, `<!-- /${marker} -->`];
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`there is no ${begin} with its end in the document`);
  return `${document.slice(0, from + begin.length)}\n\n${text}\n\n${document.slice(to)}`;
}
