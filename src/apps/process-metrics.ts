import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Meter } from "../foundation/meter.ts";

/** What every process tells of itself: memory, CPU, event loop delay, uptime. */
export function registerProcessMetrics(meter: Meter): void {
  const memory = meter.gauge("rostra_process_resident_memory_bytes", "Resident memory of the process.");
  const heap = meter.gauge("rostra_process_heap_used_bytes", "Used heap of the JavaScript engine.");
  const cpu = meter.gauge("rostra_process_cpu_seconds_total", "CPU time the process has used, user and system.");
  const uptime = meter.gauge("rostra_process_uptime_seconds", "Time since the process began.");
  const delay = meter.gauge(
    "rostra_process_event_loop_delay_seconds",
    "Event loop delay since the last reading, by quantile.",
  );
  // The monitor wakes every 20 ms and measures from waking to waking: what is over that is the delay.
  const resolution = 20;
  const loop = monitorEventLoopDelay({ resolution });
  const seconds = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e9 - resolution / 1000);
  loop.enable();
  meter.onCollect(() => {
    const used = process.cpuUsage();
    memory.set(process.memoryUsage.rss());
    heap.set(process.memoryUsage().heapUsed);
    cpu.set((used.user + used.system) / 1e6);
    uptime.set(process.uptime());
    delay.set(seconds(loop.percentile(50)), { quantile: "0.5" });
    delay.set(seconds(loop.percentile(99)), { quantile: "0.99" });
    delay.set(seconds(loop.max), { quantile: "1" });
    loop.reset();
  });
}
