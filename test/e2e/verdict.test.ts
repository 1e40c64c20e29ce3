import { execFile } from "node:child_process";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { Agent, get } from "node:http";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import type { VerdictRecord } from "../../src/verdict/report/record.ts";
import { StreamListener } from "./listener.ts";
import { Server } from "./server.ts";

const rostra = resolve(import.meta.dirname, "../../src/apps/rostra.ts");

/** Runs `rostra verdict …`. */
async function verdict(...words: string[]): Promise<{ code: number; text: string }> {
  return promisify(execFile)(process.execPath, [rostra, "verdict", ...words], { maxBuffer: 64 * 1024 ** 2 }).then(
    ({ stdout }) => ({ code: 0, text: stdout }),
    (failed: { code: number; stdout: string; stderr: string }) => ({
      code: failed.code,
      text: failed.stdout + failed.stderr,
    }),
  );
}

/** Asks for what does not exist, again and again, until the signal. */
async function flood(url: string, connections: number, signal: AbortSignal): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  let answered = 0;
  const one = async (): Promise<void> => {
    while (!signal.aborted) {
      await new Promise<void>((done) => {
        const request = get(`${url}/wp-admin/${answered}`, { agent }, (response) => {
          response.resume().on("close", done);
          answered++;
        });
        request.on("error", () => done());
      });
    }
  };
  await Promise.all(Array.from({ length: connections }, one));
  agent.destroy();
  return answered;
}

test("EV-23 VE-30 a flood among listeners is not taken for a crowd, its evidence holds, and goes on after kill -9", async () => {
  const first = await Server.start({ demo: true, edges: 1 });
  const { data } = first;
  let second: Server | undefined;
  try {
    await first.until("demo", ({ latest }) => latest !== null);
    const listeners = Array.from({ length: 20 }, () => new StreamListener(first.url, "/live/demo/opus-32k/stream.mp4"));
    await sleep(2000);
    const stop = AbortSignal.timeout(5000);
    const answered = await flood(first.url, 20, stop);
    expect(answered).toBeGreaterThan(200);
    for (const listener of listeners) listener.end();
    await first.stop();

    const out = join(data, "report");
    const judged = await verdict("demo", "--data", data, "--out", out, "--json");
    expect(judged.code).toBe(0);
    const record = JSON.parse(judged.text) as VerdictRecord;
    expect(["attack", "attack-in-crowd", "cannot-tell"]).toContain(record.kind);
    expect(record.shares.crowd.share).toBeLessThan(0.5);
    expect(record.episodes.some(({ parts }) => parts[0]?.[0] === "other")).toBe(true);
    expect(Math.max(...record.curves.players)).toBe(20);
    expect(record.evidence.map(({ process, breaks }) => ({ process, breaks }))).toEqual([
      { process: "control", breaks: [] },
      { process: "edge-1", breaks: [] },
    ]);
    expect(await readFile(join(out, "verdict.html"), "utf8")).toContain("Rostra demo");

    // The same chain goes on with the next process, and after a kill.
    second = await Server.start({ demo: true, edges: 1, data });
    const before = await second.pid("edge 1");
    await second.kill("edge 1");
    for (let i = 0; i < 200 && (await second.pid("edge 1").catch(() => before)) === before; i++) await sleep(100);
    await second.until("demo", () => true);
    await second.stop();
    const verified = await verdict("--verify", "--data", data);
    expect(verified).toMatchObject({ code: 0, text: expect.stringContaining("edge-1: holds") as string });
    const folder = join(data, "evidence", "edge-1");
    const [name = ""] = await readdir(folder);
    const file = join(folder, name);
    const whole = await readFile(file, "utf8");
    expect(whole.match(/"t":"begin"/g)).toHaveLength(3);
    expect(whole.match(/"t":"end"/g)).toHaveLength(2);
    await writeFile(file, whole.replace('"t":"end"', '"t":"eNd"'));
    const changed = await verdict("--verify", "--data", data);
    expect(changed).toMatchObject({ code: 1, text: expect.stringContaining("DOES NOT HOLD") as string });
  } finally {
    await second?.stop();
    await first[Symbol.asyncDispose]();
  }
}, 180_000);
