import type http from "node:http";
import { access, constants, mkdir } from "node:fs/promises";
import { nodeHttp } from "../../foundation/http.ts";
import { Link, closeServer, listenUnix } from "../../foundation/link.ts";
import { anchoredClock, encodeAnchor, newAnchor } from "../../foundation/clock.ts";
import { ms, seconds } from "../../foundation/duration.ts";
import { Problem, reason } from "../../foundation/errors.ts";
import { createLog, type Log } from "../../foundation/log.ts";
import { Meter } from "../../foundation/meter.ts";
import { Scope } from "../../foundation/scope.ts";
import { sockets } from "../config.ts";
import { registerProcessMetrics } from "../process-metrics.ts";
import { Child, type ChildSpec } from "./children.ts";
import { collectMetrics, type MetricsSource } from "./metrics.ts";
import { dataProblem, type ServeOptions } from "./options.ts";
import { baseUrl, ownerLink } from "./owner-link.ts";
import { requireFreePorts } from "./ports.ts";

/** The system clock may move this far from the timeline's before it is told. */
const driftTold = ms(500);

/** Starts all processes on this machine and keeps them running until SIGTERM or SIGINT. Gives the exit code. */
export async function serve(options: ServeOptions): Promise<number> {
  process.title = "rostra serve";
  const scope = new Scope();
  const log = createLog({ process: "supervisor", format: options.log });
  const stopped = Promise.withResolvers<number>();
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      log.info("stopping", { signal });
      stopped.resolve(0);
    });
  }

  await prepareData(options);
  await requireNoOther(options);
  await requireFreePorts(options.host, options.port, options.udpPort);

  const anchor = newAnchor();
  const children = childSpecs(options.edges).map(
    (spec) => new Child({ spec, env: childEnvironment(options, encodeAnchor(anchor)), execArgv: leanFlags(spec), log }),
  );
  const meter = supervisorMeter(children);
  try {
    await serveMetrics(options, children, meter, scope, log);
    scope.onEnd(async () => {
      await Promise.all(children.map((child) => child.end()));
    });
    await Promise.race([startAll(children), stopped.promise]);
    watchClock(anchoredClock(anchor), meter, scope, log);
    if (!scope.ended) await announce(options, log);
    return await stopped.promise;
  } finally {
    await scope.end();
    log.info("stopped");
  }
}

/** Control opens the data first: where it refuses to (a newer version, a damaged file), no other process may write to it. */
async function startAll(children: readonly Child[]): Promise<void> {
  const [control, others] = [true, false].map((is) => children.filter(({ spec }) => (spec.name === "control") === is));
  for (const group of [control, others]) {
    for (const child of group ?? []) child.start();
    await Promise.all(group?.map((child) => child.ready) ?? []);
  }
}

/** The processes of one machine. Those that others wait for are first. */
export function childSpecs(edges: number): ChildSpec[] {
  const one = (name: string): ChildSpec => ({ name, args: name.split(" ") });
  return ["origin", "stage", "control", ...Array.from({ length: edges }, (_, i) => `edge ${i + 1}`)].map(one);
}

/**
 * A small young generation and one helper thread for the engine: 36 MB less in all (bench:idle). Edges keep the defaults, for
 * a crowd that joins at once allocates.
 */
const leanFlags = (spec: ChildSpec): readonly string[] =>
  spec.args[0] === "edge" ? [] : ["--max-semi-space-size=1", "--v8-pool-size=1"];

function childEnvironment(options: ServeOptions, clock: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    ROSTRA_DATA: options.data,
    ROSTRA_RUN: options.run,
    PORT: String(options.port),
    ROSTRA_HOST: options.host,
    ROSTRA_UDP_PORT: String(options.udpPort),
    ROSTRA_ICE_TCP_PORT: String(options.iceTcpPort),
    ROSTRA_PUBLIC_IP: options.publicIps.join(","),
    ROSTRA_PUBLIC_URL: options.publicUrl ?? "",
    ROSTRA_DEMO: options.demo ? "1" : "0",
    ROSTRA_LOG_FORMAT: options.log,
    ROSTRA_CLOCK: clock,
  };
}

