// `npm test`: types, lint and format first, then every test; the last line is `N passed, N failed`.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = (name) => join(root, "node_modules", ".bin", name);
let passed = 0;
let failed = 0;

/** @type {[name: string, command: string, args: string[]][]} */
const checks = [
  ["types of src", "tsc", ["-p", "."]],
  ["types of test and bench", "tsc", ["-p", "test"]],
  ["types of web", "tsc", ["-p", "web"]],
  ["lint", "oxlint", ["--type-aware", "--quiet"]],
  ["format", "oxfmt", ["--check"]],
];
for (const [name, command, args] of checks) {
  const done = spawnSync(bin(command), args, { cwd: root, encoding: "utf8" });
  if (done.status === 0) passed++;
  else {
    failed++;
    console.log(`FAILED ${name}: ${command} ${args.join(" ")}\n${done.stdout}${done.stderr}`);
  }
}

const folder = mkdtempSync(join(tmpdir(), "rostra-test-"));
const report = join(folder, "report.json");
const vitest = spawn(
  process.execPath,
  [
    join(root, "node_modules", "vitest", "vitest.mjs"),
    "run",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
    ...process.argv.slice(2),
  ],
  { cwd: root, stdio: ["ignore", "inherit", "inherit"] },
);
const code = await new Promise((resolve) => vitest.on("exit", (status) => resolve(status ?? 1)));
let skipped = 0;
try {
  const result = JSON.parse(readFileSync(report, "utf8"));
  passed += result.numPassedTests;
  failed += result.numFailedTests;
  skipped = result.numPendingTests + (result.numTodoTests ?? 0);
  // A file that fails before its first test has no failed test of its own: it counts as one.
  for (const file of result.testResults) {
    if (file.status === "failed" && !file.assertionResults.some((one) => one.status === "failed")) failed++;
  }
} catch {
  failed++;
  console.log("the test runner left no report");
}
rmSync(folder, { recursive: true, force: true });
if (code !== 0 && failed === 0) failed++;
console.log(`${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ""}`);
process.exit(failed === 0 ? 0 : 1);
