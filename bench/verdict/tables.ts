import { calibrate } from "../../src/verdict/calibrate.ts";
import type { Calibrated } from "../../src/verdict/likelihood.ts";
import { area, bootstrap, foundAt, type Interval, type Scored } from "../../src/verdict/score.ts";
import { Chance } from "../../src/verdict/synthetic/chance.ts";
import { attackKinds, crowdNames, faultNames, type Scenario } from "../../src/verdict/synthetic/scenarios.ts";
import { type Verdict, verdictOf } from "../../src/verdict/verdict.ts";
import { blind, type Case, play } from "./cases.ts";

export interface TablesOptions {
  readonly calibrated: Calibrated;
  readonly training: readonly Case[];
  readonly others: readonly Case[];
  readonly test: readonly Case[];
  /** Seed of the scenes with shares that are given. */
  readonly shareSeed: number;
  readonly times: number;
}

interface Judged {
  readonly of: Case;
  readonly verdict: Verdict;
  /** The same with a calibration that has not seen its kinds. */
  readonly leftOut: Verdict;
}

const isAttack = ({ kind }: Verdict): boolean => kind === "attack" || kind === "attack-in-crowd";
/** How probable an attack is in the episode that is most like one, of those that matter. */
const scoreOf = ({ episodes, loads }: Verdict): number => {
  const all = loads.reduce((so, load) => so + load.all, 0);
  const matter = episodes.filter(({ excess }) => excess >= 0.02 * all);
  return matter.reduce((most, { judgement }) => Math.max(most, judgement.probability.attack), 0);
};
const percent = (part: number, of = 1): string => (of === 0 ? "–" : `${Math.round((100 * part) / of)} %`);
const row = (cells: readonly (string | number)[]): string => `| ${cells.join(" | ")} |`;
const table = (heads: readonly string[], rows: readonly (readonly (string | number)[])[]): string =>
  [row(heads), row(heads.map(() => "---")), ...rows.map(row)].join("\n");
const median = (values: readonly number[]): number | undefined =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const within = ({ value, low, high }: Interval): string =>
  `${value.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`;

/** All tables of docs/verdict.md. */
export function tables(options: TablesOptions): string {
  const judged = judgedOf(options);
  return [totals(judged), pure(judged), attacks(judged, options.calibrated), shares(options)].join("\n\n");
}

/** Each fold leaves one kind of attack, one of crowd and one of fault out of all that it is calibrated with. */
function judgedOf({ calibrated, training, others, test }: TablesOptions): Judged[] {
  const folds = attackKinds.map((attack, i): Partial<Scenario> => {
    return {
      attack,
      crowd: crowdNames[i % crowdNames.length],
      fault: faultNames[i % faultNames.length],
    } as Partial<Scenario>;
  });
  const made = folds.map(({ attack, crowd, fault }) => {
    const seen = (cases: readonly Case[]) =>
      cases
        .filter(
          ({ scenario: one }) =>
            one.attack !== attack && one.fault !== fault && (one.crowd !== crowd || one.attack !== undefined),
        )
        .filter(({ scenario: one }) => one.crowd !== crowd)
        .flatMap(({ examples }) => examples);
    return calibrate(seen(training), seen(others), "a fold");
  });
  return test.map((one, i) => {
    const { attack, crowd, fault } = one.scenario;
    const mine = folds
      .map((fold, at) => ({ fold, at }))
      .filter(({ fold }) => (attack ? fold.attack === attack : crowd ? fold.crowd === crowd : fold.fault === fault));
    const fold = made[mine[i % mine.length]?.at ?? 0] ?? calibrated;
    const errors = calibrated.errors;
    return {
      of: one,
      verdict: verdictOf(one.series, calibrated, one.capacity),
      leftOut: verdictOf(one.series, { ...fold, errors }, one.capacity),
    };
  });
}

function totals(judged: readonly Judged[]): string {
  const chance = new Chance(1);
  const next = (): number => chance.next();
  const seen = judged.filter(({ of }) => !blind.has(of.scenario.attack ?? ""));
  const scored = (which: "verdict" | "leftOut"): Scored[] =>
    seen.map((one) => ({ score: scoreOf(one[which]), positive: one.of.scenario.attack !== undefined }));
  const errors = (which: "verdict" | "leftOut"): number[] =>
    seen.map((one) => Math.abs(one[which].shares.attack.share - one.of.truth.attack));
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  const covered = seen.filter(
    ({ verdict: { shares }, of: { truth } }) => truth.attack >= shares.attack.low && truth.attack <= shares.attack.high,
  ).length;
  const pureOnes = seen.filter(({ of }) => of.scenario.attack === undefined);
  const open = (which: "verdict" | "leftOut"): number => seen.filter((one) => one[which].kind === "cannot-tell").length;
  const rows = (["verdict", "leftOut"] as const).map((which) => [
    which === "verdict" ? "kinds that were seen" : "kinds that were left out",
    within(bootstrap(scored(which), area, next)),
    within(bootstrap(scored(which), (cases) => foundAt(cases, 0.01), next)),
    percent(pureOnes.filter((one) => isAttack(one[which])).length, pureOnes.length),
    percent(open(which), seen.length),
    within(bootstrap(errors(which), mean, next)),
  ]);
  const heads = [
    "",
    "area under ROC",
    "found at 1 % false",
    "false “attack”",
    "cannot tell",
    "mean error of the attack's share",
  ];
  return `${table(heads, rows)}\n\nThe attack's share lay in its interval in ${percent(covered, seen.length)} of ${seen.length} scenes.`;
}

