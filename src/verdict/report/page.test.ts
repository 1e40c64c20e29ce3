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
