/**
 * `npm run rehearse:demo`: a rehearsal from a clean clone, in about two minutes. Starts a server of its own on a free port with a
 * data folder that is removed afterwards, brings 5,000 real listeners to its demo Space in a flash over 10 s, three attacks from
 * second 20 on, and writes `rehearsal-report/report.html` and `.json`. Ends as `rostra rehearse` does: 0 go, 3 no go, 4 cannot tell.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const root = resolve(import.meta.dirname, "..");
const out = join(root, "rehearsal-report");
const startMs = 60_000;
const listeners = 5000;
const attacks = ["request-flood=1000@20s-45s", "slow-headers=500@20s-45s", "cache-busting=300@25s-50s"];

/** Two edges, or as many as hold everybody and an attacker's connections where a process may have few descriptors. */
async function edgesNeeded(): Promise<number> {
  const limits = await readFile("/proc/self/limits", "utf8").catch(() => "");
  // Node raises its soft limit to the hard one when it starts, and so do the edges.
  const each = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? 10_000);
  return Math.max(2, Math.ceil((listeners * 1.3) / Math.max(64, each - 384)));
}

/** A TCP port that is free now. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  if (typeof address !== "object" || address === null) throw new Error("no free port");
  return address.port;
}

const rostra = (args: readonly string[], stdio: "inherit" | "pipe"): ChildProcess =>
  spawn(process.execPath, [join(root, "scripts/start.mjs"), ...args], { cwd: root, stdio: ["ignore", stdio, stdio] });

/** Resolves once the server serves its demo Space; throws with what it said when it does not come to that. */
async function serving(server: ChildProcess, url: string): Promise<void> {
  let said = "";
  for (const stream of [server.stdout, server.stderr])
    stream?.on("data", (text: Buffer) => (said = (said + text.toString()).slice(-4000)));
  const until = Date.now() + startMs;
  while (Date.now() < until && server.exitCode === null) {
    const answer = await fetch(`${url}/api/v1/spaces?status=live`).catch(() => undefined);
    const { spaces = [] } = answer?.ok ? ((await answer.json()) as { spaces?: unknown[] }) : {};
    if (spaces.length > 0) return;
    await sleep(200);
  }
  throw new Error(`the server did not start:\n${said}`);
}

async function ended(child: ChildProcess): Promise<number> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode ?? 1;
  return new Promise((done) => child.once("exit", (code) => done(code ?? 1)));
}

const data = await mkdtemp(join(tmpdir(), "rostra-rehearsal-"));
const port = await freePort();
const url = `http://localhost:${port}`;
console.log(`A server of its own, on ${url} …`);
const server = rostra(
  ["serve", "--port", String(port), "--data", data, "--edges", String(await edgesNeeded()), "--log", "json"],
  "pipe",
);
// A terminal's Ctrl-C reaches all of them; the rehearsal reports what there was, and then this ends the server.
process.on("SIGINT", () => {});
try {
  await serving(server, url);
  const words = `rehearse --target ${url} --listeners ${listeners} --arrivals flash --over 10s --for 60s`.split(" ");
  const mixed = attacks.flatMap((attack) => ["--attack", attack]);
  const run = rostra([...words, ...mixed, "--data", data, "--out", relative(process.cwd(), out) || "."], "inherit");
  process.exitCode = await ended(run);
} finally {
  server.kill("SIGTERM");
  await ended(server);
  await rm(data, { recursive: true, force: true });
}
