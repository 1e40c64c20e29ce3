/**
 * What it costs an edge to refuse one attacker's connections by itself, and after it has handed them down: a real server, a real `rostra shieldd` and the real
 * kernel, in a network namespace of their own. `node bench/exports.ts`; needs nftables and unshare.
 */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Server } from "../test/e2e/server.ts";
import { cpuSeconds } from "./figures.ts";

const attacker = "127.9.9.9";
const connections = 32;
const windowMs = 2000;
const windows = 9;

if (process.argv[2] !== "inside") {
  const words = ["--user", "--net", "--map-root-user", process.execPath, import.meta.filename, "inside"];
  process.exit(spawnSync("unshare", words, { stdio: "inherit" }).status ?? 1);
}

execFileSync("ip", ["link", "set", "lo", "up"]);
await using server = await Server.start({
  demo: true,
  edges: 1,
  env: { ROSTRA_EXPORTS: "log,shieldd", ROSTRA_EXPORTS_DRY_RUN: "1" },
});
const port = Number(new URL(server.url).port);
const program = join(import.meta.dirname, "../src/apps/rostra.ts");
const helper = spawn(process.execPath, [
  program,
  "shieldd",
  "--data",
  server.data,
  "--ports",
  String(port),
  "--log",
  "json",
]);
let said = "";
helper.stdout.on("data", (text: Buffer) => (said += text.toString()));
helper.stderr.pipe(process.stderr);
while (!said.includes("listening") && helper.exitCode === null) await sleep(50);
const edge = await server.pid("edge 1");

let came = 0;
let isOver = false;
async function hammer(): Promise<void> {
  while (!isOver) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const socket = connect({ port, host: "127.0.0.1", localAddress: attacker }, () => socket.write("nonsense\r\n\r\n"));
    socket.setTimeout(1500, () => socket.destroy());
    socket.on("error", () => {}).on("close", () => resolve());
    socket.resume();
    await promise;
    came++;
  }
}

/** Share of a core that the edge uses, and how often the attacker's connections end, in one window. */
async function window(name: string): Promise<void> {
  const [cpu, ended, at] = [cpuSeconds(edge), came, performance.now()];
  await sleep(windowMs);
  const seconds = (performance.now() - at) / 1000;
  const share = ((cpuSeconds(edge) - cpu) / seconds) * 100;
  const state = said.includes('"done"') ? "handed down" : "refused by the edge";
  process.stdout.write(
    `${name.padEnd(8)} ${share.toFixed(1).padStart(6)} % of a core  ${Math.round((came - ended) / seconds)} connections a second  ${name === "idle" ? "" : state}\n`,
  );
}

await sleep(3000);
await window("idle");
const attack = Array.from({ length: connections }, hammer);
for (let i = 1; i <= windows; i++) await window(`${(i * windowMs) / 1000} s`);
isOver = true;
await Promise.all(attack);
process.stdout.write(
  execFileSync("/usr/sbin/nft", ["list", "set", "inet", "rostra-shield", "blocked4"], { encoding: "utf8" }),
);
helper.kill("SIGTERM");
