import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { LevelController } from "../../edge/level-controller.ts";
import type { Limits } from "../../edge/load.ts";
import type { Edge } from "../../edge/server.ts";
import type { Levels } from "../../edge/service-level.ts";
import { ms } from "../../foundation/duration.ts";
import type { LevelCause } from "../../wire/levels.ts";
import type { ProcessConfig } from "../config.ts";

/** The monitor wakes so often and measures from waking to waking: what is over that is the delay. */
const resolutionMs = 20;

/** The levels of one edge process, and what starts once there is an edge to be measured. */
export interface MeasuredLevels {
  readonly levels: Levels;
  start(edge: Pick<Edge, "load">): void;
}

/** Measures this process each second, and says in the log and in metrics when its level changes, and why. */
export function measureLevels(
  limits: Limits,
  { log, meter, scope }: Pick<ProcessConfig, "log" | "meter" | "scope">,
): MeasuredLevels {
  const level = meter.gauge("rostra_service_level", "Level of service, 0 (open) to 4, with the `cause` of it.");
  const changes = meter.counter("rostra_service_level_changes_total", "Changes of the level of service, by `cause`.");
  const seats = meter.gauge("rostra_edge_seats", "Listeners that can be seated within a second; -1: as many as come.");
  let edge: Pick<Edge, "load"> | undefined;
  let toldCause: LevelCause = "calm";
  const levels = new LevelController({
    limits,
    playing: () => edge?.load().playing ?? 0,
    onChange: ({ level: now, cause }, before) => {
      changes.add(1, { cause });
      log[now > before ? "warn" : "info"]("service-level", { level: now, before, cause });
    },
  });
  meter.onCollect(() => {
    const { own, cause } = levels;
    if (cause !== toldCause) level.remove({ cause: toldCause });
    toldCause = cause;
    level.set(own, { cause });
    seats.set(Number.isFinite(levels.seats) ? levels.seats : -1);
  });
  return {
    levels,
    start: (measured) => {
      edge = measured;
      const delays = monitorEventLoopDelay({ resolution: resolutionMs });
      delays.enable();
      scope.onEnd(() => void delays.disable());
      let [before, sentBefore] = [performance.eventLoopUtilization(), edge.load().sent];
      scope.every(ms(1000), () => {
        const now = performance.eventLoopUtilization();
        const { playing, open, behind, sent } = measured.load();
        levels.second({
          busy: performance.eventLoopUtilization(now, before).utilization,
          lag: Math.max(0, delays.percentile(95) / 1e9 - resolutionMs / 1000),
          behind: behind / 1000,
          playing,
          open,
          memory: process.memoryUsage.rss(),
          sent: sent - sentBefore,
        });
        [before, sentBefore] = [now, sent];
        delays.reset();
      });
    },
  };
}
