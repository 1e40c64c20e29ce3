import { mkdtemp, readFile, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Link } from "../../src/foundation/link.ts";
import { Crowd } from "./crowd.ts";
import { Server } from "./server.ts";

const stream = "/live/demo/opus-32k";
/** Who attacks alone, and behind which address people listen, and somebody attacks as well to have it shut out. */
const [attacker, carrier] = ["127.9.9.9", "127.8.8.1"];

let folder: string;
let server: Server;
let port: number;
const file = (): string => join(folder, "shield.log");

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "e2e-exports-"));
  server = await Server.start({
    demo: true,
    edges: 2,
    env: { ROSTRA_EXPORTS: `log,file=${file()}`, ROSTRA_EXPORTS_DRY_RUN: "1" },
  });
  port = Number(new URL(server.url).port);
}, 60_000);
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  if (folder) await rm(folder, { recursive: true, force: true });
});

/** Connects again and again with what is no request, until `isOver`. */
async function hammer(from: string, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const socket = connect({ port, host: "127.0.0.1", localAddress: from }, () => socket.write("nonsense\r\n\r\n"));
    socket.setTimeout(5000, () => socket.destroy());
    socket.on("error", () => {}).on("close", () => resolve());
    socket.resume();
    await promise;
  }
}

const lines = async (): Promise<string[]> => {
  const text = await readFile(file(), "utf8").catch(() => "");
  return text.split("\n").filter(Boolean);
};
const linesOf = async (pattern: RegExp): Promise<string[]> => (await lines()).filter((line) => pattern.test(line));

interface Told {
  readonly exports: {
    readonly rules: readonly { readonly prefix: string; readonly state: string }[];
    readonly told: readonly { readonly prefix: string; readonly what: string }[];
  };
}

test("EE-68 who hammers is handed down after a dry run, and where people listen is not, whoever else is there", async () => {
  const { epochMs } = await server.until("demo", ({ status, latest }) => status === "live" && latest !== null);
  const crowd = new Crowd({ urls: [server.url], path: stream, epochMs: epochMs ?? 0 });
  crowd.join(60, 1, carrier);
  await expect.poll(() => crowd.slowest, { timeout: 20_000 }).toBeGreaterThan(0);
  let isOver = false;
  const attack = [attacker, carrier].flatMap((from) => Array.from({ length: 12 }, () => hammer(from, () => isOver)));

  await expect.poll(() => linesOf(/: would-block prefix=127\.9\.9\.9\/32 /), { timeout: 40_000 }).not.toEqual([]);
  await expect.poll(() => linesOf(/: block prefix=127\.9\.9\.9\/32 seconds=60 /), { timeout: 40_000 }).not.toEqual([]);
  isOver = true;
  await Promise.all(attack);
  const done = await linesOf(/: (?:would-block|block) /);
  expect(done.filter((line) => !line.includes(`prefix=${attacker}/32 `))).toEqual([]);
  expect(done.filter((line) => !/ hits=0 of=\d+ /.test(line))).toEqual([]);

  const reports = await Promise.all(
    ["edge-1", "edge-2"].map(async (name) => {
      const link = new Link(join(server.data, "run", `${name}.sock`), 1);
      const report = await link.json<Told>({ path: "/shield" });
      link.close();
      return report.exports;
    }),
  );
  const told = reports.flatMap((one) => one.told).map(({ what, prefix }) => `${what} ${prefix}`);
  expect(told).toContain(`block ${attacker}/32`);
  expect(reports.flatMap((one) => one.rules)).toContainEqual(
    expect.objectContaining({ prefix: `${attacker}/32`, state: "blocked" }),
  );
  expect(await server.metrics()).toMatch(/^rostra_exports_total\{[^}]*what="block"[^}]*\} [1-9]/m);
  expect(server.output).toContain('"shield-export"');
  const { latest } = await server.state("demo");
  await expect.poll(() => crowd.slowest, { timeout: 15_000 }).toBeGreaterThanOrEqual((latest ?? 0) * 3);
  expect([crowd.faults, crowd.moves]).toEqual([[], 0]);
  crowd.end();
}, 150_000);
