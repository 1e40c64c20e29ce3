import { setPriority } from "node:os";
import { Member } from "../../src/apps/rehearse/crew.ts";
import type { AttackTold } from "../../src/rehearsal/attackers/contract.ts";
import { type Share, sources } from "./plan.ts";

/** Attackers share the processors with the server: they stand back for it, to a third of what each of its processes has. */
export const attackersNice = 5;

/** What one attacker really did. */
export interface Did {
  readonly name: string;
  readonly asked: string;
  /** Requests, messages, datagrams or bytes sent in a second; connections made in all, and held at most at once. */
  readonly sentPerSecond: number;
  readonly connected: number;
  readonly mostOpen: number;
  /** Connections that could not be made, and that the server ended. */
  readonly failed: number;
  readonly closed: number;
  readonly answered: Readonly<Record<string, number>>;
}

/** An attack that is ready to begin, in processes of its own. */
export interface Ready extends AsyncDisposable {
  readonly pids: readonly number[];
  /** Attacks for so many seconds, and tells what it came to once all of it is let go. */
  run(seconds: number): Promise<Did>;
}

export async function prepare(share: Share, port: number, space: string): Promise<Ready> {
  const host = "127.0.0.1";
  const lasts: (AttackTold | undefined)[] = [];
  const open: number[] = [];
  let mostOpen = 0;
  const members = Array.from({ length: share.processes }, (_, i) => {
    const member = new Member("attacker", i, (message) => {
      if (message.t !== "attacker") return;
      open[i] = message.told.counts.open;
      mostOpen = Math.max(
        mostOpen,
        open.reduce((sum, one) => sum + one, 0),
      );
      if (message.told.t === "end") lasts[i] = message.told;
    });
    if (member.pid !== undefined) setPriority(member.pid, attackersNice);
    return member;
  });
  const end = async (): Promise<void> => void (await Promise.all(members.map((member) => member.end(1000))));
  const run = async (seconds: number): Promise<Did> => {
    const beginsAt = Date.now();
    for (const [i, member] of members.entries()) {
      const order = {
        name: share.name,
        // The stage's UDP port has the same number.
        target: { host, port, tls: false, space, stageUdp: { host, port } },
        strength: share.strength / share.processes,
        sources,
        seed: 1 + i,
        beginsAt,
        from: 0,
        to: seconds,
      };
      member.tell({ t: "attacker", order });
    }
    await Promise.all(members.map(({ exited }) => exited));
    return did(share, seconds, mostOpen, lasts);
  };
  await Promise.all(members.map(({ ready }) => ready)).catch(async (thrown: unknown) => {
    await end();
    throw thrown;
  });
  return { pids: members.flatMap(({ pid }) => pid ?? []), run, [Symbol.asyncDispose]: end };
}

function did(share: Share, seconds: number, mostOpen: number, lasts: readonly (AttackTold | undefined)[]): Did {
  const counts = lasts.flatMap((told) => (told ? [told.counts] : []));
  const sum = (of: (one: (typeof counts)[number]) => number): number => counts.reduce((all, one) => all + of(one), 0);
  const answered: Record<string, number> = {};
  for (const one of counts)
    for (const [status, count] of Object.entries(one.answered)) answered[status] = (answered[status] ?? 0) + count;
  return {
    name: share.name,
    asked: `${share.strength} ${share.unit}`,
    sentPerSecond: Math.round(sum(({ sent }) => sent) / seconds),
    connected: sum(({ connected }) => connected),
    mostOpen,
    failed: sum(({ failed }) => failed),
    closed: sum(({ closed }) => closed),
    answered,
  };
}
