import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { networkInterfaces, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RehearsalRecord } from "../../src/rehearsal/report/record.ts";
import { Server } from "./server.ts";

const root = resolve(import.meta.dirname, "../..");
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rostra-rehearse-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A command of ours as a process of its own. */
function rostra(...args: string[]) {
  const child = spawn(process.execPath, ["scripts/start.mjs", ...args], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let out = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text: Buffer) => (out += text.toString()));
  const exit = new Promise<number | null>((done) => child.once("exit", (code) => done(code)));
  return {
    child,
    exit,
    get out() {
      return out;
    },
    says: (what: RegExp) => expect.poll(() => out, { timeout: 60_000 }).toMatch(what),
  };
}

/** A rehearsal with these words, whose report goes to a folder of that name. */
const rehearse = (target: string, name: string, words: string): ReturnType<typeof rostra> =>
  rostra("rehearse", "--target", target, "--out", join(folder, name), ...words.split(" "));

const record = async (name: string): Promise<RehearsalRecord> =>
  JSON.parse(await readFile(join(folder, name, "report.json"), "utf8")) as RehearsalRecord;
const facts = (of: RehearsalRecord): string => JSON.stringify(of);

/** Children of a process: its rehearsal's swarm and attackers. */
async function childrenOf(parent: number | undefined): Promise<number[]> {
  const found: number[] = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
    if (Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]) === parent) found.push(Number(pid));
  }
  return found;
}
const isThere = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe("a rehearsal of a real server", () => {
  test(
    "RH-67 judges every promise with an attack in the mix, and writes both reports",
    { timeout: 120_000 },
    async () => {
      await using server = await Server.start({ demo: true });
      const run = rehearse(
        server.url,
        "held",
        `--data ${server.data} --listeners 400 --over 2s --for 8s --attack request-flood=100@3s-6s --join-p99 30s`,
      );
      const code = await run.exit;
      const made = await record("held");
      expect(made.promises.map(({ promise }) => "key" in promise && promise.key)).toEqual([
        "promise.heard",
        "promise.joinMeasured",
        "promise.noGap",
        "promise.rightBytes",
        "promise.behindEdge",
        "promise.answers",
      ]);
      expect(made.promises.map(({ came }) => came)).not.toContain(undefined);
      expect(
        made.promises.find(({ promise }) => "key" in promise && promise.key === "promise.rightBytes")?.verdict,
      ).toBe("held");
      const seated = made.curves.find(({ name }) => name === "seated")?.values ?? [];
      expect(Math.max(...seated.map((value) => value ?? 0))).toBeGreaterThan(350);
      expect(made.curves.map(({ name }) => name)).toEqual(
        expect.arrayContaining(["cpuMost", "egress", "level", "gaps"]),
      );
      expect(made.attacks[0]?.name).toEqual({ text: "request-flood" });
      expect(facts(made)).toContain("edge 1, edge 2");
      // A machine that stalls may keep promises from being told, and nothing else.
      const open = [...made.promises, ...made.attacks].map(({ verdict }) => verdict);
      const wanted = open.includes("broken") ? 3 : open.includes("unknown") ? 4 : 0;
      expect([code, made.interrupted]).toEqual([wanted, undefined]);
      expect(await readFile(join(folder, "held", "report.html"), "utf8")).toContain("request-flood");
      expect(run.out).toContain("The promises");
      const again = rostra(
        "rehearse",
        "--compare",
        join(folder, "held", "report.json"),
        join(folder, "held", "report.json"),
      );
      expect(await again.exit).toBe(0);
    },
  );

  test(
    "RH-68 tells of a killed process of its own, and of a killed target with what was seen",
    { timeout: 120_000 },
    async () => {
      await using server = await Server.start({ demo: true });
      const run = rehearse(
        server.url,
        "died",
        "--listeners 120 --over 2s --for 5m --plain --processes 3 --patience 3s",
      );
      await run.says(/120 of 120 came, 1\d\d play/);
      const own = await childrenOf(run.child.pid);
      expect(own.length).toBe(3);
      process.kill(own[1] ?? 0, "SIGKILL");
      await run.says(/swarm processes that died: 1/);
      const ofServer = await childrenOf(server.supervisorPid);
      process.kill(server.supervisorPid, "SIGKILL");
      for (const pid of ofServer) if (isThere(pid)) process.kill(pid, "SIGKILL");
      expect(await run.exit).toBe(1);
      const made = await record("died");
      expect(made.interrupted).toMatchObject({ key: "ended.died" });
      expect(facts(made)).toContain("ECONNREFUSED");
      expect(facts(made)).toMatch(/"run\.lost","values":\{"n":\{"value":1,.*?"people":\{"value":40/);
      expect(run.out).toContain("the target died at T+");
      expect(own.filter(isThere)).toEqual([]);
    },
  );

  test(
    "RH-68 stopped by Ctrl-C it reports what there was, and leaves no process behind",
    { timeout: 120_000 },
    async () => {
      await using server = await Server.start({ demo: true });
      const run = rehearse(
        server.url,
        "stopped",
        "--listeners 50 --over 2s --for 5m --plain --attack idle-connections=5",
      );
      await run.says(/50 of 50 came, [45]\d play/);
      const own = await childrenOf(run.child.pid);
      expect(own.length).toBe(2);
      // To the whole group, as a terminal does.
      process.kill(-(run.child.pid ?? 0), "SIGINT");
      expect(await run.exit).toBe(130);
      expect((await record("stopped")).interrupted).toMatchObject({ key: "ended.stopped" });
      expect(own.filter(isThere)).toEqual([]);
    },
  );

  const outside = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .find((one) => one.family === "IPv4" && !one.internal)?.address;

  test.skipIf(outside === undefined)(
    "RH-66 goes to a target that is not loopback with its owner's permit alone, and no longer than that holds",
    { timeout: 120_000 },
    async () => {
      await using server = await Server.start({ demo: true });
      const url = server.url.replace("localhost", outside ?? "");
      const run = rehearse(url, "permitted", "--listeners 20 --over 2s --for 5m --plain");
      await run.says(/rostra rehearsal-permit [0-9a-f]{32}/);
      expect(run.out).not.toContain("came");
      expect(await childrenOf(run.child.pid)).toEqual([]);
      const code = /rehearsal-permit ([0-9a-f]{32})/.exec(run.out)?.[1] ?? "";
      const permit = rostra("rehearsal-permit", code, "--listeners", "20", "--for", "10m", "--data", server.data);
      expect([await permit.exit, permit.out]).toEqual([0, expect.stringContaining("at most 20 listeners")]);
      await run.says(/20 of 20 came, [12]\d play/);
      const withdrawn = rostra("rehearsal-permit", code, "--withdraw", "--data", server.data);
      expect(await withdrawn.exit).toBe(0);
      expect([3, 4]).toContain(await run.exit);
      expect((await record("permitted")).interrupted).toMatchObject({ key: "ended.permit" });
    },
  );
});
