import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Bench, quickSizes } from "../bench/edge/bench.ts";
import { drawChart, ticksFor } from "../bench/edge/chart.ts";
import { build, faults, type LoadOptions, loadWords, type Programs, runLoad } from "../bench/edge/load.ts";
import { chunkBytes, segmentBytes } from "../bench/edge/payload.ts";
import { chartOf } from "../bench/edge/pictures.ts";
import { isThere } from "../bench/edge/rivals.ts";
import { ratio, type Row, type Run, type Sample, summarise, valueOf } from "../bench/edge/row.ts";
import { readScaleName } from "../bench/edge/rows/scale.ts";
import { startRostra } from "../bench/edge/servers/rostra.ts";
import { segmentPath, streamPath } from "../bench/edge/source.ts";
import { section } from "../bench/edge/table.ts";
import { mediaChunk } from "../src/cmaf/chunk.ts";
import { initSegment } from "../src/cmaf/init.ts";

const head = "HTTP/1.1 200 OK\r\ncontent-type: audio/mp4\r\n\r\n";

describe.skipIf(!isThere("compiler"))("the load generator", () => {
  let folder: string;
  let programs: Programs;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "bench-test-"));
    programs = build(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs it against a server that writes to each connection, once that has asked, what its number in the order of joining says. */
  async function against(script: (n: number, socket: Socket, request: string) => void, load: Partial<LoadOptions>) {
    let joined = 0;
    const server: Server = createServer((socket) => {
      const n = joined++;
      socket.on("error", () => {});
      socket.on("data", (bytes: Buffer) => script(n, socket, bytes.toString("latin1")));
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const { port } = server.address() as AddressInfo;
    const options = {
      mode: "endless",
      port,
      path: "/",
      connections: 1,
      rate: 200,
      settle: 0,
      seconds: 1,
      joinTimeout: 1,
    } as const;
    const result = await runLoad(programs.load, { ...options, ...load });
    await new Promise((done) => server.close(done));
    return result;
  }

  /** Writes pieces one after the other, cut at odd places. */
  async function drip(socket: Socket, pieces: readonly Uint8Array[], cut = 700): Promise<void> {
    const bytes = Buffer.concat(pieces);
    for (let at = 0; at < bytes.length; at += cut) {
      socket.write(bytes.subarray(at, at + cut));
      await sleep(4);
    }
  }

  test.each([
    ["10.0.0.1", "only this machine"],
    ["128.0.0.1", "only this machine"],
    ["0.0.0.0", "only this machine"],
    ["::", "only this machine"],
    ["::ffff:127.0.0.1", "only this machine"],
    ["localhost", "only this machine"],
  ])("BE-1 %s is no target", (host, why) => {
    const words = loadWords({ mode: "endless", port: 9, path: "/", connections: 1, seconds: 0 });
    const ended = spawnSync(programs.load, [...words, "--host", host], { encoding: "utf8" });
    expect(ended.status).toBe(2);
    expect(ended.stderr).toContain(why);
  });

  test.each([
    [{ connections: 110_001 }, "--connections"],
    [{ connections: 0 }, "--connections"],
    [{ seconds: 3601 }, "--for"],
    [{ port: 0 }, "--port"],
    [{ path: "%s%n" }, "--path"],
    [{ path: "/%u" }, "--path"],
    [{ mode: "numbered", path: "/%u%s", epochMs: 1 }, "--path"],
    [{ mode: "early", path: "/%u" }, "--epoch"],
  ] as const)("BE-1 it refuses %j", (wrong, why) => {
    const words = loadWords({ mode: "endless", port: 9, path: "/", connections: 1, seconds: 0, ...wrong });
    const ended = spawnSync(programs.load, words, { encoding: "utf8" });
    expect(ended.status).toBe(2);
    expect(ended.stderr).toContain(why);
  });

  test("BE-2 C and TypeScript make the same sound", () => {
    const slots = [0, 1, 3000, 65_535, 2 ** 31, 2 ** 32 - 1];
    const source = `#include <stdio.h>\n#include "payload.h"\nint main(void) { static uint8_t b[chunk_bytes]; uint32_t all[] = {${slots
      .map((slot) => `${slot}u`)
      .join(
        ",",
      )}}; for (int i = 0; i < ${slots.length}; i++) { make_chunk(all[i], b); fwrite(b, 1, sizeof b, stdout); } }`;
    const program = join(folder, "sound");
    const loadFolder = join(import.meta.dirname, "../bench/edge/load");
    execFileSync(process.env["CC"] ?? "cc", ["-I", loadFolder, "-x", "c", "-o", program, "-"], { input: source });
    const made = execFileSync(program, { maxBuffer: 1e6 });
    expect(made).toEqual(Buffer.concat(slots.map(chunkBytes)));
    expect(segmentBytes(7)).toHaveLength(4140);
  });

  test("BE-3 every fault is counted as what it is", async () => {
    const chunks = Array.from({ length: 9 }, (_, slot) => chunkBytes(slot));
    const without = (slot: number): Buffer[] => chunks.filter((_, i) => i !== slot);
    const wrong = Buffer.from(chunks[4] ?? "");
    wrong[700] = (wrong[700] ?? 0) ^ 1;
    const scripts: Record<number, (socket: Socket) => void> = {
      0: (socket) => void drip(socket, [Buffer.from(head), initSegment("opus-32k"), ...chunks], 333),
      1: (socket) => void drip(socket, [Buffer.from(head), ...without(3)]),
      2: (socket) => void drip(socket, [Buffer.from(head), ...chunks.slice(0, 3), ...chunks.slice(2)]),
      3: (socket) => void drip(socket, [Buffer.from(head), ...chunks.slice(0, 4), wrong, ...chunks.slice(5)]),
      4: (socket) => socket.end("HTTP/1.1 404 Not Found\r\n\r\n"),
      5: (socket) => void drip(socket, [Buffer.from(head), ...chunks.slice(0, 2)]).then(() => socket.end()),
      6: () => {},
      7: (socket) => void drip(socket, [Buffer.from(head), Buffer.from("no boxes at all, but letters")]),
    };
    const result = await against((n, socket) => scripts[n]?.(socket), { connections: 8, seconds: 1.5 });
    expect(result).toMatchObject({
      started: 8,
      joined: 5,
      refused: 2,
      joinTimeouts: 1,
      gaps: 1,
      missedChunks: 1,
      duplicates: 1,
      // The changed byte, and what was no sound.
      wrong: 2,
      disconnects: 1,
      failedConnects: 0,
    });
  });

  test("BE-3 a faultless listener has no fault, wherever it comes in", async () => {
    const chunks = Array.from({ length: 12 }, (_, slot) => chunkBytes(slot + 40));
    const bytes = Buffer.concat(chunks);
    const script = (n: number, socket: Socket): void =>
      void drip(socket, [Buffer.from(head), bytes.subarray(n * 397)], 577);
    const result = await against(script, { connections: 4, flags: ["--anywhere"] });
    expect(faults(result)).toEqual([]);
    expect(result.joined).toBe(4);
    expect(result.segments).toBeGreaterThanOrEqual(4 * 3);
  });

  test("BE-4 the first complete copy is the reference where the bytes are not known", async () => {
    const packets = Array.from({ length: 16 }, (_, i) => new Uint8Array(40 + i).fill(i));
    const events = [{ t: "notice", text: "mind the gap" }] as const;
    const chunks = Array.from({ length: 9 }, (_, slot) =>
      mediaChunk({ rendition: "opus-32k", slot, packets, events: slot % 3 === 0 ? events : [] }),
    );
    const other = Buffer.from(chunks[6] ?? "");
    other[other.length - 1] = 255;
    const script = async (n: number, socket: Socket): Promise<void> => {
      // The others come after the first, who brings the reference.
      if (n > 0) await sleep(250);
      const mine =
        n === 1
          ? chunks.filter((_, i) => i !== 3)
          : n === 2
            ? [...chunks.slice(0, 6), other, ...chunks.slice(7)]
            : chunks;
      await drip(socket, [Buffer.from(head), initSegment("opus-32k"), ...mine], 501);
    };
    const result = await against((n, socket) => void script(n, socket), {
      connections: 4,
      flags: ["--learned"],
      seconds: 1.5,
    });
    expect(result).toMatchObject({
      joined: 4,
      gaps: 1,
      missedChunks: 1,
      wrong: 1,
      duplicates: 0,
      disconnects: 0,
      refused: 0,
    });
  });

  test("BE-5 answers to numbered requests are compared whole", async () => {
    const answer = (body: Buffer): Buffer =>
      Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`), body]);
    const script = (n: number, socket: Socket, request: string): void => {
      const body = segmentBytes(Number(/\/(\d+) /.exec(request)?.[1]));
      if (n === 1) body[4000] = (body[4000] ?? 0) ^ 1;
      if (n === 2) return void socket.write(answer(body.subarray(0, 4000)));
      if (n === 3) return;
      if (n === 4) return void drip(socket, [answer(body)], 900);
      socket.write(answer(body));
    };
    const epochMs = Date.now() - 100_000;
    const result = await against(script, { mode: "numbered", path: "/%u", connections: 6, epochMs, seconds: 1.92 });
    expect(result).toMatchObject({ joined: 6, wrong: 1, refused: 1, disconnects: 1 });
    expect(result.late).toBeGreaterThan(0);
    expect(result.answers).toBeGreaterThanOrEqual(3);
  });

  test("BE-6 the real edge has no fault, and asks its source once for each segment", async () => {
    const missing = new Set<never>();
    await using bench = await Bench.open({ ...quickSizes, settle: 0.2 }, () => programs, missing);
    await bench.with(startRostra, async (server, source) => {
      const listening = { mode: "endless", path: streamPath, connections: 60, rate: 600 } as const;
      const asking = { mode: "numbered", path: segmentPath, connections: 40, rate: 600 } as const;
      const [heard, asked] = await Promise.all([
        bench.steady(server, source, listening, 3),
        bench.steady(server, source, { ...asking, offset: 2000 }, 2),
      ]);
      expect([...heard.faults, ...asked.faults]).toEqual([]);
      expect(heard.result.segments).toBeGreaterThan(60 * 3);
      expect(asked.result.answers).toBeGreaterThan(40);
      const fetches = source.fetchesOf(source.latest - 3, source.latest);
      expect(fetches).toEqual([1, 1, 1, 1]);
    });
  });
});

describe("the rows", () => {
  const row: Row = {
    name: "joins",
    title: "A title",
    about: () => "What it is.",
    columns: [
      { key: "cpu", title: "CPU", digits: 1 },
      { key: "rss", title: "RSS" },
    ],
    targets: [
      { what: "against the other", limit: 0.5, value: ratio("cpu", "ours", "other") },
      { what: "alone", limit: 5, digits: 0, value: valueOf("cpu", "ours") },
      { what: "against nobody", limit: 1, value: ratio("cpu", "ours", "missing") },
    ],
    rivals: ["icecast2"],
    measure: async function* () {},
  };
  const run = (ours: number, other: number, faulty: string[] = []): Run =>
    new Map<string, Sample>([
      ["ours", { subject: "ours", values: { cpu: ours }, faults: faulty, curve: [0, ours, ours * 2] }],
      ["other", { subject: "other", values: { cpu: other }, faults: [] }],
    ]);

  test("BE-7 medians, ratios of the same run, verdicts", () => {
    const { subjects, verdicts } = summarise(row, "", [run(4, 10), run(6, 10), run(8, 100)], []);
    expect(subjects[0]?.figures).toEqual({ cpu: { median: 6, least: 4, most: 8, runs: 3 } });
    expect(subjects[0]?.curve).toEqual([0, 6, 12]);
    // 0.4, 0.6 and 0.08: not the ratio of the medians.
    expect(verdicts[0]).toMatchObject({ measured: { median: 0.4, least: 0.08, most: 0.6 }, met: true });
    expect(verdicts[1]).toMatchObject({ measured: { median: 6 }, met: false });
    expect(verdicts[2]?.met).toBeUndefined();
  });

  test("BE-7 the section says what is missing and what went wrong", () => {
    const text = section(summarise(row, "About it.", [run(4, 10), run(6, 10, ["3 gaps"])], ["icecast2"]));
    expect(text).toContain("`npm run bench:edge -- --row joins`. About it.");
    expect(text).toContain("| ours | 5.0 (4.0 to 6.0) |");
    expect(text).not.toContain("RSS");
    expect(text).toContain("| alone | ≤ 5 | 5 (4 to 6) | met |");
    expect(text).toContain("| against nobody | ≤ 1 |  | not measured |");
    expect(text).toContain("ours: run 2: 3 gaps.");
    expect(text).toContain("Not installed and left out: icecast2.");
    expect(section(summarise(row, "", [run(9, 10)], []))).toContain(
      "| against the other | ≤ 0.50 | 0.90 | **missed** |",
    );
  });

  test("BE-7 a count and its server are read from a sample's name", () => {
    expect(readScaleName("Rostra, 80000 (6 workers)")).toEqual({ server: "Rostra", listeners: 80_000 });
    expect(readScaleName("C floor, 1000")).toEqual({ server: "C floor", listeners: 1000 });
  });

  test("BE-8 a picture is well-formed, and all of it is within", () => {
    const result = summarise(row, "", [run(4, 10)], []);
    const svg = drawChart({
      title: 'less < more & "so on"',
      x: { title: "x", scale: "log", ticks: ticksFor([0.3, 7000], "log") },
      y: { title: "y", scale: "linear", ticks: ticksFor([3, 41], "linear") },
      series: [
        {
          name: "<b>",
          dots: true,
          points: [
            [0.3, 0],
            [50, 41],
            [7000, 3],
          ],
        },
      ],
    });
    expect(svg).toContain("less &lt; more &amp; &quot;so on&quot;");
    expect(svg).toContain("&lt;b&gt;</text>");
    expect(svg).toContain("prefers-color-scheme:dark");
    const open: string[] = [];
    for (const [, close, name = "", alone] of svg.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/g))
      if (close) expect(open.pop()).toBe(name);
      else if (!alone) open.push(name);
    expect(open).toEqual([]);
    for (const [, x, y] of svg.matchAll(/(-?[\d.]+),(-?[\d.]+)(?=[ "])/g)) {
      expect(Number(x)).toBeGreaterThanOrEqual(64);
      expect(Number(x)).toBeLessThanOrEqual(736);
      expect(Number(y)).toBeGreaterThanOrEqual(76);
      expect(Number(y)).toBeLessThanOrEqual(368);
    }
    expect(chartOf(result)?.series[0]?.points.at(-1)).toEqual([8, 2]);
  });

  test("BE-8 ticks hold all values", () => {
    expect(ticksFor([3, 41], "linear")).toEqual([0, 10, 20, 30, 40, 50]);
    expect(ticksFor([0.3, 7000], "log").at(0)).toBeCloseTo(0.2);
    expect(ticksFor([0.3, 7000], "log").at(-1)).toBe(10_000);
  });
});
