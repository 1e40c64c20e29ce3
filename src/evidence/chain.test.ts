import { spawn } from "node:child_process";
import { createHash, createPublicKey, verify } from "node:crypto";
import { appendFile, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { EvidenceRecord } from "../wire/evidence.ts";
import { Chain, chainFiles, type ChainOptions, maxWaiting } from "./chain.ts";
import { key, otherKey, publicKey } from "./seal.fixture.ts";
import { genesis } from "./seal.ts";
import { verifyChain } from "./verify.ts";

let folder: string;
let count = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rostra-evidence-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const note = (level: number) => ({ t: "level", level, cause: "the loop is late" }) as const;
let clock = 1_000_000;
const optionsOf = (more: Partial<ChainOptions> = {}): ChainOptions => ({
  folder: join(folder, `chain-${count}`),
  process: "edge-1",
  key,
  now: () => (clock += 1000),
  ...more,
});
const newChain = (more: Partial<ChainOptions> = {}): Promise<Chain> => {
  count++;
  return Chain.open(optionsOf(more));
};
async function written(records: number, more: Partial<ChainOptions> = {}): Promise<string> {
  const chain = await newChain(more);
  for (let i = 0; i < records; i++) await chain.append(note(i));
  await chain.close();
  return join(folder, `chain-${count}`);
}
const linesOf = async (path: string): Promise<string[]> => (await readFile(path, "utf8")).split("\n").slice(0, -1);
async function rewritten(chain: string, change: (lines: string[]) => readonly string[]): Promise<void> {
  const [file] = await chainFiles(chain);
  if (!file) throw new Error("there is no file");
  await writeFile(
    file.path,
    change(await linesOf(file.path))
      .map((line) => `${line}\n`)
      .join(""),
  );
}
const whys = async (chain: string, heads: { n: number; at: number; hash: string }[] = []): Promise<string[]> =>
  (await verifyChain(chain, publicKey, { heads })).breaks.map(({ why, line }) => `${why}@${line}`);

describe("the chain", () => {
  test("EV-26 of files from before what is asked for only what lasts is heard, each record by its own hash and signature", async () => {
    const space = (id: string) =>
      ({ t: "space", id, slug: id, title: `"t":"space"`, status: "live", hold: false, startAt: 1 }) as const;
    const chain = await newChain({ fileBytes: 900 });
    for (const id of ["a", "b", "c"]) {
      await chain.append(space(id));
      for (let i = 0; i < 4; i++) await chain.append(note(i));
    }
    await chain.close();
    const path = join(folder, `chain-${count}`);
    const files = await chainFiles(path);
    expect(files.length).toBeGreaterThan(2);
    for (const file of files.slice(0, -1)) await utimes(file.path, 1000, 1000);
    const heard = async (): Promise<string[]> => {
      const found: string[] = [];
      const hear = (record: EvidenceRecord): void => void found.push(record.t === "space" ? record.id : record.t);
      const report = await verifyChain(path, publicKey, { since: 2_000_000, hear });
      expect(report).toMatchObject({ skipped: files.length - 1, breaks: [] });
      return found.filter((one) => one !== "file" && one !== "level");
    };
    expect(await heard()).toEqual(["a", "b", "c"]);
    const [first] = files;
    const text = await readFile(first?.path ?? "", "utf8");
    await writeFile(first?.path ?? "", text.replace('"id":"a"', '"id":"x"'));
    await utimes(first?.path ?? "", 1000, 1000);
    expect(await heard()).toEqual(["b", "c"]);
    expect((await verifyChain(path, publicKey)).breaks).toHaveLength(1);
  });

  test("EV-1 each record's hash is SHA-256 of the one before it and its body, and Ed25519 signs the hash: by other means", async () => {
    const chain = await written(3);
    const [file] = await chainFiles(chain);
    let previous = genesis;
    for (const [i, line] of (await linesOf(file?.path ?? "")).entries()) {
      const [hash = "", signature = "", ...body] = line.split(" ");
      expect(
        createHash("sha256")
          .update(`${previous}${body.join(" ")}`)
          .digest("hex"),
      ).toBe(hash);
      expect(verify(null, Buffer.from(hash), createPublicKey(key), Buffer.from(signature, "base64url"))).toBe(true);
      expect(JSON.parse(body.join(" "))).toMatchObject(i === 0 ? { n: 0, t: "file" } : { n: i, level: i - 1 });
      previous = hash;
    }
    expect(await verifyChain(chain, publicKey)).toMatchObject({ records: 4, first: 0, last: 3, torn: 0, breaks: [] });
  });

  test("EV-2 one changed byte, a record removed, added, moved or from another key is told with its place", async () => {
    const flipped = await written(6);
    await rewritten(flipped, (lines) =>
      lines.map((line, i) => (i === 3 ? line.replace('"level":2', '"level":9') : line)),
    );
    expect(await whys(flipped)).toEqual(["hash@4"]);

    const removed = await written(6);
    await rewritten(removed, (lines) => lines.toSpliced(3, 1));
    expect(await whys(removed)).toEqual(["missing@4"]);

    const moved = await written(6);
    await rewritten(moved, (lines) => [...lines.slice(0, 3), lines[4] ?? "", lines[3] ?? "", ...lines.slice(5)]);
    expect(await whys(moved)).toEqual(["missing@4", "order@5", "missing@6"]);

    const twice = await written(3);
    await rewritten(twice, (lines) => [...lines, lines.at(-1) ?? ""]);
    expect(await whys(twice)).toEqual(["order@5"]);

    const foreign = await written(3, { key: otherKey });
    expect(await whys(foreign)).toEqual([1, 2, 3, 4].map((line) => `signature@${line}`));

    const noise = await written(3);
    await rewritten(noise, (lines) => lines.toSpliced(2, 0, "something else"));
    expect(await whys(noise)).toEqual(["not-a-record@3"]);
  });

  test("EV-3 what is cut off at the end whole shows against a head that was published, and only against one", async () => {
    const chain = await newChain();
    const heads = [];
    for (let i = 0; i < 5; i++) {
      await chain.append(note(i));
      heads.push(chain.head);
    }
    await chain.close();
    const path = join(folder, `chain-${count}`);
    expect(await whys(path, heads)).toEqual([]);
    await rewritten(path, (lines) => lines.slice(0, 4));
    expect(await whys(path)).toEqual([]);
    expect(await whys(path, heads.slice(0, 3))).toEqual([]);
    expect(await whys(path, heads)).toEqual(["head@0", "head@0"]);

    // Whoever has the key can write another chain; the published head says that it is not the same.
    const forged = await newChain();
    for (let i = 0; i < 5; i++) await forged.append(note(0));
    await forged.close();
    expect(await whys(join(folder, `chain-${count}`), heads.slice(-1))).toEqual(["head@6"]);
  });

  test("EV-4 a torn last line is no break: it is told, cut off when the process comes back, and the chain goes on", async () => {
    const path = await written(4);
    const [file] = await chainFiles(path);
    const whole = (await stat(file?.path ?? "")).size;
    await appendFile(file?.path ?? "", `${"a".repeat(64)} torn in the mid`);
    expect(await verifyChain(path, publicKey)).toMatchObject({ records: 5, torn: 80, breaks: [] });

    const again = await Chain.open(optionsOf());
    expect((await stat(file?.path ?? "")).size).toBe(whole);
    expect(again.head.n).toBe(4);
    await again.append(note(5));
    await again.close();
    expect(await verifyChain(path, publicKey)).toMatchObject({ records: 6, last: 5, torn: 0, breaks: [] });
    expect(await readdir(path)).toHaveLength(1);

    // In the middle it is one: nothing is written behind half a line.
    await rewritten(path, (lines) => lines.map((line, i) => (i === 2 ? line.slice(0, 90) : line)));
    expect(await whys(path)).toEqual(["not-a-record@3", "missing@4"]);
  });

  test("EV-4 a process that is killed leaves all that it was told was written", async () => {
    count++;
    const path = join(folder, `chain-${count}`);
    const program = `
      const { Chain } = await import(${JSON.stringify(new URL("./chain.ts", import.meta.url).href)});
      const { signingKey } = await import(${JSON.stringify(new URL("./seal.ts", import.meta.url).href)});
      const chain = await Chain.open({ folder: ${JSON.stringify(path)}, process: "edge-1", key: signingKey(Buffer.alloc(32, 7)), now: Date.now });
      for (;;) { await chain.append({ t: "level", level: 0, cause: "x".repeat(20000) }); process.stdout.write(chain.head.n + "\\n"); }`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let told = "";
    await new Promise<void>((done) => {
      child.stdout.on("data", (text: Buffer) => {
        told += text.toString();
        if (told.split("\n").length > 12) child.kill("SIGKILL");
      });
      child.on("exit", () => done());
    });
    const last = Number(told.trim().split("\n").at(-1));
    const report = await verifyChain(path, publicKey);
    expect(report.breaks).toEqual([]);
    expect(report.last).toBeGreaterThanOrEqual(last);
    const again = await Chain.open(optionsOf());
    await again.append(note(1));
    await again.close();
    expect(await verifyChain(path, publicKey)).toMatchObject({ last: (report.last ?? 0) + 1, torn: 0, breaks: [] });
  });

  test("EV-5 it is capped: the oldest files go, what is left verifies, and a file that goes otherwise is missed", async () => {
    const path = await written(400, { fileBytes: 8000, chainBytes: 40_000 });
    const files = await chainFiles(path);
    expect(files.length).toBeGreaterThan(3);
    expect(files[0]?.first).toBeGreaterThan(0);
    let bytes = 0;
    for (const { path: file } of files) bytes += (await stat(file)).size;
    expect(bytes).toBeLessThan(40_000 + 2 * 8000);
    const report = await verifyChain(path, publicKey);
    expect(report).toMatchObject({ first: files[0]?.first, breaks: [] });
    expect(report.records).toBe((report.last ?? 0) - (report.first ?? 0) + 1);

    await rm(files[2]?.path ?? "");
    expect(await whys(path)).toEqual(["missing@1"]);
    await rm(files[0]?.path ?? "");
    await rm(files[1]?.path ?? "");
    expect(await whys(path)).toEqual(["beginning@0"]);

    const aged = await written(30, { fileAgeMs: 5000, chainAgeMs: 12_000 });
    expect((await chainFiles(aged))[0]?.first).toBeGreaterThan(0);
    expect(await whys(aged)).toEqual([]);
  });

  test("EV-6 what the disk does not take is lost and counted, the chain stays whole, and it goes on when the disk is back", async () => {
    const lost: unknown[] = [];
    const chain = await newChain({ onLost: (why) => lost.push(why) });
    await chain.append(note(0));
    const all = Array.from({ length: maxWaiting + 5 }, (_, i) => chain.append(note(i)));
    await Promise.all(all);
    // One is taken from the queue at once.
    expect(chain.lost).toBe(4);
    expect(lost).toHaveLength(4);
    await chain.append(note(1));
    await chain.close();
    const report = await verifyChain(join(folder, `chain-${count}`), publicKey);
    expect(report).toMatchObject({ lost: 4, breaks: [] });

    const nowhere = await newChain({ fileBytes: 1 });
    await nowhere.append(note(0));
    const path = join(folder, `chain-${count}`);
    await rm(path, { recursive: true });
    await nowhere.append(note(1));
    expect(nowhere.lost).toBe(1);
    await nowhere.close();
  });

  test("EV-7 files and folder are the owner's alone", async () => {
    const path = await written(1);
    const [file] = await chainFiles(path);
    expect((await stat(path)).mode & 0o077).toBe(0);
    expect((await stat(file?.path ?? "")).mode & 0o077).toBe(0);
  });
});
