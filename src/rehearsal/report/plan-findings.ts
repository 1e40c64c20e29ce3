import type { Outcome } from "../model/outcome.ts";
import type { Plan, Run } from "../model/plan.ts";
import type { Judged } from "../model/promises.ts";
import { type Loss, maxEdges } from "../model/question.ts";
import { bits, bytes, count, moment, money, share, span } from "./quantities.ts";
import type { Said, Value } from "./record.ts";

/** What a plan found, in sentences, most important first. */
export function planFindings(plan: Plan): Said[] {
  const { outcome } = plan.run;
  return [
    howMany(plan),
    ...(plan.oneFewer && broken(plan.oneFewer).length > 0 ? [oneFewer(plan.oneFewer)] : []),
    ...binding(outcome),
    joins(outcome),
    ...seats(outcome),
    ...levels(outcome),
    egress(outcome),
    ...losses(plan),
    cost(plan),
  ];
}

const broken = ({ judged }: Run): readonly Judged[] => judged.filter(({ held }) => !held);

function howMany({ needed, edges }: Plan): Said {
  if (needed === undefined) return { key: "finding.asked", values: { n: count(edges) } };
  const { likely, low, high } = needed;
  if (likely === undefined) return { key: "finding.neededNone", values: { most: count(maxEdges) } };
  const end = (n: number | undefined): Value =>
    n === undefined ? { key: "finding.tooMany", values: { most: count(maxEdges) } } : count(n);
  return low === likely && high === likely
    ? { key: "finding.needed", values: { n: count(likely) } }
    : { key: "finding.neededRange", values: { n: count(likely), low: end(low), high: end(high) } };
}

/** Which promises broke, with what came instead: `a; b`. */
function brokenOnes(run: Run): Value {
  const [first, second, ...rest] = broken(run).map((one): Said => ({
    key: `broke.${one.name}`,
    values: { came: came(one) },
  }));
  if (first === undefined) return "";
  const others = [second, ...rest].filter((one) => one !== undefined);
  return others.reduce<Said>((said, one) => ({ key: "list", values: { before: said, last: one } }), first);
}

const came = ({ name, measured }: Judged): Value =>
  measured === undefined ? { key: "notMeasured" } : name === "seated" ? share(measured) : span(measured);

const oneFewer = (run: Run): Said => ({
  key: "finding.oneFewer",
  values: { n: count(run.outcome.edges), broken: brokenOnes(run) },
});

function binding({ fullest, cpuMost }: Outcome): Said[] {
  const [first, second] = fullest;
  if (!first) return [];
  const values = {
    resource: { key: `resource.${first.resource}` },
    share: share(first.share),
    at: moment(Math.round(first.at)),
  } as const;
  const said: Said =
    first.over90 === undefined
      ? { key: "finding.fullest", values }
      : { key: "finding.binds", values: { ...values, since: moment(Math.round(first.over90)) } };
  const next: Said[] = second
    ? [
        {
          key: second.over90 === undefined ? "finding.next" : "finding.nextBinds",
          values: {
            resource: { key: `resource.${second.resource}` },
            share: share(second.share),
            at: moment(Math.round(second.at)),
            since: moment(Math.round(second.over90 ?? second.at)),
          },
        },
      ]
    : [];
  const [least, most] = [Math.min(...cpuMost), Math.max(...cpuMost)];
  return [said, ...next, { key: "finding.cpuOfEdges", values: { least: share(least), most: share(most) } }];
}

function joins({ joins: waits, curves }: Outcome): Said {
  const worst = curves.peak("joinP99");
  return {
    key: "finding.joins",
    values: {
      p50: span(waits.quantile(0.5) ?? 0),
      p99: span(waits.quantile(0.99) ?? 0),
      at: moment(worst.at),
      worst: span(worst.value),
    },
  };
}

function seats({ curves, turnedAway, turnedBy, gaveUp }: Outcome): Said[] {
  const [seated, standing] = [curves.peak("seated"), curves.peak("standing")];
  const said: Said[] = [{ key: "finding.seated", values: { seated: count(seated.value), at: moment(seated.at) } }];
  if (turnedAway >= 0.5)
    said.push({
      key: "finding.turnedAway",
      values: {
        people: count(turnedAway),
        standing: count(standing.value),
        at: moment(standing.at),
        resource: { key: `resource.${turnedBy}` },
      },
    });
  if (gaveUp >= 0.5) said.push({ key: "finding.gaveUp", values: { people: count(gaveUp) } });
  return said;
}

function levels({ curves, lean }: Outcome): Said[] {
  const level = curves.peak("level");
  if (level.value === 0) return [];
  const name = { key: `level.${level.value as 1 | 2 | 3 | 4}` } as const;
  const said: Said[] = [
    { key: "finding.level", values: { level: { value: level.value, unit: "level" }, name, at: moment(level.at) } },
  ];
  if (lean >= 0.5) said.push({ key: "finding.lean", values: { people: count(lean) } });
  return said;
}

function egress({ curves, bytes: total }: Outcome): Said {
  const { at, value } = curves.peak("egress");
  return { key: "finding.egress", values: { peak: bits(value), at: moment(at), total: bytes(total) } };
}

function losses({ question, run, lossOfOne, edges }: Plan): Said[] {
  if (question.loss) return [lossOf(question.loss, run)];
  if (!lossOfOne) return [];
  const breaks = broken(lossOfOne.run).length > 0;
  const { needed } = lossOfOne;
  const holds: Said = breaks
    ? { key: "finding.lossBreaks", values: { broken: brokenOnes(lossOfOne.run) } }
    : { key: "finding.lossHolds" };
  if (!breaks) return [lossOf(lossOfOne.loss, lossOfOne.run), holds];
  const needs: Said =
    needed === undefined
      ? { key: "finding.lossNeedsNone", values: { most: count(maxEdges) } }
      : { key: "finding.lossNeeds", values: { n: count(Math.max(needed, edges)) } };
  return [lossOf(lossOfOne.loss, lossOfOne.run), holds, needs];
}

function lossOf({ edges, at }: Loss, { outcome }: Run): Said {
  const lost: Said =
    edges === "region"
      ? { key: "lost.region" }
      : edges === 1
        ? { key: "lost.one" }
        : { key: "lost.some", values: { n: count(edges) } };
  return {
    key: "finding.loss",
    values: {
      lost,
      at: moment(at / 1000),
      people: count(outcome.orphaned),
      p50: span(outcome.rejoins.quantile(0.5) ?? 0),
      p99: span(outcome.rejoins.quantile(0.99) ?? 0),
    },
  };
}

function cost({ cost: priced }: Plan): Said {
  if (!priced) return { key: "finding.noPrices" };
  const { currency, perHour, edgesPerHour, egressPerHour, total } = priced;
  return {
    key: "finding.cost",
    values: {
      perHour: money(perHour, currency),
      edges: money(edgesPerHour, currency),
      egress: money(egressPerHour, currency),
      total: money(total, currency),
    },
  };
}
