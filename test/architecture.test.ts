import { readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";

/** The house as it is meant to be: imports go rightward only, apps → rooms → materials → foundation. */
const root = resolve(import.meta.dirname, "..");
const layers: Record<string, number> = { foundation: 0, wire: 1, audio: 2, cmaf: 2, hls: 2, sketch: 2, apps: 4 };
const roomLayer = 3;
const layerOf = (room: string): number => layers[room] ?? roomLayer;

interface Import {
  readonly from: string;
  readonly to: string;
}

const files = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(ts|tsx|mjs)$/.test(name) && !name.includes("node_modules"))
    .map((name) => join(folder, name));

const sources = files("src");
const tested = (file: string): boolean => /\.(test|contract)\.tsx?$/.test(file) || file.includes(".test-");
const specifiers = (file: string): string[] => {
  const text = readFileSync(join(root, file), "utf8").replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
  const found = text.matchAll(
    /(?:^|[\s;}])(?:import|export)\s*(?:[\w*{][^"';]*?from\s*)?["']([^"']+)["']|import\(\s*["']([^"']+)["']\s*\)/g,
  );
  return [...found].map((match) => match[1] ?? match[2] ?? "");
};
const imports: Import[] = sources.flatMap((from) =>
  specifiers(from)
    .filter((to) => to.startsWith("."))
    .map((to) => ({ from, to: relative(root, resolve(root, dirname(from), to)) })),
);
const room = (file: string): string => file.split("/")[1] ?? "";

describe("the architecture", () => {
  test("AR-1 imports go rightward only, and a room never imports another room", () => {
    const wrong = imports.filter(({ from, to }) => {
      const [a, b] = [room(from), room(to)];
      if (a === b || !to.startsWith("src/")) return false;
      if (tested(from) && layerOf(b) < roomLayer) return false;
      return layerOf(b) >= layerOf(a);
    });
    expect(wrong.map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
  });

  test("AR-2 there is no circle of imports", () => {
    const edges = new Map<string, string[]>();
    for (const { from, to } of imports) edges.set(from, [...(edges.get(from) ?? []), to]);
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(" → "));
      if (done.has(file) || path.includes(file)) return;
      for (const next of edges.get(file) ?? []) visit(next, [...path, file]);
      done.add(file);
    };
    for (const file of sources) visit(file, []);
    expect(circles).toEqual([]);
  });

  test("AR-3 every package that is imported is declared, and src needs no development package", () => {
    const declared = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Record<
      string,
      Record<string, string>
    >;
    const packageName = (specifier: string): string =>
      specifier
        .split("/")
        .slice(0, specifier.startsWith("@") ? 2 : 1)
        .join("/");
    const known = new Set(Object.keys(declared["dependencies"] ?? {}));
    const development = new Set(Object.keys(declared["devDependencies"] ?? {}));
    const builtin = (name: string): boolean => name.startsWith("node:") || builtinModules.includes(name);
    const outside = (file: string): string[] =>
      specifiers(file).filter((one) => !one.startsWith(".") && !one.startsWith("/") && !builtin(one));
    const missing = [
      ...sources
        .filter((file) => !tested(file))
        .flatMap((file) =>
          outside(file)
            .filter((one) => !known.has(packageName(one)))
            .map((one) => `${file}: ${one}`),
        ),
      ...[...sources.filter(tested), ...files("web"), ...files("test"), ...files("bench"), ...files("scripts")].flatMap(
        (file) =>
          outside(file)
            .filter(
              (one) =>
                !known.has(packageName(one)) && !development.has(packageName(one)) && packageName(one) !== "rostra",
            )
            .map((one) => `${file}: ${one}`),
      ),
    ];
    expect(missing).toEqual([]);
  });

  test("AR-4 only apps read the environment and only apps and wire validate with valibot", () => {
    const wrong = sources
      .filter((file) => !tested(file) && room(file) !== "apps")
      .filter(
        (file) =>
          /\bprocess\.(env|argv)\b/.test(readFileSync(join(root, file), "utf8")) ||
          (room(file) !== "wire" && specifiers(file).includes("valibot")),
      );
    expect(wrong).toEqual([]);
  });

  test("AR-5 the pages import of src only what crosses the wire, and no validation", () => {
    const wrong = files("web")
      .filter((file) => !tested(file))
      .flatMap((file) =>
        specifiers(file)
          .filter((one) => one.startsWith(".") && relative(root, resolve(root, dirname(file), one)).startsWith("src/"))
          .map((one) => relative(root, resolve(root, dirname(file), one)))
          .filter((to) => !/^src\/(wire|foundation)\//.test(to))
          .map((to) => `${file} → ${to}`),
      );
    expect(wrong).toEqual([]);
  });

  test("AR-6 no file has over 400 lines, and no name says nothing", () => {
    const all = ["src", "web", "test", "bench", "scripts"].flatMap(files);
    const long = all.filter((file) => readFileSync(join(root, file), "utf8").split("\n").length > 401);
    const vague = all.filter((file) => /(^|\/)(utils?|helpers?|common|misc|types)(\/|\.tsx?$)/.test(file));
    expect({ long, vague }).toEqual({ long: [], vague: [] });
  });

  test("AR-7 every room has a README of its own", () => {
    const rooms = [...new Set(sources.map(room))].filter((name) => !name.includes("."));
    const without = rooms.filter((name) => !readdirSync(join(root, "src", name)).includes("README.md"));
    expect(without).toEqual([]);
  });
});
