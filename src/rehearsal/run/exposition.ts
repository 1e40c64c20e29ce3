/** What one reading of a server's metrics says of one of its processes; counters as they stand. */
export interface ProcessReading {
  readonly name: string;
  readonly cpu: number;
  /** Seconds since it began: of the same moment as its other values, whenever they are read. */
  readonly uptime: number;
  readonly rss: number;
  /** The worst delay of its loop in the last five seconds, s. */
  readonly loopDelay: number;
}

/** One reading of a server's metrics. Counters are sums over its processes. */
export interface ServerReading {
  /** When it was read: seconds from the run's beginning. */
  readonly at: number;
  readonly processes: readonly ProcessReading[];
  readonly listeners: number;
  /** Bytes sent as endless responses and numbered segments. */
  readonly sent: number;
  readonly slowSkips: number;
  readonly slowCloses: number;
  readonly fetches: number;
  readonly refusedConnections: number;
  readonly refusedRequests: number;
  /** Frames of 20 ms that came too late to be mixed, or were missing; chunks that never reached the timeline. */
  readonly stageLost: number;
  readonly speakers: number;
  readonly restarts: number;
}

const sums = {
  listeners: ["rostra_edge_listeners", "rostra_edge_numbered_listeners"],
  sent: ["rostra_edge_stream_sent_bytes_total", "rostra_edge_numbered_sent_bytes_total"],
  slowSkips: ["rostra_edge_slow_skips_total"],
  slowCloses: ["rostra_edge_slow_closes_total"],
  fetches: ["rostra_edge_upstream_fetches_total"],
  refusedConnections: ["rostra_edge_connections_refused_total"],
  refusedRequests: ["rostra_edge_hold_overflow_total", "rostra_edge_api_overflow_total"],
  stageLost: ["rostra_stage_ticks_skipped_total", "rostra_stage_frames_missed_total", "rostra_stage_chunks_lost_total"],
  speakers: ["rostra_stage_sessions"],
  restarts: ["rostra_process_restarts_total"],
} as const satisfies Partial<Record<keyof ServerReading, readonly string[]>>;

/**
 * Reads what the supervisor tells (Prometheus text format 0.0.4, each sample with its `process`). A line that is none is left out;
 * `undefined` when nothing in it is of a server of ours.
 */
export function readExposition(text: string, at: number): ServerReading | undefined {
  const processes = new Map<string, { cpu: number; uptime: number; rss: number; loopDelay: number }>();
  const totals = new Map<string, number>();
  for (const line of text.split("\n")) {
    const [, metric = "", labels = "", digits = ""] = /^(rostra_[a-z_]+)\{([^}]*)\} (\S+)$/.exec(line) ?? [];
    const value = Number(digits);
    if (metric === "" || !Number.isFinite(value)) continue;
    totals.set(metric, (totals.get(metric) ?? 0) + value);
    const name = /(?:^|,)process="([^"]*)"/.exec(labels)?.[1];
    if (name === undefined) continue;
    const of = processes.get(name) ?? { cpu: 0, uptime: 0, rss: 0, loopDelay: 0 };
    processes.set(name, of);
    if (metric === "rostra_process_cpu_seconds_total") of.cpu = value;
    else if (metric === "rostra_process_uptime_seconds") of.uptime = value;
    else if (metric === "rostra_process_resident_memory_bytes") of.rss = value;
    else if (metric === "rostra_process_event_loop_delay_seconds" && labels.includes('quantile="1"'))
      of.loopDelay = value;
  }
  if (totals.size === 0) return undefined;
  const sum = (names: readonly string[]): number => names.reduce((so, name) => so + (totals.get(name) ?? 0), 0);
  const counted = Object.fromEntries(Object.entries(sums).map(([key, names]) => [key, sum(names)])) as Record<
    keyof typeof sums,
    number
  >;
  return { at, processes: [...processes].map(([name, of]) => ({ name, ...of })), ...counted };
}

/** What a server did between two readings. Shares are of one core. */
export interface ServerSecond {
  /** Cores that all its processes used. */
  readonly cores: number;
  readonly edges: readonly { readonly name: string; readonly share: number }[];
  readonly rss: number;
  readonly loopDelay: number;
  /** bit/s. */
  readonly egress: number;
  readonly fetches: number;
  readonly stageLost: number;
  readonly speakers: number;
  readonly listeners: number;
}

const isEdge = (name: string): boolean => /^edge \d+/.test(name);
/** A process that was started again counts from zero. */
const grown = (before: number | undefined, after: number): number =>
  before === undefined ? 0 : after >= before ? after - before : after;

export function between(before: ServerReading, after: ServerReading): ServerSecond {
  const seconds = Math.max(0.05, after.at - before.at);
  const used = after.processes.map(({ name, cpu, uptime }) => {
    const was = before.processes.find((one) => one.name === name);
    const lived = grown(was?.uptime, uptime);
    return { name, share: lived > 0 ? grown(was?.cpu, cpu) / lived : 0 };
  });
  return {
    cores: used.reduce((sum, { share }) => sum + share, 0),
    edges: used.filter(({ name }) => isEdge(name)),
    rss: after.processes.reduce((sum, one) => sum + one.rss, 0),
    loopDelay: after.processes
      .filter(({ name }) => isEdge(name))
      .reduce((most, one) => Math.max(most, one.loopDelay), 0),
    egress: (grown(before.sent, after.sent) * 8) / seconds,
    fetches: grown(before.fetches, after.fetches) / seconds,
    stageLost: grown(before.stageLost, after.stageLost),
    speakers: after.speakers,
    listeners: after.listeners,
  };
}
