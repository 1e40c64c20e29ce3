/**
 * How far behind the live edge to play. Chunks come every 320 ms (or segments every 960 ms): what counts is how much is
 * still buffered just before the next one comes, the floor. It is kept near a margin: a small difference is walked off
 * with the playback rate, a large one by a seek (at 1.05 an outage would take minutes to make up).
 */
export interface Pace {
  /** Seconds behind the buffered end to start or resume at, when bytes come `span` seconds at a time. */
  behind(span: number): number;
  /** The sound ran dry: keep more from now on. */
  stalled(): void;
  /** Told the seconds buffered ahead just before each arrival; answers with what to do. */
  judge(ahead: number): { readonly rate: number } | "seek";
}

/** Seconds that the floor is kept at, at first and after many stalls. */
export const leastMargin = 0.3;
export const mostMargin = 2;
/** What a stall adds, and what a calm minute of chunks takes away. */
const stallStep = 0.2;
const calmArrivals = 190;
/** A floor this many seconds over the margin is skipped. */
export const seekExcess = 1.2;
/** Arrivals that the floor is taken over. */
const floorArrivals = 8;

export function createPace(): Pace {
  let margin = leastMargin;
  let rate = 1;
  let calm = 0;
  let recent: number[] = [];
  return {
    behind: (span) => span + margin,
    stalled() {
      margin = Math.min(margin + stallStep, mostMargin);
      calm = 0;
      recent = [];
    },
    judge(ahead) {
      if (++calm % calmArrivals === 0) margin = Math.max(margin - stallStep / 4, leastMargin);
      recent = [...recent, ahead].slice(-floorArrivals);
      if (recent.length < floorArrivals) return { rate };
      const floor = Math.min(...recent);
      const excess = floor - margin;
      if (excess > seekExcess) {
        recent = [];
        rate = 1;
        return "seek";
      }
      if (excess > 0.15) rate = 1.05;
      else if (floor < margin * 0.4) rate = 0.97;
      else if (rate > 1 ? excess < 0.03 : floor > margin * 0.8) rate = 1;
      return { rate };
    },
  };
}
