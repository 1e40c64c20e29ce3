import type { AttackCounts, OwedPromise } from "../attackers/contract.ts";
import { bytes, count, span } from "../report/quantities.ts";
import type { Attack, Said, Value } from "../report/record.ts";
import { whyOf } from "./excuses.ts";
import { attackVerdict, type JudgedAttack, type JudgedOwed } from "./judge-attack.ts";
import type { PlannedAttack } from "./question.ts";

const owedKeys = {
  "no-gap": "owes.noGap",
  joins: "owes.joins",
  answers: "owes.answers",
  stage: "owes.stage",
  "origin-unmoved": "owes.origin",
  memory: "owes.memory",
} as const satisfies Record<OwedPromise, string>;

/** A judged attack as the record tells it. */
export function attackOf(judged: JudgedAttack, counts: AttackCounts | undefined): Attack {
  const { attack } = judged;
  return {
    name: { text: attack.name },
    from: attack.from,
    to: attack.to,
    strength: strengthOf(attack, counts),
    cost: costOf(judged),
    owed: judged.owed.length === 0 ? { key: "owed.none" } : owedOf(judged.owed),
    verdict: attackVerdict(judged),
  };
}

/** Several sayings as one. */
export const listed = (all: readonly Said[]): Said =>
  all.reduce((before, last) => ({ key: "list", values: { before, last } }));

const units = {
  "a second": "strength.second",
  connections: "strength.connections",
  listeners: "strength.listeners",
} as const;

function strengthOf({ unit, strength }: PlannedAttack, counts: AttackCounts | undefined): Value {
  const wanted: Said = { key: units[unit], values: { n: count(strength) } };
  if (!counts) return wanted;
  const answered = Object.entries(counts.answered)
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, 4)
    .map(([status, n]) => `${n} × ${status}`)
    .join(", ");
  const did: Said = {
    key: "attack.did",
    values: {
      connected: count(counts.connected),
      failed: count(counts.failed),
      sent: count(counts.sent),
      closed: count(counts.closed),
      answered: answered === "" ? { key: "owed.none" } : answered,
      received: bytes(counts.bytesReceived),
    },
  };
  return listed([wanted, did]);
}

function costOf({ cores, joins, beside }: JudgedAttack): Value {
  const said: Said[] = [];
  if (cores)
    said.push({
      key: "cost.cores",
      values: {
        more: { value: Math.max(0, cores.during - cores.before), unit: "cores" },
        during: { value: cores.during, unit: "cores" },
      },
    });
  if (joins.during !== undefined)
    said.push(
      joins.before === undefined
        ? { key: "cost.joins", values: { during: span(joins.during) } }
        : { key: "cost.joinsBefore", values: { during: span(joins.during), before: span(joins.before) } },
    );
  if (said.length === 0) return { key: "notMeasured" };
  if (beside > 0) said.push({ key: "cost.beside", values: { n: count(beside) } });
  return listed(said);
}

/** What was owed, those with the same outcome together: what held, what broke, and what cannot be told and why. */
function owedOf(owed: readonly JudgedOwed[]): Said {
  const of = (verdict: JudgedOwed["verdict"]): JudgedOwed[] => owed.filter((one) => one.verdict === verdict);
  const [held, broken] = [of("held"), of("broken")];
  if (held.length === owed.length) return promises(held);
  const whys = Map.groupBy(of("unknown"), ({ excuse }) => excuse && JSON.stringify(excuse));
  return listed([
    ...(broken.length > 0 ? [{ key: "owes.broken", values: { promise: promises(broken) } } as const] : []),
    ...[...whys.values()].map((some): Said => {
      const [promise, excuse] = [promises(some), some[0]?.excuse];
      return excuse
        ? { key: "owes.excused", values: { promise, why: whyOf(excuse) } }
        : { key: "owes.unknown", values: { promise } };
    }),
    ...(held.length > 0 ? [{ key: "owes.held", values: { promise: promises(held) } } as const] : []),
  ]);
}

/** Promises by name, with commas between. */
const promises = (some: readonly JudgedOwed[]): Said =>
  some
    .map(({ owes }): Said => ({ key: owedKeys[owes] }))
    .reduce((before, last) => ({ key: "enumeration", values: { before, last } }));