function pure(judged: readonly Judged[]): string {
  const rows = [...crowdNames, ...faultNames].map((name) => {
    const some = judged.filter(
      ({ of: { scenario: one } }) => !one.attack && (one.crowd === name || one.fault === name),
    );
    const kinds = (kind: Verdict["kind"]): number => some.filter(({ verdict }) => verdict.kind === kind).length;
    return [
      name,
      some.length,
      kinds("crowd"),
      kinds("own-fault"),
      kinds("cannot-tell"),
      some.filter(({ verdict }) => isAttack(verdict)).length,
      some.filter(({ leftOut }) => isAttack(leftOut)).length,
    ];
  });
  return table(
    ["without an attack", "scenes", "crowd", "own fault", "cannot tell", "**attack**", "**attack**, left out"],
    rows,
  );
}

function attacks(judged: readonly Judged[], calibrated: Calibrated): string {
  const rows = attackKinds.map((name) => {
    const some = judged.filter(({ of }) => of.scenario.attack === name);
    const found = some.filter(({ verdict }) => isAttack(verdict));
    const count = (kind: Verdict["kind"]): number => some.filter(({ verdict }) => verdict.kind === kind).length;
    const delay = median(found.map(({ of }) => delayOf(of, calibrated)));
    const error = median(some.map(({ verdict, of }) => Math.abs(verdict.shares.attack.share - of.truth.attack)));
    return [
      blind.has(name) ? `${name} ¹` : name,
      some.length,
      found.length,
      count("cannot-tell"),
      count("own-fault"),
      count("crowd") + count("quiet"),
      some.filter(({ leftOut }) => isAttack(leftOut)).length,
      delay === undefined ? "–" : `${Math.round(delay)} s`,
      percent(error ?? 0),
    ];
  });
  const heads = [
    "attack",
    "scenes",
    "found",
    "cannot tell",
    "own fault",
    "crowd",
    "found, left out",
    "after",
    "share off by",
  ];
  return `${table(heads, rows)}\n\n¹ does nothing that people who listen do not do, or comes where no edge looks.`;
}

/** Seconds from an attack's beginning until the verdict, made anew every ten seconds, says so. */
function delayOf({ series, attackFrom = 0, capacity }: Case, calibrated: Calibrated): number {
  const first = Math.floor(attackFrom / 10);
  for (let slices = first + 1; slices <= series.slices.length; slices++) {
    if (isAttack(verdictOf({ ...series, slices: series.slices.slice(0, slices) }, calibrated, capacity)))
      return slices * 10 - attackFrom;
  }
  return series.slices.length * 10;
}

function shares({ calibrated, shareSeed, times }: TablesOptions): string {
  let seed = shareSeed;
  const kinds = attackKinds.filter((name) => !blind.has(name));
  const rows = [0.01, 0.03, 0.1, 0.25, 0.5, 0.75, 0.9].map((share) => {
    const some = kinds.flatMap((attack) =>
      Array.from({ length: Math.max(1, Math.round(2 * times)) }, () => {
        const crowd = crowdNames[seed % crowdNames.length] ?? "announced";
        const one = play({ seed: seed++, attack, crowd, share });
        return { truth: one.truth.attack, verdict: verdictOf(one.series, calibrated, one.capacity) };
      }),
    );
    const found = some.filter(({ verdict }) => isAttack(verdict)).length;
    const open = some.filter(({ verdict }) => verdict.kind === "cannot-tell").length;
    const off = median(some.map(({ truth, verdict }) => Math.abs(truth - verdict.shares.attack.share))) ?? 0;
    const real = median(some.map(({ truth }) => truth)) ?? 0;
    return [percent(share), percent(real), some.length, found, open, some.length - found - open, percent(off)];
  });
  const heads = [
    "attack's share while it lasts",
    "of the whole evening",
    "scenes",
    "found",
    "cannot tell",
    "missed",
    "share off by",
  ];
  return table(heads, rows);
}
