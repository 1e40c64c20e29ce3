import { existsSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, test } from "vitest";
import { operations } from "../src/apps/control/operations.ts";
import { parseLivePath, parseReplayPath } from "../src/wire/paths.ts";
import { renditionNames } from "../src/wire/rendition.ts";
import { filesIn, namedTests, read, root, sourceFiles, thrownProblems } from "./sources.ts";

const documents = ["README.md", ...filesIn("docs", /\.md$/)];
const unique = (values: Iterable<string>): string[] => [...new Set(values)].toSorted();
const matches = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map((match) => match[1] ?? "");

/** What stands under a heading, up to the next one of its level or above. */
function section(document: string, heading: string): string {
  const level = heading.split(" ", 1)[0]?.length ?? 1;
  const after = read(document).split(`\n${heading}\n`)[1];
  if (after === undefined) throw new Error(`${document} has no heading "${heading}"`);
  return after.split(new RegExp(`\n#{1,${level}} `))[0] ?? "";
}
/** The first cells of a section's tables. */
const firstCells = (document: string, heading: string): string[] =>
  matches(section(document, heading), /^\|([^|]+)\|/gm).filter((cell) => !cell.includes("---"));

describe("problems", () => {
  const problems = thrownProblems();
  const entries = new Map(
    read("docs/problems.md")
      .split("\n### ")
      .slice(1)
      .map((entry) => [entry.split("\n", 1)[0] ?? "", entry.split("\n## ")[0] ?? ""]),
  );

  test("DO-1 every problem's code can be read from the source", () => {
    expect(problems.filter(({ codes }) => codes.length === 0)).toEqual([]);
    expect(problems.length).toBeGreaterThan(90);
  });

  test("DO-1 every problem code stands on the page, and no other", () => {
    expect([...entries.keys()].toSorted()).toEqual(unique(problems.flatMap(({ codes }) => codes)));
  });

  test("DO-1 each code's statuses on the page are the program's", () => {
    const wrong = [...entries].flatMap(([code, entry]) => {
      const of = problems.filter(({ codes }) => codes.includes(code));
      const possible = new Set(of.flatMap(({ statuses }) => statuses));
      const certain = of.flatMap(({ statuses }) => (statuses.length === 1 ? statuses : []));
      const told = matches(entry, /\*\*(\d{3})\*\*/g).map(Number);
      const unknown = told.filter((status) => !possible.has(status));
      const missing = certain.filter((status) => !told.includes(status));
      const none = possible.size > 0 && told.length === 0;
      return none || unknown.length + missing.length > 0 ? [{ code, told, possible: [...possible] }] : [];
    });
    expect(wrong).toEqual([]);
  });

  test("DO-1 each entry says what to do", () => {
    expect([...entries].filter(([, entry]) => !entry.includes("→")).map(([code]) => code)).toEqual([]);
  });
});

describe("links", () => {
  const withoutCode = (text: string): string => text.replaceAll(/^```[\s\S]*?^```/gm, "");
  /** As GitHub makes a heading's fragment. */
  const fragment = (heading: string): string =>
    heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .trim()
      .replaceAll(" ", "-");

  test("DO-2 every relative link leads to something that is there", () => {
    const broken = documents.flatMap((document) =>
      matches(withoutCode(read(document)), /\]\(([^)\s]+)\)/g)
        .filter((link) => !/^[a-z]+:/.test(link))
        .filter((link) => {
          const [path = "", heading] = link.split("#");
          const target = path === "" ? document : relative(root, join(root, dirname(document), path));
          if (!existsSync(join(root, target))) return true;
          if (heading === undefined) return false;
          if (!statSync(join(root, target)).isFile()) return true;
          return !matches(withoutCode(read(target)), /^#{1,6} (.+)$/gm)
            .map(fragment)
            .includes(heading);
        })
        .map((link) => `${document}: ${link}`),
    );
    expect(broken).toEqual([]);
  });
});

