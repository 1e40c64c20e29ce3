import type { Ops } from "../../src/wire/api.ts";
import { type EdgeFigure, edgeFigures, edgeLooks } from "./edge-lines.ts";

/** How many looks are kept: four minutes, one every two seconds. */
export const keptLooks = 120;

/** What the lines show, oldest first. */
export interface History {
  readonly last: Ops | undefined;
  readonly listeners: readonly number[];
  readonly sockets: readonly number[];
  /** Bytes, all processes together. */
  readonly memory: readonly number[];
  /** Cores in use, all processes together; one value less than the others, since it is a difference. */
  readonly cpu: readonly number[];
  /** Cores in use and loop delay (ms), of each process. */
  readonly processes: ReadonlyMap<string, { readonly cpu: readonly number[]; readonly loopDelay: readonly number[] }>;
  /** Each edge's, and under the empty name those of all together. */
  readonly edges: ReadonlyMap<string, EdgeLines>;
}

export type EdgeLines = Readonly<Record<EdgeFigure, readonly number[]>>;

export const emptyHistory: History = {
  last: undefined,
  listeners: [],
  sockets: [],
  memory: [],
  cpu: [],
  processes: new Map(),
  edges: new Map(),
};

const kept = (values: readonly number[], next: number): readonly number[] => [...values, next].slice(-keptLooks);

/** Cores that a process used between two looks; a process that was started again counts from zero. */
export function coresOf(before: Ops | undefined, after: Ops, name: string): number | undefined {
  const now = after.processes.find((one) => one.name === name);
  const then = before?.processes.find((one) => one.name === name);
  const elapsed = before ? (Date.parse(after.now) - Date.parse(before.now)) / 1000 : 0;
  if (elapsed <= 0 || now?.cpuSeconds == null || then?.cpuSeconds == null) return undefined;
  const used = now.cpuSeconds >= then.cpuSeconds ? now.cpuSeconds - then.cpuSeconds : now.cpuSeconds;
  return used / elapsed;
}

/** The history with one more look. */
export function withLook(history: History, ops: Ops): History {
  const cores = new Map(
    ops.processes.flatMap(({ name }) => {
      const value = coresOf(history.last, ops, name);
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
  const processes = ops.processes.map(({ name, loopDelaySeconds }) => {
    const old = history.processes.get(name) ?? { cpu: [], loopDelay: [] };
    const used = cores.get(name);
    return [
      name,
      {
        cpu: used === undefined ? old.cpu : kept(old.cpu, used),
        loopDelay: loopDelaySeconds === null ? old.loopDelay : kept(old.loopDelay, loopDelaySeconds * 1000),
      },
    ] as const;
  });
  const edges = [...edgeLooks(history.last, ops)].map(([name, look]) => {
    const line = (figure: EdgeFigure): readonly number[] => {
      const [before, value] = [history.edges.get(name)?.[figure] ?? [], look[figure]];
      return value === undefined ? before : kept(before, value);
    };
    return [name, Object.fromEntries(edgeFigures.map((figure) => [figure, line(figure)])) as EdgeLines] as const;
  });
  const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);
  return {
    last: ops,
    listeners: kept(history.listeners, ops.listeners),
    sockets: kept(history.sockets, ops.sockets),
    memory: kept(history.memory, sum(ops.processes.map((one) => one.rss ?? 0))),
    cpu: cores.size > 0 ? kept(history.cpu, sum(cores.values())) : history.cpu,
    processes: new Map(processes),
    edges: new Map(edges),
  };
}
