import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseSync } from "vite";

/** The repository as text, for the tests that hold documents to the code. Paths are relative to its root. */
export const root = resolve(import.meta.dirname, "..");

export const read = (path: string): string => readFileSync(join(root, path), "utf8");

export const filesIn = (folder: string, pattern: RegExp): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => pattern.test(name) && !name.includes("node_modules"))
    .map((name) => join(folder, name));

const onlyForTests = /\.(?:test|contract|fixture)\b|\/testing\//;
/** What runs in the program: `src` without its tests and what only they use. */
export const sourceFiles = filesIn("src", /\.ts$/).filter((path) => !onlyForTests.test(path));
export const testFiles = ["src", "web", "test"].flatMap((folder) => filesIn(folder, /\.(?:test|contract)\.tsx?$/));

/** A node of the syntax tree (ESTree with TypeScript's own), with the nodes it stands in, outermost first. */
interface Node {
  readonly type: string;
  readonly [member: string]: unknown;
}
type Visit = (node: Node, within: readonly Node[]) => void;

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";

function walk(node: unknown, visit: Visit, within: readonly Node[] = []): void {
  if (Array.isArray(node)) for (const one of node) walk(one, visit, within);
  if (!isNode(node)) return;
  visit(node, within);
  for (const value of Object.values(node)) walk(value, visit, [...within, node]);
}

const nodes = (value: unknown): readonly Node[] => (Array.isArray(value) ? value.filter(isNode) : []);
const nameOf = (node: unknown): string | undefined =>
  isNode(node) && typeof node["name"] === "string" ? node["name"] : undefined;

/** One `new Problem(…)` of the program: the codes and statuses that it can have; no status when it is passed on. */
export interface ThrownProblem {
  readonly where: string;
  readonly codes: readonly string[];
  readonly statuses: readonly number[];
}

/** All problems of the program. One whose code cannot be read from the source has no code. */
export function thrownProblems(): ThrownProblem[] {
  return sourceFiles.flatMap((path) => {
    const { program } = parseSync(path, read(path));
    const found: ThrownProblem[] = [];
    walk(program, (node, within) => {
      if (node.type !== "NewExpression" || nameOf(node["callee"]) !== "Problem") return;
      const members = nodes(nodes(node["arguments"])[0]?.["properties"]);
      const values = (name: string): unknown[] =>
        valuesOf(members.find((one) => nameOf(one["key"]) === name)?.["value"], within, program as unknown as Node);
      found.push({
        where: path,
        codes: values("code").filter((value) => typeof value === "string"),
        statuses: values("status").filter((value) => typeof value === "number"),
      });
    });
    return found;
  });
}

/** The constants an expression can be: of a literal, a choice, a template over a union's names, or a parameter's arguments. */
function valuesOf(expression: unknown, within: readonly Node[], program: Node): unknown[] {
  if (!isNode(expression)) return [];
  switch (expression.type) {
    case "Literal":
      return [expression["value"]];
    case "ConditionalExpression":
      return ["consequent", "alternate"].flatMap((one) => valuesOf(expression[one], within, program));
    case "LogicalExpression":
      return ["left", "right"].flatMap((one) => valuesOf(expression[one], within, program));
    case "TemplateLiteral": {
      const [before, after] = nodes(expression["quasis"]).map(({ value }) => (value as { cooked: string }).cooked);
      const names = unionOf(nameOf(nodes(expression["expressions"])[0]), within);
      return names.map((name) => `${before ?? ""}${name}${after ?? ""}`);
    }
    case "Identifier":
      return argumentsFor(nameOf(expression), within, program);
    default:
      return [];
  }
}

/** The names of a parameter whose type is a union of them. */
function unionOf(parameter: string | undefined, within: readonly Node[]): string[] {
  const names: string[] = [];
  const declared = within.flatMap((node) => nodes(node["params"])).find((one) => nameOf(one) === parameter);
  walk(declared?.["typeAnnotation"], (node) => {
    const literal = node["literal"];
    if (node.type === "TSLiteralType" && isNode(literal)) names.push(String(literal["value"]));
  });
  return names;
}

/** What a parameter is given by the calls in the same file. */
function argumentsFor(parameter: string | undefined, within: readonly Node[], program: Node): unknown[] {
  const at = within.findLastIndex((node) => nodes(node["params"]).some((one) => nameOf(one) === parameter));
  const index = nodes(within[at]?.["params"]).findIndex((one) => nameOf(one) === parameter);
  const name = nameOf(within[at]?.["id"]) ?? nameOf(within[at - 1]?.["id"]);
  const values: unknown[] = [];
  walk(program, (node, around) => {
    if (name === undefined || node.type !== "CallExpression" || nameOf(node["callee"]) !== name) return;
    values.push(...valuesOf(nodes(node["arguments"])[index], around, program));
  });
  return values;
}

/** A test's name, and whether it only says why others are skipped. */
export interface NamedTest {
  readonly where: string;
  readonly name: string;
}

/** All tests by name, but those that only say why others are skipped. */
export function namedTests(): NamedTest[] {
  return testFiles.flatMap((where) => {
    const { program } = parseSync(where, read(where));
    const found: NamedTest[] = [];
    walk(program, (node) => {
      if (node.type !== "CallExpression" || !/^(?:test|it)(?:\.(?!skip$)\w+)*$/.test(calleeOf(node["callee"]))) return;
      const first = nodes(node["arguments"])[0];
      const name = first && textOf(first);
      if (name !== undefined) found.push({ where, name });
    });
    return found;
  });
}

/** `test`, `test.skipIf`, …: the names of what is called, through calls that give what is called. */
function calleeOf(node: unknown): string {
  if (!isNode(node)) return "";
  if (node.type === "CallExpression") return calleeOf(node["callee"]);
  if (node.type === "MemberExpression") return `${calleeOf(node["object"])}.${nameOf(node["property"]) ?? "?"}`;
  return nameOf(node) ?? "";
}

function textOf(node: Node): string | undefined {
  if (node.type === "Literal" && typeof node["value"] === "string") return node["value"];
  if (node.type !== "TemplateLiteral") return undefined;
  return nodes(node["quasis"])
    .map(({ value }) => (value as { cooked: string }).cooked)
    .join("…");
}
