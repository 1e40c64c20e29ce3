import type { FastifyInstance } from "fastify";
import { Link } from "../../foundation/link.ts";
import type { EdgeFigures, Ops } from "../../wire/api.ts";
import { type LevelCause, levelCauses } from "../../wire/levels.ts";
import { type Context, requireOwner } from "./context.ts";

/** `/api/v1/ops`: for the owner, what the supervisor measures of all processes and what control knows of the Spaces. */
export function registerOps(app: FastifyInstance, context: Context, metricsSocket: string): void {
  app.get("/api/v1/ops", async (request): Promise<Ops> => {
    await requireOwner(context, request);
    const { director, rooms } = context;
    const now = director.now();
    const spaces = director.spaces.map((space): Ops["spaces"][number] => ({
      id: space.id,
      slug: space.record.slug,
      title: space.record.title,
      status: space.status(now),
      hold: space.life.kind === "hold",
      listeners: space.listeners,
      onStage: space.room.seated.length,
      hands: space.room.hands,
      delayMs: space.record.delayMs,
      programme: space.health
        ? { onAir: space.health.onAir, lagMs: space.health.lagMs, lost: space.health.lost }
        : null,
    }));
    return {
      now: new Date(now.wall).toISOString(),
      processes: processesOf(await exposition(metricsSocket)),
      spaces,
      listeners: spaces.reduce((sum, { listeners }) => sum + listeners, 0),
      sockets: rooms.size,
      links: context.links(),
    };
  });
}

/** The metrics of all processes as the supervisor merges them; empty when control runs without one. */
export async function exposition(socketPath: string): Promise<string> {
  const link = new Link(socketPath, 1);
  try {
    const answer = await link.request({ path: "/metrics", timeoutMs: 2000 });
    return answer.status === 200 ? answer.body.toString("utf8") : "";
  } catch {
    return "";
  } finally {
    link.close();
  }
}

/** Reads each process's figures from Prometheus text. */
export function processesOf(text: string): Ops["processes"] {
  const processes = new Map<string, Map<string, number>>();
  const restarts = new Map<string, number>();
  const causes = new Map<string, LevelCause>();
  for (const line of text.split("\n")) {
    const match = /^(rostra_[a-z_]+)\{([^}]*)\} (\S+)$/.exec(line);
    if (!match) continue;
    const [, metric = "", labels = "", value = ""] = match;
    const label = (name: string): string | undefined => new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels)?.[1];
    const of = label("process");
    if (of === undefined) continue;
    const values = processes.get(of) ?? new Map<string, number>();
    processes.set(of, values);
    const quantile = label("quantile");
    // What is counted by kind is told as one.
    if (quantile === undefined) values.set(metric, (values.get(metric) ?? 0) + Number(value));
    else values.set(`${metric}:${quantile}`, Number(value));
    const cause = metric === "rostra_service_level" ? levelCauses.find((one) => one === label("cause")) : undefined;
    if (cause) causes.set(of, cause);
    const restarted = label("name");
    if (metric === "rostra_process_restarts_total" && restarted) restarts.set(restarted, Number(value));
  }
  return [...processes].map(([name, values]) => ({
    name,
    up: values.get("rostra_up") === 1,
    rss: values.get("rostra_process_resident_memory_bytes") ?? null,
    cpuSeconds: values.get("rostra_process_cpu_seconds_total") ?? null,
    uptimeSeconds: values.get("rostra_process_uptime_seconds") ?? null,
    loopDelaySeconds: values.get("rostra_process_event_loop_delay_seconds:0.99") ?? null,
    restarts: restarts.get(name) ?? null,
    edge: edgeOf(values, causes.get(name)),
  }));
}

function edgeOf(values: ReadonlyMap<string, number>, cause: LevelCause = "calm"): EdgeFigures | null {
  if (!values.has("rostra_edge_listeners")) return null;
  const value = (name: string): number => values.get(name) ?? 0;
  return {
    listeners: value("rostra_edge_listeners"),
    numbered: value("rostra_edge_numbered_listeners"),
    held: value("rostra_edge_held_requests"),
    joins: value("rostra_edge_joins_total"),
    sentBytes: value("rostra_edge_stream_sent_bytes_total") + value("rostra_edge_numbered_sent_bytes_total"),
    skips: value("rostra_edge_slow_skips_total"),
    closes: value("rostra_edge_slow_closes_total"),
    fetches: value("rostra_edge_upstream_fetches_total"),
    level: value("rostra_service_level"),
    cause,
  };
}
