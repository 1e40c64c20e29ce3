import type { Meter } from "../../foundation/meter.ts";
import type { LossReason } from "../../programme/publisher.ts";
import type { JitterCounts } from "../../stage/jitter-buffer.ts";

/** What the stage process counts. */
export interface StageMetrics {
  packets(counts: Readonly<JitterCounts>): void;
  refused(code: string): void;
  ticksSkipped(frames: number): void;
  chunkLost(why: LossReason): void;
  framesMissed(frames: number, what: "filled" | "left"): void;
}

export function stageMetrics(
  meter: Meter,
  sessions: () => { readonly all: number; readonly connecting: number; readonly spaces: number },
): StageMetrics {
  const open = meter.gauge("rostra_stage_sessions", "Speakers' media sessions, by state.");
  const spaces = meter.gauge("rostra_stage_spaces", "Spaces that have a stage here.");
  const fates = meter.counter(
    "rostra_stage_packets_total",
    "Speakers' packets and frames of 20 ms, by what became of them.",
  );
  const refusals = meter.counter("rostra_stage_offers_refused_total", "Offers that were refused, by code.");
  const skipped = meter.counter("rostra_stage_ticks_skipped_total", "Frames of 20 ms that came too late to be mixed.");
  const lost = meter.counter("rostra_stage_chunks_lost_total", "Chunks that never reached the timeline, by reason.");
  const missed = meter.counter(
    "rostra_stage_frames_missed_total",
    "Frames missing in a programme, filled with silence or left.",
  );
  meter.onCollect(() => {
    const now = sessions();
    open.set(now.connecting, { state: "connecting" });
    open.set(now.all - now.connecting, { state: "open" });
    spaces.set(now.spaces);
  });
  return {
    packets: (counts) => {
      for (const [fate, count] of Object.entries(counts)) if (count > 0) fates.add(count, { fate });
    },
    refused: (code) => refusals.add(1, { code }),
    ticksSkipped: (frames) => skipped.add(frames),
    chunkLost: (reason) => lost.add(1, { reason }),
    framesMissed: (frames, what) => missed.add(frames, { what }),
  };
}
