import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterEach, expect, test } from "vitest";
import { maxBlockLine } from "../../wire/blocks.ts";
import { maxAhead } from "./listener.ts";
import { mayAdminister, requirePrivilege } from "./privilege.ts";

const program = resolve(import.meta.dirname, "../rostra.ts");
const inNamespace = ["--user", "--net", "--map-root-user"];
const hasNamespaces = spawnSync("unshare", [...inNamespace, "/usr/sbin/nft", "list", "tables"]).status === 0;

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** One that prints what it would do. */
async function dryRun(
  ...words: readonly string[]
): Promise<{ socket: string; child: ChildProcess; said: () => string }> {
  const folder = await mkdtemp(join(tmpdir(), "shieldd-"));
  ends.push(() => rm(folder, { recursive: true, force: true }));
  const socket = join(folder, "s.sock");
  const child = spawn(process.execPath, [program, "shieldd", "--socket", socket, "--dry-run", ...words], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const gone = new Promise((done) => child.once("exit", done));
  ends.push(() => {
    child.kill("SIGKILL");
    return gone;
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text: Buffer) => (said += text.toString()));
  await expect.poll(() => said, { timeout: 20_000 }).toContain('"listening"');
  return { socket, child, said: () => said };
}

/** What is answered, all of it until so many lines have come or the connection is closed. */
function ask(socket: string, text: string, lines: number): Promise<string[]> {
  const { promise, resolve: settle } = Promise.withResolvers<string[]>();
  const asker = connect({ path: socket });
  let answer = "";
  asker.on("data", (bytes) => {
    answer += bytes.toString();
    if (answer.split("\n").length > lines) asker.destroy();
  });
  asker.on("error", () => {});
  asker.on("close", () => settle(answer.split("\n").filter(Boolean)));
  asker.write(text);
  return promise;
}
const codes = (answers: readonly string[]): unknown[] =>
  answers.map((line) => {
    const answer = JSON.parse(line) as { ok: boolean; code?: string; entries?: number };
    return answer.ok ? answer.entries : answer.code;
  });

test("EX-30 one line is one request, and everything else is refused with a code", async () => {
  const { socket } = await dryRun("--allow", "203.0.113.0/28");
  expect((await stat(socket)).mode & 0o777).toBe(0o660);
  const lines = [
    '{"do":"add","prefix":"198.51.100.7/32","seconds":60}',
    '{"do":"add","prefix":"203.0.113.1","seconds":60}',
    '{"do":"add","prefix":"0.0.0.0/0","seconds":60}',
    '{"do":"add","prefix":"198.51.100.8","seconds":6000}',
    '{"do":"add","prefix":"198.51.100.8","seconds":60,"table":"filter"}',
    '{"do":"flush"}',
    '["add"]',
    "add 198.51.100.8",
    "",
    '{"do":"del","prefix":"198.51.100.7"}',
  ];
  const answers = codes(await ask(socket, `${lines.join("\n")}\n`, lines.length));
  const allowed = ["block-not-allowed", "block-not-allowed"];
  expect(answers).toEqual([1, ...allowed, ...Array<string>(6).fill("bad-block"), 0]);
});

test("EX-30 who sends a longer line, or more than may wait, is cut off, and others go on", async () => {
  const { socket } = await dryRun();
  expect(await ask(socket, "x".repeat(maxBlockLine + 1), 1)).toEqual([]);
  expect(await ask(socket, "\n".repeat(maxAhead + 1), maxAhead + 1)).toEqual([]);
  expect(codes(await ask(socket, '{"do":"del","prefix":"198.51.100.7"}\n', 1))).toEqual([0]);
});

test("EX-33 a dry run prints what would be given to nft; a second one at the same socket is told, and the end takes the table away", async () => {
  const { socket, child, said } = await dryRun("--ports", "443,80");
  await ask(socket, '{"do":"add","prefix":"2001:db8:1::/48","seconds":61}\n', 1);
  expect(said()).toContain("nft add element inet rostra-shield blocked6 { 2001:db8:1::/48 timeout 61s }\n");
  expect(said()).toContain("tcp dport { 443, 80 }");
  const second = spawnSync(process.execPath, [program, "shieldd", "--socket", socket, "--dry-run"], {
    encoding: "utf8",
  });
  expect([second.status, second.stderr]).toEqual([1, expect.stringContaining("shieldd-in-use")]);
  const gone = new Promise((done) => child.once("exit", done));
  child.kill("SIGTERM");
  expect(await gone).toBe(0);
  expect(said().trimEnd().endsWith("nft delete table inet rostra-shield")).toBe(true);
});

test("EX-33 without the privilege it says what to do", () => {
  expect(mayAdminister("Name:\tnode\nCapEff:\t0000000000001000\n")).toBe(true);
  expect(mayAdminister("Name:\tnode\nCapEff:\tffffffffffffefff\n")).toBe(false);
  expect(() => requirePrivilege({ platform: "darwin", geteuid: () => 501 })).toThrow(
    expect.objectContaining({ code: "shieldd-unprivileged" }),
  );
});

test.runIf(hasNamespaces)(
  "EX-31 EX-32 in a network of its own: a SYN is dropped, an open connection goes on, the kernel lets go by itself, nothing is left",
  { timeout: 90_000 },
  async () => {
    const words = [...inNamespace, process.execPath, join(import.meta.dirname, "namespace.test-child.ts")];
    const { stdout } = await promisify(execFile)("unshare", words, { timeout: 80_000 });
    expect(JSON.parse(stdout)).toEqual({
      elements: [
        ["127.9.9.9", "8s"],
        ["2001:db8:1:2::/64", "10m"],
      ],
      blocked: false,
      blocked6: false,
      neighbour: true,
      "open goes on": true,
      expired: true,
      "kept for another": false,
      "let go": true,
      wide: expect.stringContaining("block-not-allowed"),
      own: expect.stringContaining("block-not-allowed"),
      "made anew": true,
      "blocked again": false,
      exit: 0,
      "tables left": "",
      free: true,
    });
  },
);
