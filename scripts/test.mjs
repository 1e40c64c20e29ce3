// `npm test`: types, lint and format first, then every test; the last line is `N passed, N failed`.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
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

/**
 * Runs the tests whose files' names contain one of the words given, or all.
 * @returns {Promise<{ passed: number, failed: number, skipped: number, failures: Map<string, string[]>, ended: boolean }>}
 * the files in which something failed, with what; `ended` is false when the runner left no report or failed as a whole
 */
async function runTests(words) {
  const report = join(folder, "report.json");
  rmSync(report, { force: true });
  const runner = join(root, "node_modules", "vitest", "vitest.mjs");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const vitest = spawn(process.execPath, [runner, "run", ...reporters, ...words], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
  });
  const code = await new Promise((resolve) => vitest.on("exit", (status) => resolve(status ?? 1)));
  const failures = new Map();
  try {
    const result = JSON.parse(readFileSync(report, "utf8"));
    let failed = result.numFailedTests;
    for (const { name, status, assertionResults } of result.testResults) {
      const names = assertionResults.filter((one) => one.status === "failed").map((one) => one.fullName);
      // A file that fails before its first test has no failed test of its own: it counts as one.
      if (status === "failed" && names.length === 0) failed++;
      if (status === "failed" || names.length > 0) failures.set(relative(root, name), names);
    }
    const skipped = result.numPendingTests + (result.numTodoTests ?? 0);
    return { passed: result.numPassedTests, failed, skipped, failures, ended: code === 0 || failed > 0 };
  } catch {
    console.log("the test runner left no report");
    return { passed: 0, failed: 1, skipped: 0, failures, ended: false };
  }
}

/** With more files than these failing it is not a moment's stall of the machine. */
const fewFiles = 4;

let told = await runTests(process.argv.slice(2));
passed += told.passed;
const { failures } = told;
if (told.ended && failures.size > 0 && failures.size <= fewFiles) {
  // Whole servers run in real time here: a file that fails is run once more, alone, and said to have needed it.
  const again = await runTests([...failures.keys()]);
  const before = told.failed;
  told = { ...again, skipped: told.skipped };
  if (again.failed === 0 && again.ended) {
    passed += before;
    console.log("\nNEEDED A SECOND RUN:");
    for (const [file, names] of failures) console.log(`  ${file}: ${names.join("; ") || "before its first test"}`);
  }
}
failed += told.failed;
const { skipped } = told;
rmSync(folder, { recursive: true, force: true });
if (!told.ended && failed === 0) failed++;
console.log(`${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ""}`);
process.exit(failed === 0 ? 0 : 1);
