import { bits, bytes, count, moment, share, span } from "../report/quantities.ts";
import type { Said, Value } from "../report/record.ts";
import type { Row } from "./ledger.ts";
import type { Run } from "./run.ts";

/** What a run found, in sentences, most important first. */
export function runFindings(run: Run): Said[] {
  const last = run.rows.at(-1);
  if (!last) return [{ key: "run.nothing" }];
  return [
    heard(run, last),
    ...joins(run),
    content(last),
    ...behind(run),
    ...troubles(last),
    ...lost(run),
    ...server(run),
    ...level(run),
    egress(run, last),
  ];
}

/** The row with the most of something, as a moment from T. */
export function peak(
  { rows, hour }: Run,
  of: (row: Row, i: number) => number | undefined,
): { at: number; value: number } | undefined {
  let best: { at: number; value: number } | undefined;
  for (const [i, row] of rows.entries()) {
    const value = of(row, i);
    if (value !== undefined && (best === undefined || value > best.value)) best = { at: i - hour, value };
  }
  return best;
}

function heard(run: Run, { counts }: Row): Said {
  const most = peak(run, ({ playing }) => playing) ?? { at: 0, value: 0 };
  return {
    key: "run.heard",
    values: {
      heard: count(counts.heard),
      arrived: count(counts.arrived),
      seated: count(most.value),
      at: moment(most.at),
    },
  };
}

function joins(run: Run): Said[] {
  const { joins: sound, firstBytes } = run;
  if (sound.count === 0) return [];
  const worst = peak(run, ({ firstSound }) => firstSound?.p99) ?? { at: 0, value: 0 };
  const quantile = (of: typeof sound, q: number): Value =>
    of.count === 0 ? { key: "notMeasured" } : span(of.quantile(q) / 1000);
  return [
    {
      key: "run.joins",
      values: {
        p50: quantile(sound, 0.5),
        p99: quantile(sound, 0.99),
        byte50: quantile(firstBytes, 0.5),
        byte99: quantile(firstBytes, 0.99),
        at: moment(worst.at),
        worst: span(worst.value / 1000),
      },
    },
  ];
}

function content({ counts }: Row): Said {
  const { segments, unchecked, wrong, gaps, disorder } = counts;
  return {
    key: "run.content",
    values: {
      segments: count(segments),
      compared: count(Math.max(0, segments - unchecked)),
      wrong: count(wrong),
      gaps: count(gaps),
      disorder: count(disorder),
    },
  };
}

function behind({ behind: timed }: Run): Said[] {
  if (timed.count === 0) return [];
  const at = (q: number): Value => span(timed.quantile(q) / 1000);
  return [{ key: "run.behind", values: { p50: at(0.5), p99: at(0.99) } }];
}

/** What went wrong on the way, where anything did. */
function troubles({ counts }: Row): Said[] {
  const said: Said[] = [];
  const refused = Object.entries(counts.refused).filter(([, n]) => n > 0);
  if (counts.refusedConnects + counts.timeouts + refused.length > 0)
    said.push({
      key: "run.failed",
      values: {
        connects: count(counts.refusedConnects),
        timeouts: count(counts.timeouts),
        statuses:
          refused.length === 0 ? { key: "owed.none" } : refused.map(([status, n]) => `${n} × ${status}`).join(", "),
      },
    });
  if (counts.cut > 0) said.push({ key: "run.cut", values: { cut: count(counts.cut), moves: count(counts.moves) } });
  if (counts.gaveUp > 0 || counts.reloads > 0)
    said.push({ key: "run.gaveUp", values: { people: count(counts.gaveUp), reloads: count(counts.reloads) } });
  if (counts.heldBack > 0) said.push({ key: "run.heldBack", values: { people: count(counts.heldBack) } });
  return said;
}

const lost = ({ dead, lostListeners }: Run): Said[] =>
  dead === 0 ? [] : [{ key: "run.lost", values: { n: count(dead), people: count(lostListeners) } }];

function server(run: Run): Said[] {
  const all = peak(run, (row) => row.server?.cores);
  const fullest = peak(run, (row) => fullestEdge(row)?.share);
  if (!all || !fullest) return [];
  const name = fullestEdge(run.rows[fullest.at + run.hour])?.name ?? "";
  const rss = peak(run, (row) => row.server?.rss)?.value ?? 0;
  return [
    {
      key: "run.server",
      values: {
        cores: { value: all.value, unit: "cores" },
        at: moment(all.at),
        name,
        share: share(fullest.value),
        when: moment(fullest.at),
        memory: bytes(rss),
      },
    },
  ];
}

export function fullestEdge(row: Row | undefined): { name: string; share: number } | undefined {
  return row?.server?.edges.toSorted((a, b) => b.share - a.share)[0];
}

function level(run: Run): Said[] {
  const most = peak(run, (row) => row.probe?.level);
  if (!most || most.value === 0) return [];
  const name = { key: `level.${most.value as 1 | 2 | 3 | 4}` } as const;
  return [{ key: "finding.level", values: { level: { value: most.value, unit: "level" }, name, at: moment(most.at) } }];
}

function egress(run: Run, { counts }: Row): Said {
  const most = peak(run, (row, i) => (row.counts.bytes - (run.rows[i - 1]?.counts.bytes ?? 0)) * 8);
  return {
    key: "run.egress",
    values: { peak: bits(most?.value ?? 0), at: moment(most?.at ?? 0), total: bytes(counts.bytes) },
  };
}
