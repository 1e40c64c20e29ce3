// Runs before `npm start` and `npm test`, on whatever Node the machine has: installs what the lock file names when it is
// newer than what is installed, and builds the pages when their sources are newer than the build.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const at = (...parts) => join(root, ...parts);
const changed = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);

function run(command, args) {
  const done = spawnSync(command, args, { cwd: root, stdio: "inherit", shell: process.platform === "win32" });
  if (done.status !== 0) {
    console.error(`rostra: \`${command} ${args.join(" ")}\` failed${done.error ? `: ${done.error.message}` : ""}.`);
    process.exit(done.status ?? 1);
  }
}

/** The newest change below a folder. */
function newest(folder) {
  let latest = 0;
  for (const entry of existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }) : []) {
    if (entry.isFile()) latest = Math.max(latest, changed(join(entry.parentPath ?? entry.path, entry.name)));
  }
  return latest;
}

const installed = at("node_modules", ".package-lock.json");
const lock = Math.max(changed(at("package-lock.json")), changed(at("package.json")));
if (changed(installed) < lock || !existsSync(at("node_modules", ".bin", "vite"))) {
  console.log("rostra: installing what package-lock.json names …");
  run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
}

const sources = Math.max(newest(at("web")), newest(at("src", "wire")), changed(at("vite.config.ts")), lock);
if (changed(at("dist", "web", "index.html")) < sources) {
  console.log("rostra: building the pages …");
  // The pinned Node, whatever Node runs this file.
  const node = at("node_modules", "node", "bin", process.platform === "win32" ? "node.exe" : "node");
  run(existsSync(node) ? node : process.execPath, [
    at("node_modules", "vite", "bin", "vite.js"),
    "build",
    "--logLevel",
    "warn",
  ]);
}
