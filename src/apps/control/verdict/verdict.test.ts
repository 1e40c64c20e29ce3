import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Chain } from "../../../evidence/chain.ts";
import { signingKey } from "../../../evidence/seal.ts";
import { measured } from "../../../rehearsal/report/records.fixture.ts";
import { type Scenario, stage } from "../../../verdict/synthetic/scenarios.ts";
import type { Space } from "../../../wire/api.ts";
import type { VerdictTold } from "../../../wire/verdict.ts";
import { openSecrets } from "../../../store/secrets.ts";
import { evidenceFolder } from "../../edge/evidence-folder.ts";
import { capacityOf } from "../../verdict/proven.ts";
import { TestControl } from "../testing/control.ts";
import { maxKept, maxWaiting } from "./desk.ts";
import { eveningOf } from "./routes.ts";

let control: TestControl;
beforeEach(async () => {
  control = await TestControl.open();
});
afterEach(() => control.end());

/** Writes down a made-up evening that ends about now, as an edge would have, in which the Space is told of. */
async function evidence({ id, slug, title }: Space, scenario: Scenario): Promise<void> {
  const { records } = stage(scenario).evidence;
  const shift = Math.floor((control.now - (records.at(-1)?.at ?? 0)) / 10_000) * 10_000;
  const process = "edge-1";
  const key = signingKey((await openSecrets(control.data)).key("evidence"));
  await mkdir(evidenceFolder(control.data), { recursive: true });
  let at = (records[0]?.at ?? 0) + shift;
  const chain = await Chain.open({ folder: join(evidenceFolder(control.data), process), process, key, now: () => at });
  const startAt = control.now - 200_000;
  await chain.append({ t: "space", id, slug, title, status: "live", hold: false, startAt });
  for (const { at: then, ...body } of records) {
    at = then + shift;
    if (body.t === "window") await chain.append({ ...body, from: body.from + shift });
    else if (body.t !== "space") await chain.append(body);
  }
  await chain.close();
}

/** Goes on to two seconds after a whole ten: what was answered before is old, and what is answered then is believed for a while. */
const goOn = (): void => {
  control.offset += (Math.floor(control.now / 10_000) + 2) * 10_000 + 2000 - control.now;
};
const ask = (space: string, token?: string) => control.ask("GET", `/spaces/${space}/verdict`, token ? { token } : {});

test("CO-85 the owner and the host are told what the load was, from what the edges wrote down, and nobody else is", async () => {
  const space = await control.space();
  goOn();
  const none = await ask(space.id);
  expect([none.status, none.json.code]).toEqual([404, "no-evidence"]);
  await evidence(space, { seed: 21, crowd: "announced", attack: "request-flood", share: 0.6 });
  // What was answered a moment ago is still believed.
  expect((await ask(space.id)).status).toBe(404);
  goOn();
  const { status, json } = await ask(space.id);
  const told = json as VerdictTold;
  expect(status).toBe(200);
  const { crowd, attack, fault, unknown } = told.shares;
  expect(crowd.share + attack.share + fault.share + unknown.share).toBeCloseTo(1);
  expect(["attack-in-crowd", "attack", "cannot-tell"]).toContain(told.kind);
  expect(told).toMatchObject({ chains: 2, broken: [], elsewhere: 0, url: `/api/v1/spaces/${space.id}/verdict.html` });
  expect(told.curves.players.length).toBe(told.curves.load.attack.length);
  expect(told.episodes.every(({ speaksFor }) => speaksFor.length > 0)).toBe(true);

  const page = await control.ask("GET", `/spaces/${space.id}/verdict.html`);
  expect(page.headers["content-security-policy"]).toContain("sandbox");
  expect(page.text).toContain("Whose the load was");
  expect(page.text).not.toContain(control.data);
  expect((await control.ask("GET", `/spaces/${space.id}/verdict`, { signedIn: false })).status).toBe(401);
  expect((await ask(space.id, await control.invite(space.id, "speaker"))).status).toBe(401);
  expect((await ask(space.id, await control.hostToken(space.id))).status).toBe(200);
});

test("CO-86 one verdict is made at a time, few wait, and it is believed until there is something new", async () => {
  const spaces = await Promise.all(Array.from({ length: maxWaiting + 2 }, (_, i) => control.space({ title: `S${i}` })));
  goOn();
  const codes = (await Promise.all(spaces.map(({ id }) => ask(id)))).map(({ json }) => String(json.code));
  expect(codes.filter((code) => code === "verdict-busy")).toHaveLength(2);
  expect(codes.filter((code) => code === "no-evidence")).toHaveLength(maxWaiting);
  expect(maxKept).toBeGreaterThanOrEqual(maxWaiting);
  const [first] = spaces;
  if (!first) throw new Error("there is no Space");
  await evidence(first, { seed: 12, crowd: "announced" });
  goOn();
  const one = (await ask(first.id)).json as VerdictTold;
  expect(((await ask(first.id)).json as VerdictTold).at).toBe(one.at);
  goOn();
  expect(((await ask(first.id)).json as VerdictTold).at).not.toBe(one.at);
});

test("CO-87 an evening is judged from before its minute until after its end, in whole ten seconds, and never without end", () => {
  const startAt = 1_700_000_000_000;
  const space = { id: "s", startAt, liveAt: startAt + 4321, endedAt: null } as Parameters<typeof eveningOf>[0];
  const minute = 60_000;
  expect(eveningOf(space, startAt + 3 * minute)).toEqual({
    space: "s",
    from: startAt - 5 * minute,
    to: startAt + 3 * minute + 10_000,
    isOver: false,
  });
  const long = eveningOf(space, startAt + 600 * minute);
  expect(long.to - long.from).toBeLessThanOrEqual(60 * minute + 20_000);
  const over = eveningOf({ ...space, endedAt: startAt + 30 * minute }, startAt + 9000 * minute);
  expect(over).toMatchObject({ from: startAt - 5 * minute, to: startAt + 32 * minute + 10_000, isOver: true });
});

test("CO-88 a rehearsal that kept its promises has proven what it had seated; one that broke some, or ended early, nothing", () => {
  const { interrupted: _, ...run } = measured();
  const capacity = capacityOf(run);
  expect(capacity).toMatchObject({ players: 4958, joinsPerSecond: 496 });
  expect(capacity?.provedBy).toContain("not every promise could be measured");
  expect(capacityOf(measured())).toBeUndefined();
  expect(capacityOf({ ...run, kind: "plan" })).toBeUndefined();
  const broken = run.promises.map((one) => ({ ...one, verdict: "broken" as const }));
  expect(capacityOf({ ...run, promises: broken })).toBeUndefined();
});
