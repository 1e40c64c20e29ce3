import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { measured } from "../../../rehearsal/report/records.fixture.ts";
import type { RehearsalRecord } from "../../../rehearsal/report/record.ts";
import type { Space } from "../../../wire/api.ts";
import type { RunCheck, RunCheckName, RunSheet } from "../../../wire/run-sheet.ts";
import { type Reply, TestControl, until } from "../testing/control.ts";

let control: TestControl;
let space: Space;
beforeEach(async () => {
  control = await TestControl.open();
  const startAt = new Date(control.now + 3 * 3_600_000).toISOString();
  space = await control.space({ title: "An evening", startAt });
});
afterEach(() => control.end());

const ask = (method: string, path: string, options?: Parameters<TestControl["ask"]>[2]): Promise<Reply> =>
  control.ask(method, `/spaces/${space.id}${path}`, options);
const sheet = async (query = ""): Promise<RunSheet> => (await ask("GET", `/run-sheet${query}`)).json as RunSheet;
const check = ({ moments }: RunSheet, id: RunCheckName): RunCheck =>
  moments.flatMap(({ checks }) => checks).find((one) => one.id === id) as RunCheck;
const told = ({ moments }: RunSheet, id: RunCheckName): string => {
  const { state, says } = check({ moments } as RunSheet, id);
  return `${state} ${says.key}`;
};
/** A run against the Space's rehearsal in which every promise held. */
const run = (slug: string, more: Partial<RehearsalRecord> = {}): RehearsalRecord => {
  const { interrupted: _why, ...record } = measured();
  return {
    ...record,
    promises: record.promises.map((one) => ({ ...one, verdict: "held" as const })),
    command: `rostra rehearse --target http://localhost:8080 --space ${slug} --listeners 5k --out r.json`,
    ...more,
  };
};
const packed = (value: unknown): { body: string | Buffer; headers: Record<string, string> } => ({
  body: gzipSync(JSON.stringify(value)),
  headers: { "content-type": "application/gzip" },
});
const rehearsal = async (): Promise<Space> => (await ask("POST", "/rehearsal")).json as Space;

test("CO-53 the expected audience gets a plan from a process of its own", async () => {
  expect(told(await sheet(), "plan")).toBe("due planNoAudience");
  const edge = { cores: 4, nic: 1_000_000_000, memory: 8 * 2 ** 30, tls: false };
  const audience = { listeners: 20_000, over: 60, lasts: 600, edge };
  const said = await ask("PUT", "/run-sheet/audience", { body: audience });
  expect(said.status).toBe(200);
  expect((said.json as RunSheet).audience).toEqual(audience);
  expect(told(said.json as RunSheet, "plan")).toBe("later planWorking");
  // It has the lowest priority: on a busy machine it takes its time.
  await expect.poll(async () => (await sheet()).plan !== null, { timeout: 60_000 }).toBe(true);
  const { plan, ...rest } = await sheet();
  expect(plan).toMatchObject({ verdict: "go", edges: expect.any(Number) });
  expect(told({ plan, ...rest }, "plan")).toBe("green plan");
  // Nobody tells of an edge here.
  expect(check({ plan, ...rest }, "edges")).toMatchObject({
    state: "failed",
    says: { key: "edgesFew", values: { there: 0, n: plan?.edges } },
    action: { key: "edgesStart" },
  });
  const record = await control.ask("GET", plan?.url ?? "");
  expect(record.json).toMatchObject({ kind: "plan", command: expect.stringContaining("--listeners 20000") });
  const page = await control.ask("GET", `${plan?.url}?lang=fr`, { headers: { accept: "text/html" } });
  expect(page.headers["content-type"]).toBe("text/html; charset=utf-8");
  expect(String(page.headers["content-security-policy"])).toContain("sandbox");
  expect(page.text).toContain('<html lang="fr">');
}, 90_000);

