// `npm run build` and `npm pack`: JavaScript of src in dist/ (Node strips no types inside node_modules), the pages in
// dist/web, and the types of the player in dist/types.
import { execFileSync } from "node:child_process";
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const run = (name, args) =>
  execFileSync(join(root, "node_modules", ".bin", name), args, { cwd: root, stdio: "inherit" });

rmSync(join(root, "dist"), { recursive: true, force: true });
run("tsc", ["-p", "tsconfig.build.json"]);
run("vite", ["build", "--logLevel", "warn"]);
declarePlayer();
chmodSync(join(root, "dist", "apps", "rostra.js"), 0o755);
for (const file of readdirSync(join(root, "dist"), { recursive: true, encoding: "utf8" })) {
  if (
    file.endsWith(".js") &&
    !file.startsWith("web") &&
    /from ["'][^"']+\.ts["']/.test(readFileSync(join(root, "dist", file), "utf8"))
  ) {
    throw new Error(`dist/${file} imports TypeScript`);
  }
}

/** Types of `rostra/player` in dist/types. Declarations keep the sources' `.ts` in their imports, which does not resolve elsewhere. */
function declarePlayer() {
  run("tsc", ["-p", "tsconfig.player.json"]);
  const types = join(root, "dist", "types");
  for (const file of readdirSync(types, { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".d.ts")) continue;
    const text = readFileSync(join(types, file), "utf8");
    writeFileSync(join(types, file), text.replaceAll(/((?:from |import\()["'][.][^"']+)\.ts(["'])/g, "$1.js$2"));
  }
}
