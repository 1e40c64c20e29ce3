import { expect, test } from "vitest";
import { calibrated } from "../calibrated.ts";
import { featureNames } from "../features.ts";
import { type Series, seriesOf } from "../series.ts";
import { type Scenario, stage } from "../synthetic/scenarios.ts";
import { verdictOf } from "../verdict.ts";
import { lines } from "./lines.ts";
import { page } from "./page.ts";
import { type RecordContext, recordOf } from "./record.ts";
import { featureWords } from "./words.ts";

const context: RecordContext = {
  title: "A talk",
  sample: false,
  command: "rostra verdict talk",
  space: "talk",
  evidence: [],
};
const seriesFor = (scenario: Scenario): Series => seriesOf([stage(scenario).evidence]);
const flood = seriesFor({ seed: 21, crowd: "announced", attack: "request-flood", share: 0.7 });
const made = (more: Partial<RecordContext> = {}, series = flood) =>
  recordOf(series, verdictOf(series, calibrated), calibrated, { ...context, ...more });

test("VE-31 the report is one file that runs and fetches nothing, and names cannot become markup", () => {
  const hostile = `"><script>alert(1)</script><img src=x onerror=y>`;
  const marked: Series = {
    ...flood,
    marks: [...flood.marks, { at: flood.slices[9]?.at ?? 0, kind: "said", what: hostile }],
  };
  const evidence = [{ process: hostile, records: 1, first: 0, head: hostile, breaks: [hostile] }];
  const html = page(made({ title: hostile, command: hostile, evidence }, marked));
  expect(html).not.toMatch(/<script|<img|<link|<iframe|onerror=y>|url\(|src=x[^&]*>/);
  expect(html).toContain("default-src 'none'");
  expect(html.match(/&lt;script&gt;/g)?.length).toBeGreaterThanOrEqual(4);
  expect(html).not.toMatch(/NaN|undefined|Infinity/);
  expect(page(made({}, { ...flood, slices: [] }))).not.toMatch(/NaN|undefined|Infinity/);
});

test("VE-32 every feature stands there with what it says for and against, those that disagree too, and blind spots and chains", () => {
  const breaks = ["000000000000.log line 7: it is not what was written"];
  const evidence = [{ process: "edge-1", records: 12, first: 0, head: "11 abc", breaks }];
  const record = made({ evidence });
  const [episode] = record.episodes;
  expect(episode?.features.length).toBeGreaterThan(10);
  const html = page(record);
  for (const { name } of episode?.features ?? [])
    expect(html).toContain(featureWords[name].name.replaceAll("'", "&#39;"));
  const attack = episode?.features.map(({ says }) => says.attack) ?? [];
  expect(attack.some((says) => says > 0) && attack.some((says) => says < 0)).toBe(true);
  const voiced = new Set(record.episodes.flatMap(({ features }) => features.map(({ name }) => name)));
  expect(record.withoutVoice).toEqual(featureNames.filter((name) => !voiced.has(name)));
  for (const text of [html, lines(record)]) expect(text).toContain(breaks[0]);
  expect(html).toContain("SYN floods");
  expect(html).toContain(record.command);
  expect(JSON.parse(JSON.stringify(record))).toMatchObject({ v: 1, kind: record.kind });
});

test("VE-37 what was done stands there with its causes, and whom at most it hit who had done nothing wrong", () => {
  const { evidence } = stage({ seed: 21, crowd: "announced", attack: "request-flood", share: 0.7 });
  const at = (evidence.records[10]?.at ?? 0) + 1000;
  const windows = evidence.records.map((record) =>
    record.t === "window"
      ? { ...record, level: 3, counts: { ...record.counts, later: [10], laterBehaved: [2], dropped: [1], noSeat: [3] } }
      : record,
  );
  const control = [
    { t: "act", at, act: "said", says: 'of "talk": a post' },
    { t: "act", at, act: "level", says: '"talk": the host asks for level 2' },
    { t: "tally", at, from: at - 10_000, counts: { pricesTold: 50, pricesToldPersisting: 45, pricesPaid: 5 } },
  ] as const;
  const done = [
    { t: "level", at, level: 3, cause: "loop-lag" },
    { t: "action", at, what: "block", prefix: "x", width: 24, reason: "spent", seconds: 60, hits: 4, of: 900 },
    {
      t: "action",
      at,
      what: "refused-by-guard",
      prefix: "y",
      width: 24,
      reason: "playing",
      seconds: 0,
      hits: 9,
      of: 9,
    },
  ] as const;
  const edge = [...windows, ...done].toSorted((one, other) => one.at - other.at);
  const series = seriesOf([
    { name: "control", records: control },
    { name: "edge-1", records: edge },
  ]);
  const record = made({}, series);
  const slices = series.slices.length;
  expect(record.actions).toMatchObject({
    later: 10 * slices,
    laterBehaved: 2 * slices,
    dropped: slices,
    noSeat: 3 * slices,
    innocent: 5 * slices,
    level: 3,
    handedDown: 1,
    keptBack: 1,
    mostHit: 4,
    prices: { pricesTold: 50, pricesToldPersisting: 45, pricesPaid: 5 },
  });
  const html = page(record);
  for (const text of [
    "edge-1: level 3 (loop-lag)",
    "the host asks for level 2",
    "told of &quot;talk&quot;: a post",
    "1 times an address or prefix was handed down",
    "50 times a price was told, 45 of them to addresses that left many unanswered",
    `at most ${5 * slices} refusals hit somebody who had done nothing wrong`,
  ])
    expect(html).toContain(text);
});
