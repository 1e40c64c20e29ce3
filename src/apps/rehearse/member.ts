import { reason } from "../../foundation/errors.ts";
import type { FromMember, Role, ToMember } from "./crew.ts";

/** What holds a process open after its work has ended is not waited for. */
const lastWordsMs = 500;

/**
 * The inside of a process of a rehearsal (`rostra rehearse-process`, forked by the conductor): it takes one order, tells what comes of
 * it, and ends when that is done, when it is told to, or when whoever started it is gone.
 */
export async function rehearsalProcess(role: string, index: string): Promise<number> {
  if (!process.send || (role !== "swarm" && role !== "attacker")) {
    process.stderr.write("rostra: `rostra rehearse` starts these processes.\n");
    return 2;
  }
  process.title = `rostra ${role} ${index}`;
  const end = new AbortController();
  // A terminal's Ctrl-C reaches this process too; the conductor says when it is over.
  process.on("SIGINT", () => {});
  process.once("SIGTERM", () => end.abort());
  process.once("disconnect", () => end.abort());
  const order = new Promise<Exclude<ToMember, { t: "end" }> | undefined>((resolve) => {
    end.signal.addEventListener("abort", () => resolve(undefined), { once: true });
    process.on("message", (message: ToMember) => {
      if (message.t === "end") end.abort();
      else resolve(message);
    });
  });
  const work = (role satisfies Role) === "swarm" ? await swarm(end.signal) : await attacker(end.signal);
  say({ t: "ready" });
  let code = 0;
  try {
    const told = await order;
    if (told) await work(told);
  } catch (thrown) {
    say({ t: "failed", reason: reason(thrown) });
    code = 1;
  }
  setTimeout(() => process.exit(code), lastWordsMs).unref();
  if (process.connected) process.disconnect();
  return code;
}

const say = (message: FromMember): void => {
  if (process.connected) process.send?.(message, () => {});
};

type Work = (told: Exclude<ToMember, { t: "end" }>) => Promise<unknown>;

async function swarm(signal: AbortSignal): Promise<Work> {
  const { runSwarm } = await import("../../rehearsal/swarm/swarm.ts");
  return async (told) => {
    if (told.t !== "swarm") return;
    say({ t: "swarm", told: await runSwarm(told.order, (second) => say({ t: "swarm", told: second }), signal) });
  };
}

async function attacker(signal: AbortSignal): Promise<Work> {
  const { runAttack } = await import("../../rehearsal/attackers/run-attack.ts");
  return async (told) => {
    if (told.t === "attacker") await runAttack(told.order, (second) => say({ t: "attacker", told: second }), signal);
  };
}
