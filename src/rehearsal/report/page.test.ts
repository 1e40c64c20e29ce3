import { describe, expect, test } from "vitest";
import { languages } from "./language.ts";
import { lines } from "./lines.ts";
import { page } from "./page.ts";
import { compare, comparisonPage } from "./compare.ts";
import { measured, planned } from "./records.fixture.ts";
import { type RehearsalRecord, verdictOf } from "./record.ts";
import { catalogue } from "./words.ts";

const hostile = `"><script>alert(1)</script><img src=x onerror='alert(2)'>&amp;{name}\u0000\u001b`;
const voids = new Set(["meta", "!doctype"]);
/** Elements that HTML closes, and those that may stand in them here. */
const inlineOnly = new Set(["p", "h1", "h2", "th", "dt", "figcaption", "text"]);
const blocks = new Set(["p", "section", "ul", "li", "dl", "table", "figure", "div", "h1", "h2", "pre", "svg"]);

/** Reads HTML strictly: every element closed in its order, every attribute quoted, no stray `<` or `&`. */
function elementsOf(html: string): { name: string; attributes: Record<string, string> }[] {
  const found: { name: string; attributes: Record<string, string> }[] = [];
  const open: string[] = [];
  let at = 0;
  while (at < html.length) {
    const next = html.indexOf("<", at);
    const text = html.slice(at, next < 0 ? html.length : next);
    if (open.at(-1) !== "style") {
      expect(text).not.toMatch(/&(?!(?:amp|lt|gt|quot|#39);)/);
      expect(text).not.toContain(">");
    }
    if (next < 0) break;
    const tag = /^<(\/?)([!a-z][a-z0-9]*)((?:\s+[a-zA-Z-]+(?:="[^"<>]*")?)*)\s*(\/?)>/.exec(html.slice(next));
    if (!tag) throw new Error(`not a tag: ${html.slice(next, next + 80)}`);
    const [whole, closing, name = "", attributes = "", self] = tag;
    if (closing) expect(open.pop()).toBe(name);
    else {
      for (const outer of open) if (inlineOnly.has(outer)) expect(blocks.has(name), `${name} in ${outer}`).toBe(false);
      found.push({
        name,
        attributes: Object.fromEntries(
          [...attributes.matchAll(/([a-zA-Z-]+)(?:="([^"]*)")?/g)].map(([, key = "", value = ""]) => [key, value]),
        ),
      });
      if (!self && !voids.has(name)) open.push(name);
    }
    at = next + whole.length;
  }
  expect(open).toEqual([]);
  return found;
}

describe("the report", () => {
  test.each(languages)("RH-17 it is one well-formed file without scripts that fetches nothing (%s)", (language) => {
    for (const record of [planned(), measured()]) {
      const html = page(record, language);
      const elements = elementsOf(html);
      expect(html.startsWith("<!doctype html>")).toBe(true);
      expect(elements.find(({ name }) => name === "html")?.attributes["lang"]).toBe(language);
      const names = new Set(elements.map(({ name }) => name));
      for (const name of ["script", "img", "link", "iframe", "object", "a", "form"])
        expect(names.has(name)).toBe(false);
      expect(html).not.toMatch(/https?:|url\(|@import/);
      for (const { attributes } of elements)
        expect(Object.keys(attributes).filter((name) => /^on|^style$/.test(name))).toEqual([]);
      // Each chart tells in words what it shows.
      const charts = elements.filter(({ name, attributes }) => name === "svg" && attributes["role"] === "img");
      expect(charts.length).toBeGreaterThan(4);
      for (const { attributes } of charts) expect(attributes["aria-label"]?.length).toBeGreaterThan(20);
      // No number went wrong on its way.
      expect(html).not.toMatch(/NaN|Infinity|undefined|\[object|null/);
    }
  });

  test("RH-17 whatever stands in a record is text", () => {
    const pages = [page(planned(hostile), "en"), page(measured(hostile), "fr")];
    pages.push(comparisonPage(compare(planned(hostile), measured(hostile)), "id"));
    for (const html of pages) {
      const names = new Set(elementsOf(html).map(({ name }) => name));
      expect([names.has("script"), names.has("img")]).toEqual([false, false]);
      expect(html).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
      // oxlint-disable-next-line no-control-regex
      expect(html).not.toMatch(/[\u0000\u001b]/);
    }
  });

  test("RH-19 a plan says everywhere that it is a model, and a run that it was measured", () => {
    for (const language of languages) {
      const words = catalogue[language];
      expect(page(planned(), language)).toContain(words["badge.plan"]);
      const printed = lines(planned(), language).replaceAll(/\n +/g, " ");
      for (const key of ["badge.plan", "confidence.notHeld", "confidence.unknown"] as const)
        expect(printed).toContain(words[key]);
      expect(page(measured(), language)).toContain(words["badge.run"]);
      expect(page(measured(), language)).not.toContain(words["badge.plan"]);
    }
  });

  test("RH-19 it is a go when every promise held, no go when one broke, and cannot be told when one is not known or it ended early", () => {
    const held = planned();
    const change = (verdict: "held" | "broken" | "unknown"): RehearsalRecord => ({
      ...held,
      promises: held.promises.map((one, i) => (i === 1 ? { ...one, verdict } : one)),
    });
    expect(verdictOf(held)).toBe("go");
    expect(verdictOf(change("broken"))).toBe("noGo");
    expect(verdictOf(change("unknown"))).toBe("cannotTell");
    expect(verdictOf({ ...held, interrupted: { text: "it died" } })).toBe("cannotTell");
    expect(verdictOf({ ...change("broken"), interrupted: { text: "it died" } })).toBe("noGo");
    expect(verdictOf({ ...held, promises: [] })).toBe("cannotTell");
    expect(page(measured(), "en")).toContain("It ended early: somebody pressed Ctrl-C. This is what there was");
  });

  test("RH-17 a record goes through JSON unchanged, and what it lacks is left out", () => {
    const record = planned();
    expect(JSON.parse(JSON.stringify(record))).toEqual(record);
    const bare: RehearsalRecord = { ...record, curves: [], attacks: [], marks: [], changes: [], setup: [] };
    const html = page(bare, "en");
    elementsOf(html);
    expect(html).not.toContain("<svg");
    expect(html).not.toContain(catalogue.en["heading.changes"]);
    const flat = { ...record, curves: record.curves.map((curve) => ({ ...curve, values: curve.values.map(() => 0) })) };
    elementsOf(page(flat, "en"));
    const empty = { ...record, curves: record.curves.map((curve) => ({ ...curve, values: [] })) };
    elementsOf(page(empty, "en"));
  });
});

describe("a comparison", () => {
  test("RH-20 it tells what was different, how each promise came out, and by how much the curves moved", () => {
    const [few, many] = [planned("", 1), planned("", 4)];
    const { different, promises, figures, mixed } = compare(few, many);
    expect(mixed).toBe(false);
    expect(different.map(({ name }) => name)).toContainEqual({ key: "fact.edges" });
    expect(different.map(({ name }) => name)).not.toContainEqual({ key: "fact.listeners" });
    expect(promises.length).toBe(few.promises.length);
    const cpu = figures.find(({ curve, of }) => curve === "cpuMean" && of === "mean");
    expect(cpu?.change).toBeLessThan(-0.5);
    const html = comparisonPage(compare(few, many), "en");
    elementsOf(html);
    expect(html).toContain("−");
    expect(compare(few, few).different).toEqual([]);
    expect(comparisonPage(compare(few, few), "en")).toContain(catalogue.en["compare.same"]);
  });

  test("RH-20 a plan beside a run says that one of them is a model, and what one lacks is left out", () => {
    const comparison = compare(planned(), measured());
    expect(comparison.mixed).toBe(true);
    expect(comparison.figures.some(({ curve }) => curve === "gaps")).toBe(false);
    expect(comparison.promises.find(({ before }) => before === undefined)?.after?.verdict).toBe("unknown");
    for (const language of languages) elementsOf(comparisonPage(comparison, language));
  });
});
