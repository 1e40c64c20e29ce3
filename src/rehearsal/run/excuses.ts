import { share, span } from "../report/quantities.ts";
import type { Said } from "../report/record.ts";
import type { Row } from "./ledger.ts";
import type { Run } from "./run.ts";

/** Why a fault in a second may be the rehearsal's own rather than the target's. */
export type Excuse =
  /** A process of the rehearsal ran late, by so many ms. */
  | { readonly kind: "late"; readonly ms: number }
  /** A process of the swarm used all of its core. */
  | { readonly kind: "full" }
  /** The target shares this machine, all of which was busy, and this share of that was not the target. */
  | { readonly kind: "shared"; readonly share: number };

/** From these on a fault is not put down to the target. A loop that is late by this much moves what it times by as much. */
export const lateMs = 250;
const fullCore = 0.95;
const fullMachine = 0.95;
const ownShare = 1 / 3;
/** A stall shows in what is measured a little later, too. */
const looksBack = 3;

function ofSecond({ swarm, probe, machine, server }: Row, { local, cores }: Run): Excuse | undefined {
  const late = Math.max(swarm.loopDelay, probe?.loopDelay ?? 0);
  if (late >= lateMs) return { kind: "late", ms: late };
  if (swarm.fullest >= fullCore) return { kind: "full" };
  if (!local || machine === undefined || machine < fullMachine) return undefined;
  const busy = machine * cores;
  const own = server ? Math.max(0, busy - server.cores) : swarm.cores;
  return own / busy >= ownShare ? { kind: "shared", share: own / busy } : undefined;
}

/** Why what went wrong in row `i` may be the rehearsal's own fault; `undefined` when it is the target's. */
export function excuseOf(run: Run, i: number): Excuse | undefined {
  const rows = run.rows.slice(Math.max(0, i - looksBack), i + 1);
  return strongest(rows.map((row) => ofSecond(row, run)));
}

/** The one that explains most. */
export function strongest(excuses: readonly (Excuse | undefined)[]): Excuse | undefined {
  return excuses.reduce<Excuse | undefined>(
    (best, one) => (one && (best === undefined || rank(one) >= rank(best)) ? one : best),
    undefined,
  );
}

/** The latest loop says most. */
const rank = (excuse: Excuse): number => (excuse.kind === "late" ? 10 + excuse.ms : excuse.kind === "full" ? 2 : 1);

/** An excuse in words. */
export const whyOf = (excuse: Excuse): Said =>
  excuse.kind === "late"
    ? { key: "excuse.late", values: { late: span(excuse.ms / 1000) } }
    : excuse.kind === "full"
      ? { key: "excuse.full" }
      : { key: "excuse.shared", values: { share: share(excuse.share) } };
