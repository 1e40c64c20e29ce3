import type { Meter } from "../foundation/meter.ts";
import { watchLoopDelay } from "./loop-delay.ts";

/** What every process tells of itself: memory, CPU, event loop delay, uptime. */
export function registerProcessMetrics(meter: Meter): void {
  const memory = meter.gauge("rostra_process_resident_memory_bytes", "Resident memory of the process.");
  const heap = meter.gauge("rostra_process_heap_used_bytes", "Used heap of the JavaScript engine.");
  const cpu = meter.gauge("rostra_process_cpu_seconds_total", "CPU time the process has used, user and system.");
  const uptime = meter.gauge("rostra_process_uptime_seconds", "Time since the process began.");
  const delay = meter.gauge(
    "rostra_process_event_loop_delay_seconds",
    "Event loop delay in the last five seconds, by quantile.",
  );
  const loop = watchLoopDelay();
  meter.onCollect(() => {
    const used = process.cpuUsage();
    memory.set(process.memoryUsage.rss());
    heap.set(process.memoryUsage().heapUsed);
    cpu.set((used.user + used.system) / 1e6);
    uptime.set(process.uptime());
    const { p50, p99, max } = loop.last;
    delay.set(p50, { quantile: "0.5" });
    delay.set(p99, { quantile: "0.99" });
    delay.set(max, { quantile: "1" });
  });
}
