import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { attackerNames } from "../../rehearsal/attackers/contract.ts";
import { runRecord } from "../../rehearsal/run/run-record.ts";
import { runQuestion, runWith } from "../../rehearsal/run/runs.fixture.ts";
import { noCounts } from "../../rehearsal/run/ledger.ts";
import { main } from "../command-line.ts";
import { attackOf } from "./attack-words.ts";
import type { Second } from "./conductor.ts";
import { rehearseCommand } from "./options.ts";
import { loopbackSources, sourcesOf } from "./sources.ts";
import { linesOf, View } from "./view.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rehearse-words-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs the command as a shell does: exit code and what it printed. */
async function rostra(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ["", ""];
  const spies = [
    vi.spyOn(process.stdout, "write").mockImplementation((text) => ((out += String(text)), true)),
    vi.spyOn(process.stderr, "write").mockImplementation((text) => ((err += String(text)), true)),
  ];
  const code = await main(args);
  for (const spy of spies) spy.mockRestore();
  return { code, out, err };
}

const asked = { target: "http://localhost:1", listeners: "100" };

describe("the words of rostra rehearse", () => {
  test("RH-61 have defaults, and say what they mean", async () => {
    const { question, target, language, patience } = await rehearseCommand(asked);
    expect(question).toMatchObject({ listeners: 100, over: 60_000, lasts: 300_000, early: 60, seed: 1, pageShare: 1 });
    expect([target.port, language, patience]).toEqual(["1", "en", 15_000]);
    const other = await rehearseCommand({ ...asked, over: "10s", for: "1m", mix: "stream=70,hls=30", pages: "0.5" });
    expect(other.question).toMatchObject({ early: 10, mix: { stream: 0.7, numbered: 0, hls: 0.3 }, pageShare: 0.5 });
    expect((await rehearseCommand({ ...asked, metrics: "unix:/x/metrics.sock" })).metrics).toEqual({
      socket: "/x/metrics.sock",
    });
  });

  test("RH-61 that are off end it with 2, each named with what it takes", async () => {
    const off: [string[], RegExp][] = [
      [[], /--target is missing/],
      [["--target", "localhost:8080"], /--target was given "localhost:8080"/],
      [["--target", "http://a.example/path"], /nothing behind it/],
      [["--target", "http://u:p@a.example"], /nothing behind it/],
      [["--target", "http://localhost:1"], /--listeners is missing/],
      ...[
        [["--listeners", "0"], /a whole number from 1 on/],
        [["--listeners", "many"], /a whole number/],
        [["--listeners", "200001"], /at most 200000/],
        [["--over", "0"], /--over.*a length/s],
        [["--over", "10m"], /no longer than --for/],
        [["--for", "7h"], /at most 6h/],
        [["--before", "61s"], /at most 60s/],
        [["--arrivals", "slowly"], /flash, ramp, push or trace:FILE/],
        [["--mix", "stream=0.5"], /1 together/],
        [["--mix", "stream=1,radio=0"], /--mix/],
        [["--pages", "2"], /a share from 0 to 1/],
        [["--space", "A b"], /slug/],
        [["--attack", "no-such"], /NAME is one of request-flood, /],
        [["--attack", "request-flood=0"], /a whole number/],
        [["--attack", "request-flood=999999999"], /at most \d+ a second/],
        [["--attack", "request-flood@50s-20s"], /begin before it ends/],
        [["--attack", "request-flood@1h"], /within 300 s/],
        [["--processes", "65"], /at most 64/],
        [["--sources", "203.0.113.7"], /this machine does not have that one/],
        [["--sources", "127.0.0.9-127.0.0.2"], /IPv4 addresses/],
        [["--sources", "127.0.0.1-127.9.0.1"], /at most 1024 addresses/],
        [["--metrics", "somewhere"], /unix:PATH/],
        [["--patience", "soon"], /a length/],
        [["--lang", "de"], /en, fr, id/],
        [["--nonsense"], /rostra rehearse --help/],
      ].map(([args, says]): [string[], RegExp] => [
        ["--target", "http://localhost:1", "--listeners", "10", ...(args as string[])],
        says as RegExp,
      ]),
    ];
    for (const [args, says] of off) {
      const { code, err } = await rostra("rehearse", ...args);
      expect([args.join(" "), code]).toEqual([args.join(" "), 2]);
      expect(err).toMatch(says);
    }
  });

  test("RH-61 files that are off end it with 1, and a trace with garbage is named by its line", async () => {
    const trace = join(folder, "trace");
    await writeFile(trace, "0 10\nnonsense\n");
    const base = ["rehearse", "--target", "http://localhost:1", "--listeners", "10"];
    const garbage = await rostra(...base, "--arrivals", `trace:${trace}`);
    expect([garbage.code, garbage.err]).toEqual([1, expect.stringContaining("line 2")]);
    expect((await rostra(...base, "--arrivals", "trace:/nowhere/at/all")).code).toBe(1);
    expect((await rostra(...base, "--ca", trace)).err).toContain("no certificate");
    const nobody = await rostra(...base);
    expect([nobody.code, nobody.err]).toEqual([1, expect.stringContaining("target-unreachable")]);
  });

  test("RH-61 an attack says what, how much and when; the help has all of them", async () => {
    expect(await attackOf("request-flood=2k@20s-40s", 60)).toMatchObject({ strength: 2000, from: 20, to: 40 });
    expect(await attackOf("slow-headers@T+5s-T+10s", 60)).toMatchObject({ from: 5, to: 10 });
    expect(await attackOf("slow-read@0", 60)).toMatchObject({ from: 0, to: 60 });
    expect((await attackOf("slow-body", 60)).strength).toBeGreaterThan(0);
    const { code, out } = await rostra("rehearse", "--help");
    expect(code).toBe(0);
    for (const name of attackerNames) expect(out).toContain(`\n      ${name} `);
  });

  test("RH-61 source addresses are ranges, and loopback has as many as it takes", () => {
    expect(sourcesOf("127.0.0.2-127.0.0.4,127.0.1.255-127.0.2.0")).toEqual([
      "127.0.0.2",
      "127.0.0.3",
      "127.0.0.4",
      "127.0.1.255",
      "127.0.2.0",
    ]);
    expect(loopbackSources(300).at(-1)).toBe("127.0.1.45");
  });
});

