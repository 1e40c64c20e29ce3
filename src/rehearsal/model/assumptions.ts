import type { CalibrationRecord, CostName, Measured, Newcomers, NewcomerWay, Warming } from "./calibration.ts";
import { costNames } from "./calibration.ts";

/** Taken for what a calibration record did not measure; wide, and named by every plan that stands on them. */
export const assumedCosts: Readonly<Record<CostName, Measured>> = {
  accept: assumed(40, 30, 100),
  handshakeFull: assumed(600, 400, 1000),
  handshakeResumed: assumed(500, 200, 800),
  pageRequest: assumed(30, 20, 60),
  stateRequest: assumed(30, 20, 60),
  join: assumed(80, 40, 130),
  write: assumed(14, 11, 20),
  writeTls: assumed(30, 22, 40),
  writeChunk: assumed(12, 8, 20),
  writeChunkTls: assumed(26, 18, 40),
  numberedRequest: assumed(40, 24, 70),
  numberedRequestTls: assumed(55, 45, 90, "a plain one, and what TLS adds to a write"),
  hlsSegment: assumed(80, 48, 140, "two numbered requests"),
  hlsSegmentTls: assumed(110, 90, 180, "two numbered requests over TLS"),
  upstreamFetch: assumed(300, 150, 600, "a few requests' worth: hashing, checking and keeping come with it"),
  apiCall: assumed(300, 150, 800, "two requests' worth and the copying between them"),
  workerIdle: assumed(5000, 2000, 20_000, "timers, and a report of the audience each second"),
  loneConnection: assumed(100, 20, 400, "a few wakings with cold caches"),
  loneRequest: assumed(40, 10, 150, "a waking with cold caches"),
  memoryStream: assumed(5000, 4500, 6000),
  memoryStreamTls: assumed(55_000, 40_000, 65_000),
  memoryKept: assumed(11_000, 9000, 14_000),
  memoryKeptTls: assumed(61_000, 54_000, 70_000, "a plain one, and what TLS adds to a stream"),
  memoryWorker: assumed(75_000_000, 60_000_000, 100_000_000),
  memorySocket: assumed(4000, 3000, 8000, "the kernel's tcp_sock, file and inode, and one segment under way"),
};

function assumed(value: number, low: number, high: number, because = "of the order that such servers have"): Measured {
  return { value, low, high, source: `assumed, not measured: ${because}` };
}

/** Every cost, measured or assumed, and the names of those that were assumed. */
export interface CompleteCosts {
  readonly costs: Readonly<Record<CostName, Measured>>;
  readonly assumed: readonly CostName[];
  /** What newcomers cost by their pace, where it was measured. */
  readonly newcomers: Readonly<Partial<Record<NewcomerWay, Newcomers>>>;
  readonly warming: Warming | undefined;
}

/** What stands in for a cost that was not measured when the other was, and how often: a chunk costs no more than a segment. */
const standIns: Readonly<Partial<Record<CostName, readonly [of: CostName, times: number]>>> = {
  writeChunk: ["write", 1],
  writeChunkTls: ["writeTls", 1],
  hlsSegment: ["numberedRequest", 2],
  hlsSegmentTls: ["numberedRequestTls", 2],
};
/** Costs of which nothing is made where newcomers were measured whole. */
const loneCosts: readonly CostName[] = ["loneConnection", "loneRequest"];

export function complete(record: CalibrationRecord): CompleteCosts {
  const assume = (name: CostName): Measured => {
    const [other, times] = standIns[name] ?? [name, 1];
    const known = record.costs[other];
    if (!known) return assumedCosts[name];
    const source = `assumed, not measured: as ${times === 1 ? "" : `${times} × `}${other}`;
    return { value: times * known.value, low: times * known.low, high: times * known.high, source };
  };
  const entries = costNames.map((name): [CostName, Measured] => [name, record.costs[name] ?? assume(name)]);
  const { newcomers = {}, warming } = record;
  const isWhole = newcomers.plain !== undefined && newcomers.tls !== undefined;
  return {
    costs: Object.fromEntries(entries) as Record<CostName, Measured>,
    assumed: costNames.filter((name) => record.costs[name] === undefined && !(isWhole && loneCosts.includes(name))),
    newcomers,
    warming,
  };
}
