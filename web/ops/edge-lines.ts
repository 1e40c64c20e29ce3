import type { EdgeFigures, Ops } from "../../src/wire/api.ts";

/** What the lines of one edge, or of all together, show at one look; undefined where two looks are needed or nobody listens. */
export interface EdgeLook {
  readonly listeners: number;
  /** A second. */
  readonly joins: number | undefined;
  /** Bytes a second. */
  readonly egress: number | undefined;
  /** Milliseconds, p99. */
  readonly loopDelay: number | undefined;
  /** Slow listeners that were skipped or closed since the look before. */
  readonly slow: number | undefined;
  /** Microseconds of CPU time for each second of each listener. */
  readonly cpuPerListener: number | undefined;
  readonly held: number;
  /** A second. */
  readonly fetches: number | undefined;
  /** The highest level of service. */
  readonly level: number;
}

export type EdgeFigure = keyof EdgeLook;
export const edgeFigures: readonly EdgeFigure[] = [
  "listeners",
  "joins",
  "egress",
  "loopDelay",
  "slow",
  "cpuPerListener",
  "held",
  "fetches",
  "level",
];

type Process = Ops["processes"][number];
type Total = "joins" | "sentBytes" | "skips" | "closes" | "fetches";

/** What one edge did between two looks, in totals that can be added up. */
interface Done {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Listeners by the seconds that they were there. */
  readonly listenerSeconds: number;
  readonly totals: Readonly<Record<Total, number>>;
}

const totalNames = ["joins", "sentBytes", "skips", "closes", "fetches"] as const satisfies readonly Total[];
const everybody = ({ listeners, numbered }: EdgeFigures): number => listeners + numbered;

function doneBetween(before: Ops | undefined, after: Ops, now: Process): Done | undefined {
  const then = before?.processes.find(({ name }) => name === now.name);
  const seconds = before ? (Date.parse(after.now) - Date.parse(before.now)) / 1000 : 0;
  if (seconds <= 0 || !now.edge || !then?.edge) return undefined;
  const [a, b] = [then.edge, now.edge];
  // A process that was started again counts from zero.
  const isNew = (now.cpuSeconds ?? 0) < (then.cpuSeconds ?? 0);
  const grown = (from: number, to: number): number => (isNew || to < from ? to : to - from);
  const totals = Object.fromEntries(totalNames.map((total) => [total, grown(a[total], b[total])])) as Done["totals"];
  const cpuSeconds = grown(then.cpuSeconds ?? 0, now.cpuSeconds ?? 0);
  return { seconds, cpuSeconds, listenerSeconds: ((everybody(a) + everybody(b)) / 2) * seconds, totals };
}

/** The look at some edges, as one. */
function lookAt(edges: readonly Process[], done: readonly Done[]): EdgeLook {
  const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0);
  const rate = (...totals: Total[]): number | undefined =>
    done.length === 0 ? undefined : sum(done.map((one) => sum(totals.map((total) => one.totals[total])) / one.seconds));
  const delays = edges.flatMap(({ loopDelaySeconds }) => loopDelaySeconds ?? []);
  const listenerSeconds = sum(done.map((one) => one.listenerSeconds));
  const cpuSeconds = sum(done.map((one) => one.cpuSeconds));
  return {
    listeners: sum(edges.map(({ edge }) => (edge ? everybody(edge) : 0))),
    joins: rate("joins"),
    egress: rate("sentBytes"),
    loopDelay: delays.length === 0 ? undefined : Math.max(...delays) * 1000,
    slow: done.length === 0 ? undefined : sum(done.map(({ totals }) => totals.skips + totals.closes)),
    cpuPerListener: listenerSeconds > 0 ? (cpuSeconds / listenerSeconds) * 1e6 : undefined,
    held: sum(edges.map(({ edge }) => edge?.held ?? 0)),
    fetches: rate("fetches"),
    level: Math.max(0, ...edges.map(({ edge }) => edge?.level ?? 0)),
  };
}

/** How each edge of this machine does since the look before, and under the empty name all of them; none when there is no edge. */
export function edgeLooks(before: Ops | undefined, after: Ops): ReadonlyMap<string, EdgeLook> {
  const edges = after.processes.filter(({ edge }) => edge !== null);
  const done = new Map(edges.map((one) => [one.name, doneBetween(before, after, one)]));
  const known = (some: readonly Process[]): Done[] => some.flatMap(({ name }) => done.get(name) ?? []);
  const looks = edges.map((one) => [one.name, lookAt([one], known([one]))] as const);
  return new Map(edges.length === 0 ? [] : [...looks, ["", lookAt(edges, known(edges))]]);
}
