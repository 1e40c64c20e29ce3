import { flushCompileCache } from "node:module";
import { processConfig, type ProcessConfig } from "./config.ts";
import { registerProcessMetrics } from "./process-metrics.ts";
import { ms, seconds } from "../foundation/duration.ts";
import { Problem, reason } from "../foundation/errors.ts";

/** Starts one process of the server; resolves once it serves. It lives until its scope ends. */
async function start(name: string, index: number, config: ProcessConfig): Promise<void> {
  switch (name) {
    case "control":
      return (await import("./control.ts")).runControl(config);
    case "stage":
      return (await import("./stage.ts")).runStage(config);
    case "origin":
      return (await import("./origin.ts")).runOrigin(config);
    case "edge":
      return (await import("./edge.ts")).runEdge(config, index);
    default:
      throw new Error(`there is no process "${name}"; the processes are control, stage, origin and edge N`);
  }
}

/**
 * The inside of a supervised process: it says `ready` over the channel to its supervisor, ends cleanly on SIGTERM and
 * SIGINT and when the supervisor is gone, and exits non-zero on a fault so that it is started again.
 */
export async function runChild(name: string, number: string | undefined): Promise<number> {
  const index = Number(number ?? 1);
  const title = name === "edge" ? `edge ${index}` : name;
  const config = await processConfig(process, title);
  registerProcessMetrics(config.meter);
  const done = Promise.withResolvers<number>();

  const end = (code: number): void => {
    config.scope.end().then(
      () => done.resolve(code),
      (failure: unknown) => {
        config.log.error("end-failed", { error: failure });
        done.resolve(1);
      },
    );
  };
  process.on("message", (message: { t?: string; drainMs?: number; why?: string }) => {
    if (message.t !== "end") return;
    config.ending.drain = ms(Number(message.drainMs));
    config.ending.why = message.why === "replaced" ? "replaced" : "stopped";
    end(0);
  });
  // The supervisor's business: it reloads.
  process.on("SIGHUP", () => {});
  process.once("SIGTERM", () => end(0));
  process.once("SIGINT", () => end(0));
  process.once("disconnect", () => end(0));
  const fault = (event: string) => (thrown: unknown) => {
    config.log.error(event, { error: thrown });
    process.exit(1);
  };
  process.on("uncaughtException", fault("uncaught-exception"));
  process.on("unhandledRejection", fault("unhandled-rejection"));

  try {
    await start(name, index, config);
  } catch (thrown) {
    config.log.error("start-failed", { reason: reason(thrown), error: thrown });
    // The channel to the supervisor would hold the process open: it is told, and then the process is gone.
    const problem = thrown instanceof Problem ? { problem: thrown.toDocument() } : {};
    await new Promise((resolve) =>
      process.send ? process.send({ t: "failed", reason: reason(thrown), ...problem }, resolve) : resolve(null),
    );
    process.exit(1);
  }
  process.send?.({ t: "ready" });
  // Written now rather than at the end: a process that is killed leaves it to the one that takes its place.
  config.scope.after(seconds(2), flushCompileCache);
  const code = await done.promise;
  if (process.connected) process.disconnect();
  // What still holds the process open after its scope has ended (a native thread, a stray timer) is not waited for.
  setTimeout(() => process.exit(code), 250).unref();
  return code;
}