async function prepareData(options: ServeOptions): Promise<void> {
  try {
    await mkdir(options.data, { recursive: true, mode: 0o700 });
    await mkdir(options.run, { recursive: true, mode: 0o700 });
    await access(options.data, constants.W_OK | constants.X_OK);
    await access(options.run, constants.W_OK | constants.X_OK);
  } catch (thrown) {
    throw dataProblem(options.data, thrown);
  }
}

/** Two servers on one data folder would each break the other's sockets and archive: the second is refused. */
async function requireNoOther(options: ServeOptions): Promise<void> {
  const link = new Link(sockets.metrics(options.run), 1);
  const other = await link.request({ path: "/healthz", timeoutMs: 1000 }).catch(() => undefined);
  link.close();
  if (other === undefined) return;
  throw new Problem({
    status: 409,
    code: "data-in-use",
    title: "The data folder is in use",
    detail: `Another rostra serves from ${options.data}.`,
    action: "Give this one its own folder with --data, or end the other.",
  });
}

function supervisorMeter(children: readonly Child[]): Meter {
  const meter = new Meter();
  registerProcessMetrics(meter);
  const restarts = meter.gauge("rostra_process_restarts_total", "How often a process was started again.");
  const ready = meter.gauge("rostra_process_ready", "Whether a process has said that it serves.");
  meter.onCollect(() => {
    for (const child of children) {
      restarts.set(child.restarts, { name: child.spec.name });
      ready.set(child.state.kind === "ready" ? 1 : 0, { name: child.spec.name });
    }
  });
  return meter;
}

async function serveMetrics(
  options: ServeOptions,
  children: readonly Child[],
  meter: Meter,
  scope: Scope,
  log: Log,
): Promise<void> {
  const sources: MetricsSource[] = children.map(({ spec }) => ({
    name: spec.name,
    socketPath: socketOf(options.run, spec),
  }));
  const handler = async (request: http.IncomingMessage, response: http.ServerResponse): Promise<void> => {
    const text =
      request.url === "/metrics"
        ? await collectMetrics(sources, meter.expose())
        : request.url === "/healthz"
          ? "ok\n"
          : "";
    response.writeHead(text ? 200 : 404, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }).end(text);
  };
  const server = await listenUnix(sockets.metrics(options.run), handler, log);
  scope.onEnd(() => closeServer(server));
  if (!options.metrics) return;
  const { host, port } = options.metrics;
  const tcp = nodeHttp.createServer(
    (request, response) => void handler(request, response).catch(() => response.destroy()),
  );
  await new Promise<void>((resolve, reject) => tcp.once("error", reject).listen(port, host, resolve));
  scope.onEnd(() => closeServer(tcp));
}

function socketOf(run: string, spec: ChildSpec): string {
  const [name, index] = spec.args;
  if (name === "edge") return sockets.edge(run, Number(index));
  return name === "control" ? sockets.control(run) : name === "stage" ? sockets.stage(run) : sockets.origin(run);
}

/** The timeline never follows a jump of the system clock; that there was one is told, since schedules follow the wall. */
function watchClock(clock: ReturnType<typeof anchoredClock>, meter: Meter, scope: Scope, log: Log): void {
  const gauge = meter.gauge("rostra_clock_drift_seconds", "How far the system clock is ahead of the timeline's clock.");
  let told = 0;
  const look = (): void => {
    const drift = clock.drift();
    gauge.set(drift / 1000);
    if (Math.abs(drift - told) < driftTold) return;
    told = drift;
    log.warn("clock-moved", {
      driftMs: Math.round(drift),
      action: "Live Spaces go on undisturbed; restart when none is live, so that new timelines follow the new time.",
    });
  };
  look();
  scope.every(seconds(5), look);
}

/** Tells the person at the terminal that it serves, and where to look. */
async function announce(options: ServeOptions, log: Log): Promise<void> {
  const url = baseUrl(options);
  const lines = [``, `  Rostra is ready.`, ``, `  listen     ${url}/`, `  your desk  ${url}/desk`];
  try {
    const link = await ownerLink(options);
    if (link)
      lines.push(``, `  You are its owner. Open this link once to sign in (it works for one day):`, `  ${link}`);
  } catch (thrown) {
    log.warn("owner-link-failed", { reason: reason(thrown) });
  }
  lines.push(``, `  metrics    curl --unix-socket ${sockets.metrics(options.run)} http://rostra/metrics`, ``, ``);
  process.stdout.write(lines.join("\n"));
}
