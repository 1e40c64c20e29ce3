import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { ms } from "../foundation/duration.ts";
import { readCalibration } from "../rehearsal/model/calibration.ts";
import { Busyness } from "./calibrate/busyness.ts";
import type { Scale } from "./calibrate/measuring.ts";
import { childrenOf, cpuOf } from "./calibrate/proc.ts";
import { measureRecord } from "./calibrate.ts";
import { main } from "./command-line.ts";

/** Enough to see that everything is measured; its figures are worth nothing. */
const tiny: Scale = {
  rounds: 1,
  each: 20,
  warm: 20,
  windows: 1,
  segments: 1,
  settle: ms(200),
  paces: { plain: [20, 60], tls: [20] },
  paceWindows: 1,
  firstWindows: 1,
  whole: 0,
  wholeTls: 0,
  numbered: 50,
  hls: 20,
};

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "calibrate-test-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function rostra(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ["", ""];
  const spies = [
    vi.spyOn(process.stdout, "write").mockImplementation((text) => ((out += String(text)), true)),
    vi.spyOn(process.stderr, "write").mockImplementation((text) => ((err += String(text)), true)),
  ];
  const code = await main(["calibrate", ...args]);
  for (const spy of spies) spy.mockRestore();
  return { code, out, err };
}

describe("rostra calibrate", () => {
  test(
    "RH-123 it measures a server of its own, says what it does, and leaves nothing behind",
    { timeout: 120_000 },
    async () => {
      const said: string[] = [];
      const record = await measureRecord({
        scale: tiny,
        name: "here",
        say: (line) => said.push(line),
        signal: new AbortController().signal,
      });
      expect(readCalibration(JSON.parse(JSON.stringify(record)), "it")).toEqual(record);
      const measured = ["accept", "stateRequest", "pageRequest", "apiCall", "join", "write", "writeChunk"] as const;
      const more = ["numberedRequest", "upstreamFetch", "workerIdle", "hlsSegment"] as const;
      const secure = ["handshakeFull", "handshakeResumed", "writeTls", "writeChunkTls", "hlsSegmentTls"] as const;
      for (const name of [...measured, ...more, ...secure]) {
        const cost = record.costs[name];
        expect([name, cost !== undefined && cost.low > 0 && cost.low <= cost.value && cost.value <= cost.high]).toEqual(
          [name, true],
        );
      }
      expect(record.newcomers?.plain?.paces.map(({ pace }) => pace)).toEqual([20, 60]);
      expect(record.newcomers?.tls?.paces.map(({ pace }) => pace)).toEqual([20]);
      for (const one of Object.values(record.newcomers ?? {})) expect(one.pageRequests).toBeGreaterThan(2);
      expect(record.name).toBe("here");
      expect(record.machine.notes).toMatch(/others took \d+ % of the processors/);
      expect(said).toContain("starting a server");
      expect(said.some((line) => line.includes("people who come over TLS"))).toBe(true);
      expect(childrenOf(process.pid).filter(({ title }) => /rostra|load-process/.test(title))).toEqual([]);
    },
  );

  test("RH-123 an interruption ends it, and its server", { timeout: 60_000 }, async () => {
    const abort = new AbortController();
    const say = (line: string): void => void (line === "warming up" && abort.abort());
    await expect(measureRecord({ scale: tiny, say, signal: abort.signal })).rejects.toThrow();
    expect(childrenOf(process.pid).filter(({ title }) => /rostra|load-process/.test(title))).toEqual([]);
  });

  test("RH-124 words that are off end it with 2, and --help says what it takes", async () => {
    for (const words of [["--fast"], ["--out", ""], ["--name", ""], ["extra"]]) {
      const { code, out, err } = await rostra(...words);
      expect([words, code, out]).toEqual([words, 2, ""]);
      expect(err).toContain("(usage)");
    }
    const { code, out } = await rostra("--help");
    expect(code).toBe(0);
    for (const flag of ["--out", "--name", "--quick", "--json"]) expect(out).toContain(flag);
  });

  test("RH-124 where there is no /proc it says so", async () => {
    const { platform } = process;
    Object.defineProperty(process, "platform", { value: "darwin" });
    const { code, err } = await rostra("--quick");
    Object.defineProperty(process, "platform", { value: platform });
    expect([code, err.includes("calibrate-linux-only")]).toEqual([1, true]);
  });

  test("RH-125 what others take of the processors is told, and what is one's own is not", async () => {
    // By its own processor time: a busy machine may give it little of it.
    const spin = (seconds: number): void => {
      const used = (): number => Object.values(process.cpuUsage()).reduce((sum, us) => sum + us, 0) / 1e6;
      for (const until = used() + seconds; used() < until;);
    };
    const [before, mine] = [cpuOf(process.pid), new Busyness()];
    mine.begin([process.pid]);
    spin(0.2);
    const own = mine.end();
    expect(cpuOf(process.pid) - before).toBeGreaterThan(0.1);
    expect(own.share).toBeGreaterThanOrEqual(0);
    expect(own.share).toBeLessThanOrEqual(1);
    // The same work by a process that is not counted as one's own.
    const others = new Busyness();
    others.begin([]);
    spin(0.2);
    const told = others.end();
    expect(told.share).toBeGreaterThan(0);
    expect(told.said).toMatch(/^others took \d+ %/);
    expect(told.warning === undefined).toBe(told.share <= 0.1);
    expect(Number.isNaN(cpuOf(2 ** 30))).toBe(true);
  });

  test("RH-129 the record that is shipped is read", async () => {
    const file = new URL("../rehearsal/model/calibration.reference.json", import.meta.url);
    expect(readCalibration(JSON.parse(await readFile(file, "utf8")), "it").costs.write).toBeDefined();
  });
});
