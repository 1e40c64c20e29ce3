#!/usr/bin/env node
import { enableCompileCache } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";

// Compiled code is kept between starts: a restarted process is up sooner, and none carries the TypeScript stripper.
// `NODE_COMPILE_CACHE` in the environment of the child processes does the same for this file itself.
process.env["NODE_COMPILE_CACHE"] ??= join(
  process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"),
  "rostra",
  "compiled",
);
enableCompileCache(process.env["NODE_COMPILE_CACHE"]);

const { main } = await import("./command-line.ts");
process.exitCode = await main(process.argv.slice(2));
