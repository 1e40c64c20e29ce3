import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { Problem } from "../foundation/errors.ts";
import { samples } from "../verdict/synthetic/samples.ts";
import { verdictCommand } from "./verdict/options.ts";
import { verdict } from "./verdict.ts";

const codeOf = async (run: () => unknown): Promise<string | undefined> => {
  try {
    await run();
  } catch (thrown) {
    return thrown instanceof Problem ? thrown.code : String(thrown);
  }
  return undefined;
};

test("VE-33 words that are off are told, and a folder without evidence is", async () => {
  const wrong = [
    [],
    ["one", "two"],
    ["talk", "--from", "yesterday"],
    ["talk", "--to", "20"],
    ["talk", "--capacity", "many"],
    ["talk", "--nothing"],
    ["--sample", "war"],
  ];
  for (const words of wrong) expect(await codeOf(() => verdictCommand(words, {}))).toBe("usage");
  const folder = await mkdtemp(join(tmpdir(), "rostra-verdict-"));
  try {
    expect(await codeOf(() => verdict(["talk", "--data", folder]))).toBe("no-evidence");
    expect(await codeOf(() => verdict(["--verify", "--data", folder]))).toBe("no-evidence");
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("VE-33 times are a moment or how long ago, and a capacity is players and joins", () => {
  const command = verdictCommand(
    [
      "talk",
      "--from",
      "2026-08-12T17:00:00Z",
      "--to",
      "20m",
      "--capacity",
      "players=5000,joins=300,by=Tuesday",
      "--data",
      "/d",
    ],
    {},
  );
  expect(command).toMatchObject({
    kind: "judge",
    space: "talk",
    data: "/d",
    from: Date.UTC(2026, 7, 12, 17),
    capacity: { players: 5000, joinsPerSecond: 300, provedBy: "Tuesday" },
  });
  const to = command.kind === "judge" ? (command.to ?? 0) : 0;
  expect(Math.abs(Date.now() - 20 * 60_000 - to)).toBeLessThan(60_000);
});

test("VE-33 VE-34 made-up evenings are told and written where it is asked for, the same as stand in the documents", async () => {
  const folder = await mkdtemp(join(tmpdir(), "rostra-verdict-"));
  const said: string[] = [];
  const spy = vi.spyOn(process.stdout, "write").mockImplementation((text) => said.push(String(text)) > 0);
  const kinds: string[] = [];
  try {
    for (const sample of samples) {
      expect(await verdict(["--sample", sample, "--out", folder])).toBe(0);
      const html = await readFile(join(folder, `${sample}.html`), "utf8");
      expect(html).toBe(await readFile(join(import.meta.dirname, `../../docs/verdict/${sample}.html`), "utf8"));
      const record = JSON.parse(await readFile(join(folder, `${sample}.json`), "utf8")) as {
        kind: string;
        sample: boolean;
      };
      expect(record.sample).toBe(true);
      kinds.push(record.kind);
    }
  } finally {
    spy.mockRestore();
    await rm(folder, { recursive: true });
  }
  expect(said.join("")).toContain("The crowd.");
  expect(kinds).toEqual(["crowd", "attack-in-crowd", "own-fault", "crowd"]);
});
