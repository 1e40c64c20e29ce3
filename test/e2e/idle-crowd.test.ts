import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import type { AttackOrder, AttackTold } from "../../src/rehearsal/attackers/contract.ts";
import { expectWell } from "./refusals.ts";
import type { Server } from "./server.ts";
import { UnderAttack } from "./under-attack.ts";

/** Four processes of this many make 50,000 connections that want nothing. */
const processes = 4;
const each = 12_500;
const forSeconds = 12;

interface Idlers {
  readonly child: ChildProcess;
  readonly told: Promise<AttackTold[]>;
}

/** One process that holds idle connections, from 25 addresses of its own. */
function idlers(server: Server, index: number): Idlers {
  const port = Number(new URL(server.url).port);
  const order: AttackOrder = {
    name: "idle-connections",
    target: { host: "127.0.0.1", port, tls: false, space: "demo" },
    strength: each,
    sources: Array.from({ length: 25 }, (_, i) => `127.0.${10 + index}.${i + 1}`),
    seed: index,
    beginsAt: Date.now(),
    from: 1,
    to: 1 + forSeconds,
  };
  const program = join(import.meta.dirname, "attack-process.ts");
  const child = spawn(process.execPath, [program, JSON.stringify(order)], { stdio: ["ignore", "pipe", "inherit"] });
  const told = Promise.all([text(child.stdout), once(child, "exit")]).then(([lines]) =>
    lines
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as AttackTold),
  );
  return { child, told };
}

test("EE-83 fifty thousand connections that say nothing are capped, and nobody who plays notices", async () => {
  await using house = await UnderAttack.start({ edges: 3, streams: 60, numbered: 10 });
  const others = Array.from({ length: processes - 1 }, (_, i) => idlers(house.server, i + 1));
  try {
    const attacked = await house.whileAttacked("idle-connections", each, forSeconds);
    const told = await Promise.all(others.map(({ told }) => told));
    const ends = told.map((lines) => lines.at(-1)).filter((last) => last !== undefined);
    const connected = ends.reduce((sum, { counts }) => sum + counts.connected, attacked.told.counts.connected);
    const most = told.reduce(
      (sum, lines) => sum + Math.max(...lines.map(({ counts }) => counts.open)),
      attacked.mostOpen,
    );
    const { heard, used } = attacked;
    console.log(
      `${connected} connections made, at most ${most} open at once; ${heard.joins.length} newcomers, ${heard.unheard.length} without sound; ` +
        `edge 1 ${(used.before / 1e6).toFixed(0)} → ${(used.most / 1e6).toFixed(0)} MB`,
    );
    expect(connected).toBeGreaterThan(50_000);
    expect([heard.faults, heard.cut]).toEqual([[], 0]);
    expect(heard.unheard).toEqual([]);
    expect(heard.joins.length).toBeGreaterThan(0);
    await expectWell(house.server);
  } finally {
    for (const { child } of others) child.kill("SIGKILL");
  }
}, 120_000);