test("CO-53 what cannot be planned says why, and one plan is made at a time", async () => {
  const body = { listeners: 1000, over: 86_400, lasts: 60 };
  expect((await ask("PUT", "/run-sheet/audience", { body })).status).toBe(200);
  await expect.poll(async () => told(await sheet(), "plan"), { timeout: 60_000 }).toBe("failed planFailed");
  expect(check(await sheet(), "plan").says.values["why"]).toMatch(/\w{4}/);
  const others = await Promise.all([1, 2, 3].map((n) => control.space({ title: `Other ${n}` })));
  // Some ten seconds of one core, whatever this machine is.
  const edge = { cores: 2, nic: 1_000_000_000, memory: 8e9, tls: false };
  const long = { listeners: 8_000_000, over: 60, lasts: 7200, edge };
  const answers = [];
  for (const { id } of others) {
    answers.push(await control.ask("PUT", `/spaces/${id}/run-sheet/audience`, { body: long }));
  }
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 503]);
  expect(answers[2]?.json).toMatchObject({ code: "plan-busy" });
  // A newer wish takes the older one's place, also where no more are taken.
  for (const { id } of others.slice(0, 2)) {
    const again = await control.ask("PUT", `/spaces/${id}/run-sheet/audience`, { body: { ...long, listeners: 7e6 } });
    expect(again.status).toBe(200);
    expect(told(again.json as RunSheet, "plan")).toBe("later planWorking");
  }
}, 90_000);

test("CO-54 the record of a run against the rehearsal turns its check green, and is shown as a page", async () => {
  const { slug } = await rehearsal();
  expect(told(await sheet(), "rehearsal")).toBe("todo reportMissing");
  const taken = await ask("POST", "/rehearsal/report", { body: run(slug) });
  expect(taken.status).toBe(200);
  expect(told(taken.json as RunSheet, "rehearsal")).toBe("green report");
  const { report } = await sheet();
  expect(report).toMatchObject({ verdict: "go", listeners: 5000, title: "A rehearsal" });
  const page = await control.ask("GET", report?.url ?? "", { headers: { accept: "text/html,*/*" } });
  expect(page.text).toContain("<!doctype html>");
  expect(page.text).not.toContain("<script");

  const broken = run(slug);
  const [first, ...others] = broken.promises;
  const noGo = { ...broken, promises: [{ ...first, verdict: "broken" }, ...others] };
  expect((await ask("POST", "/rehearsal/report", packed(noGo))).status).toBe(200);
  const after = await sheet();
  expect(check(after, "rehearsal")).toMatchObject({ state: "failed", action: { key: "reportRead" } });
  await control.stop();
  await control.start();
  expect((await sheet()).report).toEqual(after.report);
});

test("CO-54 a record that is none, of another rehearsal, a plan's, or too large is refused", async () => {
  const { slug } = await rehearsal();
  const refused = async (options: Parameters<TestControl["ask"]>[2]): Promise<string> => {
    const { status, json } = await ask("POST", "/rehearsal/report", options);
    return `${status} ${json.code}`;
  };
  expect(await refused({ body: {} })).toBe("400 invalid-body");
  expect(await refused({ body: { ...run(slug), findings: [{ key: "nothing.of.ours" }] } })).toBe("400 invalid-body");
  let deep: unknown = "text";
  for (let n = 0; n < 50; n++) deep = { key: "list", values: { before: deep, last: "" } };
  expect(await refused({ body: { ...run(slug), findings: [deep] } })).toBe("400 invalid-body");
  expect(await refused({ body: run(slug, { kind: "plan" }) })).toBe("400 invalid-body");
  expect(await refused({ body: run("another-space") })).toBe("409 report-other-space");
  expect(await refused({ body: run(slug, { command: "rostra rehearse" }) })).toBe("409 report-other-space");
  expect(await refused(packed({ ...run(slug), title: "x".repeat(5 * 1024 ** 2) }))).toBe("413 too-large");
  const headers = { "content-type": "application/gzip" };
  expect(await refused({ body: Buffer.from("no gzip at all"), headers } as never)).toBe("400 invalid-body");
  expect(await refused({ body: gzipSync("{"), headers } as never)).toBe("400 invalid-body");
  expect((await sheet()).report).toBeNull();
  await ask("DELETE", "/rehearsal");
  expect(await refused({ body: run(slug) })).toBe("409 report-other-space");
});

