import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { afterEach, beforeEach, expect, test } from "vitest";
import { actionOn } from "../../exports/action.fixture.ts";
import { refusedFrom } from "../../exports/offenders.ts";
import { type Action, dryRunMs } from "../../exports/recommendations.ts";
import { anchoredClock, newAnchor } from "../../foundation/clock.ts";
import { listenUnix, sendJson } from "../../foundation/link.ts";
import { createLog, silentLog } from "../../foundation/log.ts";
import { Meter } from "../../foundation/meter.ts";
import { Scope } from "../../foundation/scope.ts";
import { addressBudget } from "../../shield/budgets.ts";
import { openSecrets } from "../../store/secrets.ts";
import { evidenceRecordSchema } from "../../wire/evidence-schema.ts";
import { makeShield } from "./guard.ts";
import { openEvidence } from "./evidence.ts";
import { actionBody, Exports } from "./exports.ts";
import { exportsChoice } from "./exports-choice.ts";
import { playingAnswer } from "./playing-elsewhere.ts";

let folder: string;
let scope: Scope;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "exports-"));
  scope = new Scope();
});
afterEach(async () => {
  await scope.end();
  await rm(folder, { recursive: true });
});

const connection = { destroyed: false, bytesRead: 0, bytesWritten: 0, destroy: () => {} };
type Arriving = Parameters<ReturnType<typeof makeShield>["arrive"]>[1];

/** Exports with a real shield, a list of who plays, and time in steps of five seconds. */
async function exporting(env: NodeJS.ProcessEnv = {}) {
  const choice = exportsChoice({ ROSTRA_EXPORTS: "log", ...env });
  if (!choice) throw new Error("nothing is exported");
  const actions: Action[] = [];
  const logged: string[] = [];
  const meter = new Meter();
  const exports = new Exports({
    choice,
    run: folder,
    clock: anchoredClock(newAnchor()),
    log: createLog({ process: "edge-1", write: (line) => logged.push(line) }),
    meter,
    scope,
    secrets: await openSecrets(folder),
    name: "edge-1",
    socket: join(folder, "edge-1.sock"),
    onAction: (action) => actions.push(action),
  });
  const shield = makeShield(new Meter(), "k".repeat(43), exports.heard);
  const playing: string[] = [];
  const refuse = (address: string): void => {
    for (let spent = 0; spent < 3 * addressBudget; spent += 2) shield.saw(address, "bad-request");
    for (let refused = 0; refused < refusedFrom + 10;)
      if (shield.arrive(address, connection as unknown as Arriving) !== "yes") refused++;
  };
  const look = (): Promise<void> => exports.look({ playing: () => playing }, shield);
  return { exports, shield, playing, actions, logged, meter, refuse, look };
}

test("EX-2 only connections that were accepted count: not what a proxy's header says, nor what somebody did", async () => {
  const { shield, actions, look } = await exporting();
  for (let spent = 0; spent < 3 * addressBudget; spent += 2) shield.saw("198.51.100.7", "bad-request");
  for (let i = 0; i < 5000; i++) shield.admit("198.51.100.7");
  expect(shield.admit("198.51.100.7")).not.toBe("yes");
  await look();
  expect(actions).toEqual([]);
  for (let i = 0; i < refusedFrom + 10; i++) shield.arrive("198.51.100.7", connection as unknown as Arriving);
  await look();
  expect(actions).toMatchObject([{ what: "would-block", prefix: { text: "198.51.100.7/32" } }]);
});

test("EX-52 what is told and done stands in the log, in metrics, at the admin socket, in the file, and for the evidence without an address", async () => {
  const path = join(folder, "shield.log");
  const { exports, actions, logged, meter, playing, refuse, look } = await exporting({
    ROSTRA_EXPORTS: `log,file=${path}`,
  });
  playing.push(...Array<string>(200).fill("192.0.2.1"));
  refuse("198.51.100.7");
  await look();
  expect(actions).toMatchObject([{ what: "would-block", hits: 0, of: 200 }]);
  await exports.settled();
  expect(await readFile(path, "utf8")).toMatch(
    / rostra-shield\[edge-1\]: would-block prefix=198\.51\.100\.7\/32 .* of=200 /,
  );
  expect(logged.map((line) => JSON.parse(line) as object)).toMatchObject([
    { event: "shield-export", what: "would-block", prefix: "198.51.100.7/32" },
  ]);
  expect(meter.expose()).toContain('rostra_exports_total{what="would-block"} 1');
  expect(exports.report).toMatchObject({
    outputs: ["log", "file"],
    rules: [{ state: "would-block", prefix: "198.51.100.7/32" }],
    told: [{ what: "would-block", prefix: "198.51.100.7/32" }],
  });
  const [body, address] = actionBody(actions[0] as Action);
  expect(body).toEqual({
    what: "would-block",
    width: 32,
    reason: "came on although refused",
    seconds: 60,
    hits: 0,
    of: 200,
  });
  expect([JSON.stringify(body).includes("198.51"), address]).toEqual([false, "198.51.100.7"]);
});

test("EX-12 EX-13 an attack from where others listen, or an edge of ours speaks, has nobody shut out, and it is told why", async () => {
  const { shield, actions, meter, refuse, look } = await exporting();
  let bytesWritten = 0;
  const listens = {
    ...connection,
    get bytesWritten() {
      return bytesWritten;
    },
  };
  for (const _ of Array(10).keys()) shield.arrive("100.64.0.1", listens as unknown as Arriving);
  for (let looks = 1; looks < 6; looks++, bytesWritten += 4000) shield.tick(performance.now() + 1100 * looks);
  expect(shield.counts.behaved).toBe(10);
  shield.vouch("203.0.113.5", 20);
  for (const address of ["100.64.0.1", "203.0.113.5"]) refuse(address);
  await look();
  await look();
  const told = actions.map(({ what, prefix, guard }) => `${what} ${prefix.text} ${guard}`);
  expect(told.toSorted()).toEqual(["refused-by-guard 100.64.0.1/32 busy", "refused-by-guard 203.0.113.5/32 own"]);
  expect(meter.expose()).toContain('rostra_exports_refused_total{guard="busy"} 1');
});