test("RH-60 rehearsal-permit names what is off, and that no server runs", async () => {
  expect((await rostra("rehearsal-permit")).code).toBe(2);
  expect((await rostra("rehearsal-permit", "short")).code).toBe(2);
  const code = "ab".repeat(16);
  expect((await rostra("rehearsal-permit", code, "--for", "25h", "--data", folder)).code).toBe(2);
  expect((await rostra("rehearsal-permit", code, "--listeners", "0", "--data", folder)).code).toBe(2);
  const nobody = await rostra("rehearsal-permit", code, "--data", folder);
  expect([nobody.code, nobody.err]).toEqual([1, expect.stringContaining("server-not-running")]);
});

describe("--compare", () => {
  const options = {
    title: "Before",
    command: "rostra rehearse",
    target: "http://localhost",
    space: "x",
    machine: { cpu: "c", cores: 2, kernel: "k", node: "n", version: "1" },
    processes: 1,
    sources: [],
    server: ["edge 1"],
    people: { text: "as they are" },
  };

  test("RH-65 tells what changed, and writes it", async () => {
    const [a, b, out] = ["a.json", "b.json", "out.html"].map((name) => join(folder, name)) as [string, string, string];
    await writeFile(a, JSON.stringify(runRecord(runWith(), options)));
    const more = { ...options, title: "After", processes: 2 };
    await writeFile(b, JSON.stringify(runRecord(runWith({ 20: { added: { gaps: 3 } } }), more)));
    const { code, out: said } = await rostra("rehearse", "--compare", a, b, "--out", out);
    expect(code).toBe(0);
    expect(said).toContain("Before → After");
    expect(said).toContain("Nobody who plays misses a segment: none (held) → 3 (broken)");
    expect(said).toMatch(/Swarm: 1 process.*→ 2 processes/);
    expect(said).toMatch(/gaps, at most: 0 → 3/);
    expect(await readFile(out, "utf8")).toContain("<html");
  });

  test("RH-65 names what is no record", async () => {
    const file = join(folder, "other.json");
    await writeFile(file, '{"v":1}');
    expect((await rostra("rehearse", "--compare", file, file)).err).toContain("it is no record of a rehearsal");
    expect((await rostra("rehearse", "--compare", file)).code).toBe(2);
    expect((await rostra("rehearse", "--compare", "/nowhere", file)).code).toBe(1);
  });
});

describe("the view", () => {
  const second = (at: number): Second => {
    const row = runWith().rows[20];
    if (!row) throw new Error("no row");
    const troubled = { ...row.counts, gaps: 3, wrong: 1, cut: 2 };
    return {
      at,
      row: { ...row, counts: troubled },
      attacks: [{ ...counts, sent: 1500, open: 20 }],
      silentSince: 12,
      dead: 1,
    };
  };
  const counts = { connected: 0, failed: 0, open: 0, sent: 0, answered: {}, closed: 0, bytesSent: 0, bytesReceived: 0 };
  const attack = { name: "request-flood", unit: "a second", strength: 9, owes: [], from: 0, to: 60 } as const;
  const question = { ...runQuestion, attacks: [attack] };

  test("RH-64 says who came, plays and waits, what went wrong, what it costs and what attacks, no wider than it is", () => {
    const lines = linesOf(second(15), question, 100).join("\n").replaceAll("\u202f", " ");
    for (const part of [
      "T+15 s",
      "1,000 of 1,000 came, 1,000 play",
      "█",
      "3 missing",
      "1 WRONG",
      "2 cut",
      "edges 20% 10%",
    ])
      expect(lines).toContain(part);
    for (const part of [
      "machine 40%",
      "level 0",
      "request-flood (1,500 sent, 20 open)",
      "swarm processes that died: 1",
    ])
      expect(lines).toContain(part);
    for (const columns of [100, 40, 12])
      for (const line of linesOf(second(15), question, columns)) expect(line.length).toBeLessThanOrEqual(columns);
    expect(noCounts.gaps).toBe(0);
  });

  test("RH-64 is drawn over in a terminal, and a line every five seconds elsewhere", () => {
    const screen = (isTTY: boolean) => ({ isTTY, columns: 90, text: "", write: (text: string) => (one.text += text) });
    let one = screen(true);
    const drawn = new View(question, one, false);
    drawn.show(second(1));
    drawn.show(second(2));
    expect(one.text.split("\x1b[5F\x1b[J").length).toBe(2);
    drawn.end();
    drawn.show(second(3));
    expect(one.text.split("\x1b[5F\x1b[J").length).toBe(2);
    one = screen(false);
    const plain = new View(question, one, false);
    for (let at = 1; at <= 10; at++) plain.show(second(at));
    expect(one.text.trim().split("\n").length).toBe(2);
    expect(one.text).not.toContain("\x1b");
  });
});
