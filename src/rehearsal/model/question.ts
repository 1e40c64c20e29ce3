import { Problem } from "../../foundation/errors.ts";
import { type Milliseconds, ms } from "../../foundation/duration.ts";
import type { BitsPerSecond, Bytes, People } from "./units.ts";

/** How people listen. `stream` is `stream.mp4`, `numbered` asks for each segment, `hls` reads a playlist and AAC. */
export const ways = ["stream", "numbered", "hls"] as const;
export type Way = (typeof ways)[number];

/** When people come: all at an announced hour, evenly, after a push notification, or as a file says. */
export type Arrivals =
  | { readonly shape: "flash" | "ramp" | "push" }
  | { readonly shape: "trace"; readonly rows: readonly TraceRow[] };

/** How many people (in any unit: it is scaled to `listeners`) came in the second that starts `at` from T. */
export interface TraceRow {
  readonly at: Milliseconds;
  readonly people: number;
}

/** One edge: a machine with a worker on each core, or as many as are said. */
export interface EdgeSpec {
  readonly cores: number;
  /** Edge processes that share the cores; fewer than cores leave some unused. @default cores */
  readonly workers?: number;
  readonly nic: BitsPerSecond;
  readonly memory: Bytes;
  readonly tls: boolean;
  /** Descriptors of one worker. @default 100,000 (what one edge process takes at most) */
  readonly descriptors: number;
  /** Connections that wait to be accepted, for each worker. @default 511 (Node's) */
  readonly backlog: number;
  /** Whether it has levels; without, it seats everybody for whom it has a descriptor, however late they all are. @default true */
  readonly levels?: boolean;
  /** How many each worker has served already when it begins. @default 0 */
  readonly served?: number;
}

export const workersOf = ({ cores, workers }: EdgeSpec): number => workers ?? cores;

/** Cores that work: each worker has one at most. */
export const busyCores = (edge: EdgeSpec): number => Math.min(edge.cores, workersOf(edge));

/** Edges that vanish at once, with everybody on them. */
export interface Loss {
  readonly edges: number | "region";
  readonly at: Milliseconds;
}

/** What a plan is asked. Times are from T, the announced minute. */
export interface Question {
  readonly listeners: People;
  readonly arrivals: Arrivals;
  /** How long it takes until everybody came. */
  readonly over: Milliseconds;
  /** How long it lasts from T on. */
  readonly lasts: Milliseconds;
  readonly edge: EdgeSpec;
  /** Shares that sum to 1. */
  readonly mix: Readonly<Record<Way, number>>;
  /** Into how many regions the edges are dealt. @default 1 */
  readonly regions: number;
  readonly loss: Loss | undefined;
  readonly seed: number;
}

/** The simulation begins this long before T and goes on this long after the end. */
export const before: Milliseconds = ms(60_000);
export const after: Milliseconds = ms(60_000);
/** What one simulation takes at most. */
export const maxEdges = 10_000;
export const maxLasts: Milliseconds = ms(24 * 3_600_000);
export const maxListeners = 10_000_000_000;

const impossible = (detail: string, action: string): Problem =>
  new Problem({ status: 400, code: "plan-impossible", title: "That cannot be planned", detail, action });

/** @throws Problem `plan-impossible` when values contradict each other or are outside what the model can hold */
export function checkQuestion(question: Question, edges: number): void {
  const { listeners, over, lasts, edge, mix, loss, regions } = question;
  if (!(listeners > 0 && listeners <= maxListeners))
    throw impossible(`${listeners} listeners.`, `Plan for 1 to ${maxListeners} listeners.`);
  if (!(edges >= 1 && edges <= maxEdges && Number.isInteger(edges)))
    throw impossible(
      `${edges} edges.`,
      `Give 1 to ${maxEdges} edges, or larger edges; without --edges the number is found.`,
    );
  if (!(over >= 1000 && over <= lasts))
    throw impossible(
      `They come over ${over / 1000} s, and it lasts ${lasts / 1000} s.`,
      "Let them come over a second or more, and let it last as long.",
    );
  if (lasts > maxLasts) throw impossible(`It lasts ${lasts / 3_600_000} h.`, "Plan for at most 24 h.");
  if (!(edge.cores >= 1 && Number.isInteger(edge.cores) && edge.cores <= 1024))
    throw impossible(`An edge of ${edge.cores} cores.`, "Give it 1 to 1024 whole cores.");
  if (!(workersOf(edge) >= 1 && Number.isInteger(workersOf(edge)) && workersOf(edge) <= 1024))
    throw impossible(`An edge of ${workersOf(edge)} workers.`, "Give it 1 to 1024 whole workers.");
  if (!(edge.nic >= 1e6 && edge.memory >= 1e8 && edge.descriptors >= 16 && edge.backlog >= 1))
    throw impossible(
      `An edge of ${edge.nic} bit/s, ${edge.memory} bytes, ${edge.descriptors} descriptors and a backlog of ${edge.backlog}.`,
      "Give it at least 1M, 100M, 16 and 1.",
    );
  const sum = ways.reduce((so, way) => so + mix[way], 0);
  if (Math.abs(sum - 1) > 1e-6) throw impossible(`The mix is ${sum * 100} %.`, "Let the shares be 100 together.");
  if (!(regions >= 1 && regions <= edges && Number.isInteger(regions)))
    throw impossible(`${regions} regions of ${edges} edges.`, "Give each region an edge.");
  if (!loss) return;
  const lost = lostEdges(question, edges).length;
  if (!(lost >= 1 && lost < edges))
    throw impossible(`${lost} of ${edges} edges are lost.`, "Leave at least one, and lose at least one.");
  if (!(loss.at >= 0 - before && loss.at < lasts))
    throw impossible(`Edges are lost at T+${loss.at / 1000} s, outside of it.`, "Lose them while it lasts.");
}

/** Which edges are lost: the last ones, or those of the last region (edges are dealt in turn). */
export function lostEdges({ loss, regions }: Question, edges: number): number[] {
  if (!loss) return [];
  const all = Array.from({ length: edges }, (_, edge) => edge);
  return loss.edges === "region" ? all.filter((edge) => edge % regions === regions - 1) : all.slice(-loss.edges);
}