test("CO-55 the invites are ticked by a person, who and when; what is measured is not", async () => {
  await control.invite(space.id, "speaker");
  await until(async () => check(await sheet(), "invites").says.values["n"] === 1, "the invite to be counted");
  const ticked = (await ask("PUT", "/run-sheet/invites", { body: { done: true } })).json as RunSheet;
  expect(check(ticked, "invites")).toMatchObject({ state: "green", byHand: true, ticked: { by: "Owner" } });
  expect(Date.parse(check(ticked, "invites").ticked?.at ?? "")).toBeGreaterThan(control.now - 60_000);
  const taken = (await ask("PUT", "/run-sheet/invites", { body: { done: false } })).json as RunSheet;
  expect(check(taken, "invites")).toMatchObject({ state: "due", ticked: null });

  const host = await (await control.join(space.id, await control.invite(space.id, "host"), "Ada")).next("welcome");
  const byHost = await ask("PUT", "/run-sheet/invites", { body: { done: true }, token: host.token });
  expect(check(byHost.json as RunSheet, "invites").ticked?.by).toBe("Ada");
  const codes = ["disk", "live", "nothing"].map(async (id) => {
    const { status, json } = await ask("PUT", `/run-sheet/${id}`, { body: { done: true } });
    return `${status} ${json.code}`;
  });
  expect(await Promise.all(codes)).toEqual(["409 check-measured", "409 check-measured", "404 not-found"]);
  expect((await ask("PUT", "/run-sheet/invites", { body: { done: "yes" } })).status).toBe(400);
  expect((await ask("GET", "/run-sheet", { signedIn: false })).status).toBe(401);
});

test("CO-56 disk, clocks and rehearsal are told as they are", async () => {
  const archive = join(control.data, "archive");
  await mkdir(archive);
  control.offset += 2.8 * 3_600_000;
  const first = await sheet();
  expect(told(first, "disk")).toMatch(/ disk(Full)?$/);
  expect(told(first, "recording")).toBe("green recording");
  expect(told(first, "processes")).toBe("failed processesUnknown");
  expect(told(first, "clock")).toBe("green clock");
  expect(told(await sheet(`?clock=${control.now - 60_000}`), "clock")).toBe("failed clockDiffers");
  control.wallOffset = 3000;
  expect(told(await sheet(), "clock")).toBe("failed clockSet");
  control.wallOffset = 0;
  await rm(archive, { recursive: true });
  control.offset += 30_000;
  expect(check(await sheet(), "recording")).toMatchObject({
    says: { key: "recordingFailed", values: { why: "ENOENT" } },
  });

  const { id, slug } = await rehearsal();
  expect(told(await sheet(), "rehearsal-space")).toBe("failed rehearsalSilent");
  await until(() => control.origin.spec(id)?.status === "live");
  control.origin.say({ t: "latest", id, latest: 3, first: 0, hold: false });
  await until(async () => told(await sheet(), "rehearsal-space") === "green rehearsalSpace", "its sound to be seen");
  await ask("PUT", "/run-sheet/audience", { body: { listeners: 1234, over: 30, lasts: 600 } });
  expect((await sheet()).command).toBe(
    `rostra rehearse --target http://rostra.test --space ${slug} --listeners 1234 --arrivals flash --over 30s --for 270s --out rehearsal`,
  );
});

test("CO-56 who is on stage, connected and heard is told as the stage tells it", async () => {
  control.offset += 2.8 * 3_600_000;
  await until(async () => (await control.ask("GET", `/spaces/${space.id}`)).json.status === "lobby", "the lobby");
  await until(() => control.stage.spec(space.id) != null, "the stage to know it");
  expect(told(await sheet(), "speakers")).toBe("todo speakersNone");
  const token = await control.hostToken(space.id);
  await (await control.join(space.id, token)).next("welcome");
  await control.speak(space.id, token);
  await until(async () => told(await sheet(), "speakers") === "todo speakersUnheard", "the owner to be connected");
  control.stage.say({ t: "voices", space: space.id, voices: [{ id: "owner", db: -20, speaking: true }] });
  await until(async () => told(await sheet(), "speakers") === "green speakers", "the owner to be heard");
  const sessions = [{ participant: "owner", lossPercent: 12, jitterMs: 5 }];
  control.stage.say({ t: "health", space: space.id, lagMs: 0, lost: 0, onAir: false, sessions });
  await until(async () => told(await sheet(), "microphones") === "failed microphonesPoor", "the loss to be seen");
  control.origin.say({ t: "latest", id: space.id, latest: 3, first: 0, hold: false });
  await until(async () => told(await sheet(), "hold") === "green hold", "the hold audio to be seen");
  control.origin.sayState(space.id, { edges: ["https://a.test", "https://b.test"] });
  await until(async () => check(await sheet(), "edges").says.values["n"] === 2, "the edges to be counted");
});
