import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { Problem } from "../foundation/errors.ts";
import { samples } from "../verdict/synthetic/samples.ts";
import { verdictCommand } from "./verdict/options.ts";
import { evidence, verdict } from "./verdict.ts";
import { replayed } from "./verdict/judge.ts";
import { evidenceFolder, publicKeyFile } from "./edge/evidence-folder.ts";
import { Chain, chainFiles } from "../evidence/chain.ts";
import { publicPem, signingKey } from "../evidence/seal.ts";

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

test("VE-35 heads are printed, kept elsewhere, and the chains held to them: with one record less it does not hold", async () => {
  const folder = await mkdtemp(join(tmpdir(), "rostra-verdict-"));
  const said: string[] = [];
  const spy = vi.spyOn(process.stdout, "write").mockImplementation((text) => said.push(String(text)) > 0);
  try {
    const key = signingKey(Buffer.alloc(32, 3));
    await mkdir(evidenceFolder(folder), { recursive: true });
    await writeFile(publicKeyFile(folder), publicPem(key));
    const place = { folder: join(evidenceFolder(folder), "edge-1"), process: "edge-1", key, now: Date.now };
    const chain = await Chain.open(place);
    for (let level = 0; level < 3; level++) await chain.append({ t: "level", level, cause: "by-hand" });
    await chain.close();
    expect(await evidence(["head", "--data", folder])).toBe(0);
    const heads = join(folder, "heads.log");
    await writeFile(heads, said.join(""));
    expect(JSON.parse(said.join(""))).toMatchObject({ process: "edge-1", n: 3 });
    expect(await evidence(["verify", "--data", folder, "--against", heads])).toBe(0);
    const [file] = await chainFiles(place.folder);
    const lines = (await readFile(file?.path ?? "", "utf8")).split("\n");
    await writeFile(file?.path ?? "", `${lines.slice(0, -2).join("\n")}\n`);
    expect(await evidence(["verify", "--data", folder])).toBe(0);
    expect(await evidence(["verify", "--data", folder, "--against", heads])).toBe(1);
    expect(await codeOf(() => evidence(["heads"]))).toBe("usage");
  } finally {
    spy.mockRestore();
    await rm(folder, { recursive: true });
  }
});

test("VE-36 the report's command gives the same again: with its times, announcements and capacity written out", () => {
  const at = "2026-08-12T17:00:00.000Z";
  const words = ["talk", "--from", at, "--to", "2026-08-12T18:00:00Z", "--announced", "2026-08-12T16:59:00Z"];
  const command = verdictCommand([...words, "--capacity", "players=5,joins=3,by=Tom's"], { ROSTRA_DATA: "/secret" });
  if (command.kind !== "judge") throw new Error("it is to be judged");
  const again = replayed(command, Date.parse(at), Date.parse("2026-08-12T18:00:00Z"));
  const times = `--from ${at} --to 2026-08-12T18:00:00.000Z --announced 2026-08-12T16:59:00.000Z`;
  expect(again).toBe(`rostra verdict talk ${times} --capacity 'players=5,joins=3,by=Tom'\\''s'`);
  expect(replayed({ ...command, folder: "./data" }, 0, 1)).toContain("--data ./data");
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
