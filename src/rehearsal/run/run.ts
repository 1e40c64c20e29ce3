import type { HistogramCounter } from "../../sketch/histogram.ts";
import type { AttackCounts } from "../attackers/contract.ts";
import type { Row } from "./ledger.ts";
import type { RunQuestion } from "./question.ts";

/** How a run came to its end. `at`: seconds from T. */
export type Ending =
  | { readonly kind: "over" }
  /** Somebody stopped it. */
  | { readonly kind: "stopped"; readonly at: number }
  /** The target died, and this was seen of it. */
  | { readonly kind: "died"; readonly at: number; readonly seen: Seen }
  /** The target's permit ended, or was gone. */
  | { readonly kind: "permit"; readonly at: number };

/** What was seen of a target that died. */
export interface Seen {
  /** Listeners that played before, and that play after. */
  readonly played: number;
  readonly plays: number;
  readonly refused: number;
  /** Why the target does not answer. */
  readonly why: string;
}

/** All that was measured in a run; what a record is made from. */
export interface Run {
  readonly question: RunQuestion;
  /** T, in seconds from the run's beginning: row `i` is second `i - hour` from T. */
  readonly hour: number;
  readonly rows: readonly Row[];
  /** Milliseconds: first sound and first byte of everybody, and how far behind segments came. */
  readonly joins: HistogramCounter;
  readonly firstBytes: HistogramCounter;
  readonly behind: HistogramCounter;
  /** Processes of the swarm that died, whom they had, and how many of these had no sound yet. */
  readonly dead: number;
  readonly lostListeners: number;
  readonly lostWaiting: number;
  /** What each attack of the question did, where its process said so. */
  readonly attacks: readonly (AttackCounts | undefined)[];
  readonly ending: Ending;
  /** Whether the target runs on this machine, and its cores. */
  readonly local: boolean;
  readonly cores: number;
}
