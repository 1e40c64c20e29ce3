/**
 * What the verdict says of a real server: `node bench/verdict/real.ts crowd|flood|flood-in-crowd|<attacker of the rehearsal> [strength]`.
 * Some sixty people listen; twenty seconds later comes what was asked for, for fifteen seconds; then `rostra verdict` is asked.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { Agent, get } from "node:http";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { AttackerName, AttackOrder } from "../../src/rehearsal/attackers/contract.ts";
import { Server } from "../../test/e2e/server.ts";
import { livePaths } from "../../src/wire/paths.ts";
import { pagePaths } from "../../src/wire/pages.ts";
import { Chance } from "../../src/verdict/synthetic/chance.ts";

const [what = "crowd", strength = "800"] = process.argv.slice(2);
const root = join(import.meta.dirname, "../..");
const chance = new Chance(1);
const stream = livePaths.stream("demo", "opus-32k");
const lasting = 15;

await using server = await Server.start({ demo: true, edges: 1 });
const port = Number(new URL(server.url).port);
const listening: Socket[] = [];

/** Addresses of this machine's loopback network, as if they were networks of the world. */
const networks = (from: number, count: number): string[] =>
  Array.from({ length: count }, () => `127.${from + chance.whole(60)}.${chance.whole(255)}`);
const hostIn = (all: readonly string[]): string => `${chance.pick(all)}.${1 + chance.whole(30)}`;

const ask = (path: string, localAddress: string, agent: Agent): Promise<void> =>
  new Promise((done) => {
    const request = get({ host: "127.0.0.1", port, path, localAddress, agent }, (answer) => {
      answer.resume().on("close", done);
    });
    request.on("error", () => done());
    request.setTimeout(5000, () => request.destroy());
  });

const homes = networks(1, 120);
async function person(): Promise<void> {
  const localAddress = hostIn(homes.slice(0, 1 + chance.whole(homes.length)));
  const agent = new Agent({ keepAlive: true });
  for (const path of [pagePaths.space("demo"), "/icon.svg", "/icon.svg", "/icon.svg"])
    await ask(path, localAddress, agent);
  if (chance.is(0.2)) return;
  await ask(livePaths.state("demo"), localAddress, agent);
  const socket = connect({ host: "127.0.0.1", port, localAddress });
  socket.on("error", () => {}).resume();
  socket.write(`GET ${stream} HTTP/1.1\r\nhost: x\r\n\r\n`);
  listening.push(socket);
}

async function crowd(people: number, meanMs: number): Promise<void> {
  for (let i = 0; i < people; i++) {
    void person();
    await sleep(chance.exponential(meanMs));
  }
}

/** Forty clients in as many networks that ask for what is there, evenly. */
async function flood(): Promise<void> {
  const paths = [pagePaths.space("demo"), livePaths.state("demo"), livePaths.init("demo", "opus-32k")];
  const stop = AbortSignal.timeout(lasting * 1000);
  const one = async (): Promise<void> => {
    const [from, agent] = [hostIn(networks(100, 40)), new Agent({ keepAlive: true })];
    for (; !stop.aborted; await sleep(50 + chance.whole(60))) await ask(chance.pick(paths), from, agent);
  };
  await Promise.all(Array.from({ length: 40 }, one));
}

/** One of the rehearsal's attackers, in a process of its own. */
async function attacker(name: AttackerName): Promise<void> {
  const target = { host: "127.0.0.1", port, tls: false, space: "demo", stageUdp: { host: "127.0.0.1", port } };
  const times = { beginsAt: Date.now(), from: 1, to: 1 + lasting };
  const order: AttackOrder = {
    name,
    target,
    strength: Number(strength),
    sources: networks(100, 30).map((one) => `${one}.1`),
    seed: 1,
    ...times,
  };
  const child = spawn(process.execPath, [join(root, "test/e2e/attack-process.ts"), JSON.stringify(order)], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  await once(child, "exit");
}

await server.until("demo", ({ latest }) => latest !== null);
await crowd(60, 50);
await sleep(20_000);
if (what === "crowd" || what === "flood-in-crowd") await crowd(150, 60);
if (what === "flood" || what === "flood-in-crowd") await flood();
else if (what !== "crowd") await attacker(what as AttackerName);
await sleep(11_000);
for (const socket of listening) socket.destroy();
await server.stop();
const words = ["verdict", "demo", "--data", server.data];
await once(spawn(process.execPath, [join(root, "src/apps/rostra.ts"), ...words], { stdio: "inherit" }), "exit");
