// `npm run build` and `npm pack`: JavaScript of src in dist/ (Node strips no types inside node_modules) and the pages in dist/web.
import { execFileSync } from "node:child_process";
import { chmodSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const run = (name, args) =>
  execFileSync(join(root, "node_modules", ".bin", name), args, { cwd: root, stdio: "inherit" });

rmSync(join(root, "dist"), { recursive: true, force: true });
run("tsc", ["-p", "tsconfig.build.json"]);
run("vite", ["build", "--logLevel", "warn"]);
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
