import { anchoredClock, encodeAnchor, newAnchor } from "../../foundation/clock.ts";
import { type Milliseconds, ms, seconds } from "../../foundation/duration.ts";
import { reason } from "../../foundation/errors.ts";
import type { Log } from "../../foundation/log.ts";
import { Meter } from "../../foundation/meter.ts";
import { Scope } from "../../foundation/scope.ts";
import { registerProcessMetrics } from "../process-metrics.ts";
import { Child, type ChildSpec, drainTimes } from "./children.ts";
import { Reload } from "./reload.ts";
import { Siblings } from "./siblings.ts";
import { serveSupervisor } from "./supervisor-socket.ts";

export interface SupervisorOptions {
  /** What this process is called. */
  readonly title: string;
  /** The folder of the Unix sockets. */
  readonly run: string;
  readonly specs: readonly ChildSpec[];
  /** What every process is given; the clock that they share is added. */
  readonly env: NodeJS.ProcessEnv;
  /** Flags of Node for a process. @default none */
  readonly execArgv?: (spec: ChildSpec) => readonly string[];
  /** Where metrics are served over TCP besides the Unix socket. */
  readonly metrics?: { readonly host: string; readonly port: number } | undefined;
  /** For how long processes with listeners drain, where the defaults are not wanted. @default drainTimes() */
  readonly drain?: Milliseconds | undefined;
  readonly log: Log;
  /** What must be in order before any process is started; what it throws ends it all. */
  readonly prepare?: () => Promise<void>;
  /** Called once when all processes serve. */
  readonly announce?: () => Promise<void>;
}

/** The system clock may move this far from the timeline's before it is told. */
const driftTold = ms(500);

/**
 * Starts processes and keeps them running until SIGTERM or SIGINT; SIGHUP and `POST /reload` on its socket replace those that
 * drain, one after another. Gives the exit code.
 */
export async function supervise(options: SupervisorOptions): Promise<number> {
  process.title = options.title;
  const { log } = options;
  const scope = new Scope();
  const stopped = Promise.withResolvers<number>();
  const stop = (signal: NodeJS.Signals): void => {
    log.info("stopping", { signal });
    stopped.resolve(0);
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);

  const anchor = newAnchor();
  const env = { ...options.env, ROSTRA_CLOCK: encodeAnchor(anchor) };
  const drain = drainTimes(options.drain);
  const siblings = new Siblings();
  const children: readonly Child[] = options.specs.map(
    (spec) =>
      new Child({
        spec,
        env,
        execArgv: options.execArgv?.(spec) ?? [],
        log,
        drain,
        // Those that drain are those that have listeners: the edges.
        onSiblings: (from, message) =>
          siblings.pass(
            from,
            message,
            children.filter((one) => one.spec.drains).flatMap(({ runs }) => runs),
          ),
      }),
  );
  const meter = supervisorMeter(children);
  const reload = new Reload({ children, meter, log });
  process.on("SIGHUP", (signal) => {
    // A terminal that is closed takes what runs in it along; a daemon is told to reload.
    if (process.stdout.isTTY) return stop(signal);
    reload.run().catch((failure: unknown) => log.warn("not-reloaded", { reason: reason(failure) }));
  });

  try {
    await options.prepare?.();
    await serveSupervisor({ run: options.run, metrics: options.metrics, children, reload, meter, scope, log });
    scope.onEnd(() => endAll(children));
    await Promise.race([startAll(children), stopped.promise]);
    watchClock(anchoredClock(anchor), meter, scope, log);
    if (!scope.ended) await options.announce?.();
    return await stopped.promise;
  } finally {
    await scope.end();
    log.info("stopped");
  }
}

async function startAll(children: readonly Child[]): Promise<void> {
  const [first, others] = [true, false].map((is) => children.filter(({ spec }) => (spec.first ?? false) === is));
  for (const group of [first, others]) {
    for (const child of group ?? []) child.start();
    await Promise.all(group?.map((child) => child.ready) ?? []);
  }
}

/** Who has listeners drains while the others still feed it. */
async function endAll(children: readonly Child[]): Promise<void> {
  for (const drains of [true, false]) {
    await Promise.all(children.filter(({ spec }) => (spec.drains ?? false) === drains).map((child) => child.end()));
  }
}

function supervisorMeter(children: readonly Child[]): Meter {
  const meter = new Meter();
  registerProcessMetrics(meter);
  const restarts = meter.gauge("rostra_process_restarts_total", "How often a process was started again.");
  const ready = meter.gauge("rostra_process_ready", "Whether a process has said that it serves.");
  const generation = meter.gauge(
    "rostra_process_generation",
    "How many processes have had this place, one after another.",
  );
  const leaving = meter.gauge("rostra_process_leaving", "Replaced processes that still drain.");
  meter.onCollect(() => {
    for (const child of children) {
      const { name } = child.spec;
      restarts.set(child.restarts, { name });
      ready.set(child.state.kind === "ready" ? 1 : 0, { name });
      if (!child.spec.drains) continue;
      generation.set(child.generation, { name });
      leaving.set(child.leaving.length, { name });
    }
  });
  return meter;
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
