import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Problem } from "../../foundation/errors.ts";
import { type Permit, permitPath } from "../../wire/rehearsal.ts";
import { ask, type Target } from "./target.ts";

/** How long the owner may take, how often it is asked until then, and how often while the run goes on; ms. */
export interface PermitTiming {
  readonly patience: number;
  readonly every: number;
  readonly recheck: number;
}
const usualTiming: PermitTiming = { patience: 10 * 60_000, every: 2000, recheck: 5000 };

/** A permit that was given for this run, and whether it still is. */
export interface Permitted {
  readonly permit: Permit;
  readonly holds: () => boolean;
  end(): void;
}

export interface PermitWish {
  readonly listeners: number;
  readonly attacks: readonly string[];
  /** How long the run takes, s. */
  readonly seconds: number;
}

/** Waits until the target's owner has permitted this run. @throws Problem `permit-not-given` */
export async function awaitPermit(
  target: Target,
  wish: PermitWish,
  tell: (text: string) => void,
  signal: AbortSignal,
  timing = usualTiming,
): Promise<Permitted> {
  const code = randomBytes(16).toString("hex");
  const minutes = Math.max(1, Math.ceil((wish.seconds + 120) / 60));
  tell(
    `${target.url.origin} is not this machine: its owner has to permit this rehearsal (${wish.listeners} listeners` +
      `${wish.attacks.length === 0 ? "" : `, and the attacks ${wish.attacks.join(", ")}`}). There, run\n\n` +
      `  rostra rehearsal-permit ${code} --for ${minutes}m --listeners ${wish.listeners} --data DIR\n\n` +
      `It is waited for, ${Math.round(timing.patience / 60_000)} minutes at most.\n`,
  );
  const until = Date.now() + timing.patience;
  let permit: Permit | undefined;
  while (!signal.aborted && Date.now() < until) {
    permit = await permitAt(target, code).catch(() => undefined);
    if (permit) break;
    await sleep(timing.every, undefined, { signal }).catch(() => {});
  }
  if (!permit) throw notGiven(`Nothing stood at ${permitPath(code)} of ${target.url.origin} within the time`);
  if (permit.listeners < wish.listeners)
    throw notGiven(`It permits ${permit.listeners} listeners, and ${wish.listeners} were asked for`);
  return watched(target, permit, timing.recheck);
}

/** The permit as the target shows it now; `undefined` when it shows none. Throws when the target does not answer. */
async function permitAt(target: Target, code: string): Promise<Permit | undefined> {
  const { status, body } = await ask(target, permitPath(code));
  if (status === 404) return undefined;
  if (status !== 200) throw new Error(`answered ${status}`);
  const permit = JSON.parse(body.toString("utf8")) as Partial<Permit>;
  const { v, code: of, until, leftMs, listeners } = permit;
  const whole = v === 1 && of === code && [until, leftMs, listeners].every((n) => typeof n === "number" && n > 0);
  if (!whole) throw new Error("what stands there is no permit");
  return permit as Permit;
}

/** Goes on asking: a permit that is gone, or at its end, permits nothing more. A target that does not answer withdraws nothing. */
function watched(target: Target, permit: Permit, recheckMs: number): Permitted {
  // By this machine's clock: that of the target may be another.
  const end = Date.now() + permit.leftMs;
  let gone = false;
  const timer = setInterval(() => {
    permitAt(target, permit.code).then(
      (found) => (gone ||= found === undefined),
      () => {},
    );
  }, recheckMs);
  return { permit, holds: () => !gone && Date.now() < end, end: () => clearInterval(timer) };
}

const notGiven = (detail: string): Problem =>
  new Problem({
    status: 403,
    code: "permit-not-given",
    title: "The target's owner did not permit this rehearsal",
    detail: `${detail}.`,
    action:
      "Have its owner run `rostra rehearsal-permit` with the code that is printed, or rehearse on the server's own machine.",
  });
