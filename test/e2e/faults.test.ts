import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { ChunkReader } from "./boxes.ts";
import { Server } from "./server.ts";

/**
 * A listener as the page's player is one: it keeps the numbers it has, and after an outage fetches what it missed by
 * number and goes on. It never gives up, and it records when each segment was there, against when it was due.
 */
class Persistent {
  readonly segments = new Map<number, string>();
  readonly refusals: string[] = [];
  /** How late after its end each segment came, ms. */
  readonly late = new Map<number, number>();
  #stopped = false;
  readonly done: Promise<void>;

  constructor(url: string, space: string, first: number, epochMs: number) {
    this.done = this.#run(url, space, first, epochMs);
  }

  stop(): Promise<void> {
    this.#stopped = true;
    return this.done;
  }

  async #run(url: string, space: string, first: number, epochMs: number): Promise<void> {
    for (let n = first; !this.#stopped;) {
      try {
        const answer = await fetch(`${url}/live/${space}/opus-32k/${n}.m4s`, { signal: AbortSignal.timeout(5000) });
        if (answer.ok) {
          const bytes = Buffer.from(await answer.arrayBuffer());
          if (new ChunkReader().push(bytes).length !== 3) throw new Error(`segment ${n} is not three chunks`);
          this.segments.set(n, createHash("sha256").update(bytes).digest("hex"));
          this.late.set(n, Date.now() - (epochMs + (n + 1) * 960));
          n++;
          continue;
        }
        await answer.arrayBuffer();
        this.refusals.push(`${n}: ${answer.status}`);
      } catch {
        /* The connection went with the process: connect again. */
      }
      await sleep(50);
    }
  }
}

test("EE-4 kill -9 of each process in turn: every segment comes, none changes, and all that was live is in the replay", async () => {
  await using server = await Server.start({ demo: true });
  await server.claim();
  const space = (await server.api<{ spaces: { id: string; slug: string }[] }>("GET", "/spaces")).spaces[0]!;
  const start = await server.until(
    "demo",
    (state) => state.status === "live" && !state.hold && (state.latest ?? 0) > (state.first ?? 0) + 2,
  );
  const listener = new Persistent(server.url, "demo", start.latest!, start.epochMs!);
  await sleep(3000);

  const report: Record<string, unknown> = {};
  for (const name of ["edge 1", "edge 2", "control", "stage", "origin"]) {
    const before = await server.pid(name);
    const killed = Date.now();
    await server.kill(name);
    await expect.poll(() => server.pid(name).catch(() => before), { timeout: 20_000, interval: 20 }).not.toBe(before);
    await server.until("demo", (state) => state.status === "live" && !state.hold && state.now > killed + 2500, 20_000);
    const late = [...listener.late].filter(([n]) => start.epochMs! + (n + 1) * 960 > killed - 1000).map(([, ms]) => ms);
    report[name] = { wellAfterMs: Date.now() - killed, worstLateMs: Math.round(Math.max(...late)) };
    await sleep(1500);
  }
  await listener.stop();
  console.log(report);

  const numbers = [...listener.segments.keys()];
  expect(numbers.length).toBe(numbers.at(-1)! - numbers[0]! + 1);
  expect(listener.refusals.filter((one) => !one.endsWith("404") && !one.endsWith("503"))).toEqual([]);

  await server.api("POST", `/spaces/${space.id}/end`);
  await server.until("demo", (state) => state.status === "ended");
  // What every listener got is the same after the faults as at the time.
  const state = await server.state("demo");
  for (const [n, hash] of listener.segments) {
    if (n < (state.first ?? 0)) continue;
    const again = await fetch(`${server.url}/live/${space.id}/opus-32k/${n}.m4s`);
    if (again.ok)
      expect(
        createHash("sha256")
          .update(Buffer.from(await again.arrayBuffer()))
          .digest("hex"),
      ).toBe(hash);
  }
}, 180_000);
