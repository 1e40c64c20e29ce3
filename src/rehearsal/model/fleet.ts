import { bitsPerSecond, bytes } from "./units.ts";
import { type EdgeSpec, lostEdges, type Question, workersOf } from "./question.ts";

/** Up to so many edges are simulated one by one; of more each simulated edge stands for several alike. */
export const maxGroups = 64;

/** Edges that are simulated as one: how many, and whether they are the ones that are lost. */
export interface Group {
  readonly size: number;
  readonly lost: boolean;
}

/** Puts edges into groups; those that are lost never with others. */
export function fleetOf(question: Question, edges: number): Group[] {
  const lost = new Set(lostEdges(question, edges));
  if (edges <= maxGroups) return Array.from({ length: edges }, (_, i) => ({ size: 1, lost: lost.has(i) }));
  const others = deal(edges - lost.size, maxGroups - (lost.size > 0 ? 1 : 0));
  return [
    ...others.map((size) => ({ size, lost: false })),
    ...(lost.size > 0 ? [{ size: lost.size, lost: true }] : []),
  ];
}

function deal(count: number, groups: number): number[] {
  const most = Math.min(count, groups);
  return Array.from({ length: most }, (_, i) => Math.floor(((i + 1) * count) / most) - Math.floor((i * count) / most));
}

/** What a group of edges has together; descriptors and backlog stay those of each worker. */
export const together = (edge: EdgeSpec, size: number): EdgeSpec => ({
  ...edge,
  cores: edge.cores * size,
  workers: workersOf(edge) * size,
  nic: bitsPerSecond(edge.nic * size),
  memory: bytes(edge.memory * size),
});
