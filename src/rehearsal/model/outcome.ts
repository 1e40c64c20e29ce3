import type { Curves, Fullest } from "./curves.ts";
import type { Resource } from "./edge.ts";
import type { Latencies } from "./latency.ts";

/** What one run came to. */
export interface Outcome {
  readonly edges: number;
  readonly curves: Curves;
  /** From the first attempt to the first sound, of newcomers who were seated; and of those whose edge was gone, from its end. */
  readonly joins: Latencies;
  readonly rejoins: Latencies;
  /** Every resource at its fullest, what got above nine tenths first in front. */
  readonly fullest: readonly Fullest[];
  /** The highest processor share of each edge; of more than 64, of each group of them. */
  readonly cpuMost: Float64Array;
  /** Never got an answer and went away. */
  readonly gaveUp: number;
  /** Were on edges that vanished. */
  readonly orphaned: number;
  /** Stood or got the static page for a while instead of a seat. */
  readonly turnedAway: number;
  /** What was full when most of them were. */
  readonly turnedBy: Resource;
  /** Were seated with the lean rendition (level 2 and above). */
  readonly lean: number;
  /** Bytes that all edges sent. */
  readonly bytes: number;
  /** People times seconds of sound that did not fit on the line or the processor. */
  readonly shortSeconds: number;
  readonly steps: number;
  /** By how much the count of people was off at worst, as a share of all: rounding. */
  readonly miscounted: number;
}