test("EX-51 the other processes of the machine are asked who plays, and one that does not say makes it not known", async () => {
  const { actions, playing, refuse, look } = await exporting();
  playing.push("192.0.2.1");
  let says: "who" | "nothing" = "who";
  const other = await listenUnix(
    join(folder, "edge-2.sock"),
    async (request, response) => {
      if (says === "nothing") return void request.socket.destroy();
      const addresses = [...Array<string>(98).fill("192.0.2.1"), "198.51.100.7"];
      sendJson(response, 200, await playingAnswer(addresses, new URL(request.url ?? "", "http://rostra").searchParams));
    },
    silentLog,
  );
  scope.onEnd(() => void other.close());
  refuse("198.51.100.7");
  await look();
  expect(actions).toMatchObject([{ what: "would-block", hits: 1, of: 100 }]);
  says = "nothing";
  refuse("203.0.113.7");
  await look();
  expect(actions.slice(1)).toMatchObject([
    { what: "refused-by-guard", guard: "not-known", prefix: { text: "203.0.113.7/32" } },
  ]);
});

test("EX-52 a chain of evidence holds what was done, signed, and no address", async () => {
  const options = { data: folder, clock: anchoredClock(newAnchor()), log: silentLog, meter: new Meter(), scope };
  const begin = { version: "1", succeeds: false, configuration: {} };
  const secrets = await openSecrets(folder);
  const evidence = await openEvidence({
    ...options,
    secrets,
    shared: "k",
    process: "edge-1",
    begin,
    why: () => "stopped",
  });
  evidence.acted(
    ...actionBody(
      actionOn("198.51.100.7", { what: "refused-by-guard", guard: "allowed", reason: "198.51.100.0/28 is allowed" }),
    ),
  );
  const chain = join(folder, "evidence", "edge-1", "000000000000.log");
  const text = (): Promise<string> => readFile(chain, "utf8").catch(() => "");
  await expect.poll(text, { timeout: 10_000 }).toContain('"t":"action"');
  const record = (await text()).split("\n").find((line) => line.includes('"t":"action"')) ?? "";
  const body = v.parse(evidenceRecordSchema, JSON.parse(record.slice(record.indexOf("{"))));
  expect(body).toMatchObject({ what: "refused-by-guard", reason: "allowed", width: 32, hits: 0, of: 5012 });
  expect(record).not.toContain("198.51");
});

test("EX-52 at first nothing is told, looked at or counted, and the figures are told to whom it belongs", async () => {
  const { exports, actions, look } = await exporting();
  let walks = 0;
  const edge = { playing: () => (walks++, []) };
  await exports.look(edge, { isBusy: () => false });
  await look();
  expect([walks, actions, exports.report]).toEqual([0, [], { outputs: ["log"], rules: [], told: [] }]);
});

test.each([
  ["log", [{ to: "log" }]],
  [
    "file=/var/log/rostra.log,shieldd",
    [
      { to: "file", path: "/var/log/rostra.log" },
      { to: "shieldd", socket: undefined },
    ],
  ],
  ["haproxy=/run/a.sock:/etc/b.map", [{ to: "haproxy", socket: "/run/a.sock", map: "/etc/b.map" }]],
  ["webhook=https://edge.example.org/hook?x=1", [{ to: "webhook", url: new URL("https://edge.example.org/hook?x=1") }]],
  ["webhook=http://127.0.0.1:9000/", [{ to: "webhook", url: new URL("http://127.0.0.1:9000/") }]],
])("EX-50 %s is understood", (text, outputs) => {
  expect(exportsChoice({ ROSTRA_EXPORTS: text })).toEqual({ outputs, allow: [], dryRunMs });
});

test.each([
  { ROSTRA_EXPORTS: "iptables" },
  { ROSTRA_EXPORTS: "file=here.log" },
  { ROSTRA_EXPORTS: "log=/x" },
  { ROSTRA_EXPORTS: "haproxy=/run/a.sock" },
  { ROSTRA_EXPORTS: "haproxy=/run/a.sock:/etc/b.map;shutdown" },
  { ROSTRA_EXPORTS: "webhook=http://cdn.example.org/hook" },
  { ROSTRA_EXPORTS: "webhook=http://127.0.0.1.example.org/" },
  { ROSTRA_EXPORTS: "webhook=https://user:secret@cdn.example.org/" },
  { ROSTRA_EXPORTS: "log", ROSTRA_EXPORTS_ALLOW: "10.0.0.0/33" },
  { ROSTRA_EXPORTS_ALLOW: "everybody" },
  { ROSTRA_EXPORTS: "log", ROSTRA_EXPORTS_DRY_RUN: "0" },
])("EX-50 %j is refused at the start", (env) => {
  expect(() => exportsChoice(env)).toThrow(expect.objectContaining({ code: "usage" }));
});

test("EX-11 whom an edge believes is allowed, written as it may be there", async () => {
  expect(exportsChoice({})).toBeUndefined();
  const { actions, refuse, look } = await exporting({ ROSTRA_TRUSTED_PROXIES: "198.51.100.9/24" });
  refuse("198.51.100.7");
  await look();
  expect(actions).toMatchObject([{ what: "refused-by-guard", guard: "allowed" }]);
});