describe("addresses", () => {
  test("DO-3 every path of the protocol is one that is read, and none is missing", () => {
    const paths = firstCells("docs/protocol.md", "## Paths")
      .flatMap((cell) => matches(cell, /`([^`]+)`/g))
      .map((path) => path.replace("{space}", "demo").replace("{n}", "42"))
      .flatMap((path) => renditionNames.map((name) => path.replace("{rendition}", name)));
    const read_ = paths.map((path) => ({ path, kind: (parseLivePath(path) ?? parseReplayPath(path))?.kind }));
    expect(read_.filter(({ kind }) => kind === undefined)).toEqual([]);
    const grammar = matches(read("src/wire/paths.ts"), /readonly kind: "([\w-]+)"/g);
    expect(unique(read_.flatMap(({ kind }) => kind ?? []))).toEqual(unique(grammar));
    expect(paths).toEqual(expect.arrayContaining(["/replay/demo/audio.m4a", "/replay/demo/audio.opus"]));
  });

  test("DO-3 the routes that the wire lists are those that are described", () => {
    const listed = [...read("src/wire/api.ts").matchAll(/^ \* (GET|POST|PUT|PATCH|DELETE) +(\/api\/\S+)/gm)].flatMap(
      ([, method = "", path = ""]) => {
        const [whole = "", before, ends] = /^(.*\/)(\w+\|\w+)$/.exec(path) ?? [];
        return whole === "" ? [`${method} ${path}`] : (ends ?? "").split("|").map((end) => `${method} ${before}${end}`);
      },
    );
    const described = operations.filter(({ method }) => method !== "OPTIONS");
    expect(listed.toSorted()).toEqual(described.map(({ method, path }) => `${method} ${path}`).toSorted());
  });
});

describe("operating", () => {
  const source = sourceFiles.map(read).join("\n");
  const operate = "docs/operate.md";
  const cellNames = (heading: string, pattern: RegExp): string[] =>
    unique(firstCells(operate, heading).flatMap((cell) => matches(cell, pattern)));

  test("DO-4 the table of metrics is that of the program", () => {
    const metrics = unique(matches(source, /(?<=["'`\s])(rostra_[a-z_]+)/g));
    expect(metrics.length).toBeGreaterThan(50);
    expect(cellNames("## Metrics", /`(rostra_[a-z_]+)`/g)).toEqual(metrics);
    const named = documents.flatMap((document) => matches(read(document), /\b(rostra_[a-z_]+)/g));
    expect(unique(named).filter((name) => !metrics.includes(name))).toEqual([]);
  });

  test("DO-5 every option of serve stands in its help and in the document", () => {
    const text = read("src/apps/command-line.ts");
    const flags = matches(/const serveFlags = \{([\s\S]*?)\n\}/.exec(text)?.[1] ?? "", /^ {2}"?([a-z-]+)"?: /gm);
    const help = matches(/const usage = `([\s\S]*?)`;/.exec(text)?.[1] ?? "", /^ {6}--([a-z-]+)/gm);
    expect(flags.length).toBeGreaterThan(8);
    expect(unique(help)).toEqual(unique(flags));
    expect(cellNames("## Options", /`--([a-z-]+)/g)).toEqual(unique(flags));
  });

  test("DO-5 every option of edge stands in its help and in the document", () => {
    const text = read("src/apps/edges/options.ts");
    const flags = matches(/const edgeFlags = \{([\s\S]*?)\n\}/.exec(text)?.[1] ?? "", /^ {2}"?([a-z-]+)"?: /gm);
    const help = matches(/const edgeUsage = `([\s\S]*?)`;/.exec(text)?.[1] ?? "", /^ {6}--([a-z-]+)/gm);
    expect(flags.length).toBeGreaterThan(8);
    expect(unique(help)).toEqual(unique(flags));
    expect(cellNames("## More machines", /`--([a-z-]+)/g)).toEqual(unique(flags));
  });

  test("DO-5 every environment variable that is read stands in the document", () => {
    const apps = sourceFiles.filter((path) => path.startsWith("src/apps/")).map(read);
    const variables = unique(apps.flatMap((text) => matches(text, /"((?:ROSTRA_[A-Z_]+|PORT|DATABASE_URL))"/g)));
    expect(variables.length).toBeGreaterThan(10);
    expect(cellNames("## Options", /`([A-Z][A-Z_]+)`/g)).toEqual(variables);
    const named = documents.flatMap((document) => matches(read(document), /\b(ROSTRA_[A-Z_]+)\b/g));
    expect(unique(named).filter((name) => !variables.includes(name))).toEqual([]);
  });
});

describe("rules", () => {
  const number = "[A-Z]{2}-\\d+";
  const numbersOf = (text: string): string[] => text.match(new RegExp(number, "g")) ?? [];
  const rules = filesIn("docs/rules", /\.md$/).flatMap((document) =>
    [
      ...read(document).matchAll(new RegExp(`^- (?:\\*\\*)?${number}(?:(?:\\*\\*)?, (?:\\*\\*)?${number})*`, "gm")),
    ].flatMap(([list]) => numbersOf(list)),
  );
  const tests = namedTests().map(({ where, name }) => ({
    where,
    name,
    numbers: numbersOf(new RegExp(`^${number}(?:,? ${number})*(?= )`).exec(name)?.[0] ?? ""),
  }));
  const carried = new Set(tests.flatMap(({ numbers }) => numbers));

  test("DO-6 no number is given twice", () => {
    expect(rules.filter((rule, i) => rules.indexOf(rule) !== i)).toEqual([]);
    expect(rules.length).toBeGreaterThan(400);
  });

  test("DO-6 every test's name begins with its rule's number", () => {
    expect(tests.filter(({ numbers }) => numbers.length === 0).map(({ where, name }) => `${where}: ${name}`)).toEqual(
      [],
    );
    expect(
      tests.flatMap(({ where, numbers }) =>
        numbers.filter((one) => !rules.includes(one)).map((one) => `${where}: ${one}`),
      ),
    ).toEqual([]);
  });

  test("DO-6 every rule is carried by a test", () => {
    expect(rules.filter((rule) => !carried.has(rule))).toEqual([]);
  });
});
