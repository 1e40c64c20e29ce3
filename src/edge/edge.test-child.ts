import type { AddressInfo } from "node:net";
import { performance } from "node:perf_hooks";
import { anchoredClock, newAnchor } from "../foundation/clock.ts";
import { silentLog } from "../foundation/log.ts";
import { Meter } from "../foundation/meter.ts";
import { Scope } from "../foundation/scope.ts";
import { createEdge } from "./server.ts";

/** An edge in a process of its own, for a test that gives it few descriptors; ends with its parent. */
const [, , origin = "", most] = process.argv;
const meter = new Meter();
const edge = await createEdge({
  name: "edge-test",
  upstreams: [origin],
  control: `${origin}.control`,
  web: `${origin}.web`,
  clock: anchoredClock(newAnchor()),
  log: silentLog,
  meter,
  scope: new Scope(),
  maxConnections: most === undefined ? undefined : Number(most),
});
edge.server.listen(0, "127.0.0.1", () => process.send?.({ port: (edge.server.address() as AddressInfo).port }));

let before = performance.eventLoopUtilization();
process.on("message", () => {
  const now = performance.eventLoopUtilization();
  // How much of the time since it was asked last the loop was busy, from 0 to 1.
  const { utilization } = performance.eventLoopUtilization(now, before);
  before = now;
  process.send?.({ metrics: meter.expose(), utilization });
});
process.on("disconnect", () => process.exit());
