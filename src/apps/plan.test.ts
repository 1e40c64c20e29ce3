import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { RehearsalRecord } from "../rehearsal/report/record.ts";
import { main } from "./command-line.ts";
import { planCommand } from "./plan/options.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "plan-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const file = async (name: string, text: string): Promise<string> => {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
};
const edge = "cores=4,nic=10G,mem=16G";
const small = ["--listeners", "20k", "--edge", edge, "--for", "2m"];

/** Runs the command as a shell does: exit code and what it printed. */
async function rostra(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ["", ""];
  const spies = [
    vi.spyOn(process.stdout, "write").mockImplementation((text) => ((out += String(text)), true)),
    vi.spyOn(process.stderr, "write").mockImplementation((text) => ((err += String(text)), true)),
  ];
  const code = await main(["plan", ...args]);
  for (const spy of spies) spy.mockRestore();
  return { code, out, err };
}

describe("rostra plan", () => {
  test("RH-21 it prints an answer, and writes the record and the report", async () => {
    const [json, html] = [join(folder, "plan.json"), join(folder, "plan.html")];
    const { code, out } = await rostra(...small, "--json", json, "--html", html, "--lang", "fr", "--title", "Un soir");
    expect(code).toBe(0);
    expect(out).toMatch(/^Un soir\nSur le papier, cela tient \(Un modèle, pas une mesure\)/);
    expect(out).toContain("--title 'Un soir'");
    const record = JSON.parse(await readFile(json, "utf8")) as RehearsalRecord;
    expect(record.curves.find(({ name }) => name === "seated")?.values.length).toBe(240);
    expect(await readFile(html, "utf8")).toContain("<h1>Un soir</h1>");
  });

  test("RH-21 RH-14 with prices it says what it costs, by the file or by the edge, and without them that it does not", async () => {
    const prices = await file("prices.json", '{"currency":"EUR","source":"a test","edgeHour":1,"egressGb":0.01}');
    expect((await rostra(...small)).out).toContain("no prices were given");
    expect((await rostra(...small, "--edges", "2", "--prices", prices)).out).toContain("€2.00 for edges");
    const dear = ["--listeners", "20k", "--edge", `${edge},price=7`, "--for", "2m", "--edges", "2"];
    expect((await rostra(...dear, "--prices", prices)).out).toContain("€14.00 for edges");
    expect((await rostra(...dear)).err).toContain("a price only beside --prices");
  });

  test("RH-21 a calibration and a model's error of one's own are used, and named", async () => {
    const shipped = JSON.parse(
      await readFile(new URL("../rehearsal/model/calibration.reference.json", import.meta.url), "utf8"),
    ) as Record<string, unknown>;
    const mine = await file("mine.json", JSON.stringify({ ...shipped, name: "my machine" }));
    const error = await file(
      "error.json",
      '{"v":1,"measured":"a test","runs":["a","b"],"cpu":0.08,"egress":0.03,"joinP99":0.2}',
    );
    const { out } = await rostra(...small, "--calibration", mine, "--model-error", error);
    expect(out).toContain("“my machine”");
    expect(out).toContain("Held against 2 real runs");
    expect(out).not.toContain("was not held against real runs");
  });

  test("RH-21 its words are read: numbers, lengths, moments, shares and traces", async () => {
    const trace = await file("crowd.txt", "0 100\n1 50\n");
    const { question, edges, promises } = await planCommand({
      listeners: "8M",
      edge: "cores=16,nic=25G,mem=64Gi,tls,descriptors=50_000",
      over: "90s",
      for: "2h",
      lose: "region@T-5s",
      regions: "2",
      edges: "6",
      mix: "hls=100",
      arrivals: `trace:${trace}`,
      "join-p99": "250ms",
    });
    expect(question).toMatchObject({
      listeners: 8_000_000,
      over: 90_000,
      lasts: 7_200_000,
      loss: { edges: "region", at: -5000 },
      mix: { stream: 0, numbered: 0, hls: 1 },
      arrivals: {
        shape: "trace",
        rows: [
          { at: 0, people: 100 },
          { at: 1000, people: 50 },
        ],
      },
      edge: { cores: 16, nic: 25e9, memory: 64 * 2 ** 30, tls: true, descriptors: 50_000, backlog: 511 },
    });
    expect([edges, promises.joinP99]).toEqual([6, 250]);
  });

  test.each([
    [[], "--listeners is missing"],
    [["--listeners", "10"], "--edge is missing"],
    [["--listeners", "ten", "--edge", edge], '--listeners was given "ten"'],
    [["--listeners", "0", "--edge", edge], '--listeners was given "0"'],
    [["--listeners", "1.5", "--edge", edge], '--listeners was given "1.5"'],
    [[...small, "--edge", "cores=4"], "--edge was given"],
    [[...small, "--edge", `${edge},gpu=1`], "--edge was given"],
    [[...small, "--edge", "cores=4,cores=5,nic=1G,mem=1G"], "--edge was given"],
    [[...small, "--edge", "cores=4,nic=fast,mem=1G"], '--edge nic was given "fast"'],
    [[...small, "--over", "60"], '--over was given "60"'],
    [[...small, "--for", "-2h"], "--for"],
    [[...small, "--mix", "stream=50"], "--mix was given"],
    [[...small, "--mix", "webrtc=100"], "--mix was given"],
    [[...small, "--lose", "1"], '--lose was given "1"'],
    [[...small, "--lose", "one@T+3s"], "--lose was given"],
    [[...small, "--arrivals", "trace:"], "--arrivals was given"],
    [[...small, "--seed", "x"], '--seed was given "x"'],
    [[...small, "--lang", "de"], '--lang was given "de"'],
    [[...small, "--colour"], "--colour"],
    [[...small, "extra"], "extra"],
  ])("RH-21 words that are off end it with 2 and are named: %j", async (args, says) => {
    const { code, out, err } = await rostra(...args);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain(says);
    expect(err).toContain("(usage)");
  });

  test("RH-21 files that are not there, no JSON or garbage end it with 1 and are named", async () => {
    const [text, json] = [await file("garbage.txt", "0 1\nzero one\n"), await file("half.json", '{"v":')];
    const empty = await file("empty.json", "{}");
    for (const [args, says] of [
      [["--arrivals", "trace:/nowhere/crowd.txt"], "file-not-readable"],
      [["--arrivals", `trace:${text}`], "line 2"],
      [["--prices", json], "it is not JSON"],
      [["--prices", empty], "prices-invalid"],
      [["--calibration", empty], "calibration-invalid"],
      [["--model-error", empty], "model-error-invalid"],
      [["--edges", "0"], "plan-impossible"],
      [["--edges", "1", "--lose", "1@T+3s"], "plan-impossible"],
      [["--over", "3m"], "plan-impossible"],
      [["--html", "/nowhere/plan.html"], "file-not-written"],
    ] as const) {
      const { code, err } = await rostra(...small, ...args);
      expect([code, says, err.includes(says)]).toEqual([1, says, true]);
    }
  });

  test("RH-24 the answers in the document are those of the program (the quickest two of them)", async () => {
    const document = await readFile(new URL("../../docs/rehearsal.md", import.meta.url), "utf8");
    const blocks = [...document.matchAll(/```\n\$ rostra plan (.+)\n([\s\S]*?)\n```/g)];
    expect(blocks.length).toBe(8);
    for (const [, words = "", answer = ""] of blocks.slice(0, 2)) {
      expect((await rostra(...words.split(" "))).out.split("\n\nThe question\n")[0]).toBe(answer);
    }
  });

  test("RH-21 --help has every option", async () => {
    const { out } = await rostra("--help");
    const { planFlags } = await import("./plan/options.ts");
    for (const flag of Object.keys(planFlags)) if (flag !== "help") expect(out).toContain(`--${flag} `);
  });
});
