#!/usr/bin/env node
import module, { createRequire } from "node:module";
import { spawn } from "node:child_process";
import { homedir } from "node:os";
import { join } from "node:path";

/** The least Node: `crypto.argon2` and `node:sqlite` without a flag. */
const least = [24, 7] as const;
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (major > least[0] || (major === least[0] && minor >= least[1])) {
  // Compiled code is kept between starts: a restarted process is up sooner, and none carries the TypeScript stripper.
  // `NODE_COMPILE_CACHE` in the environment of the child processes does the same for this file itself.
  const cache = (process.env["NODE_COMPILE_CACHE"] ??= join(
    process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"),
    "rostra",
    "compiled",
  ));
  module.enableCompileCache(cache);
  const { main } = await import("./command-line.ts");
  process.exitCode = await main(process.argv.slice(2));
} else await onPinnedNode();

/** An older Node starts the pinned one that was installed with this package, and passes on how that ends. */
async function onPinnedNode(): Promise<void> {
  let node: string;
  try {
    node = createRequire(import.meta.url).resolve("node/bin/node");
  } catch {
    process.stderr.write(`rostra: this is Node ${process.versions.node}; Rostra needs ${least.join(".")} or newer.\n`);
    process.exitCode = 1;
    return;
  }
  const child = spawn(node, process.argv.slice(1), { stdio: "inherit" });
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
  process.exitCode = await new Promise<number>((done) => {
    child.on("exit", (code) => done(code ?? 1));
    child.on("error", (error) => {
      process.stderr.write(`rostra: the pinned Node could not be started: ${error.message}\n`);
      done(1);
    });
  });
}
