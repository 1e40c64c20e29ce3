import { join } from "node:path";
import { createPublicKey } from "node:crypto";
import { readFile } from "node:fs/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { verifyChain } from "../../evidence/verify.ts";
import { seriesOf } from "../../verdict/series.ts";
import type { EvidenceRecord } from "../../wire/evidence.ts";
import { evidenceFolder, publicKeyFile } from "../edge/evidence-folder.ts";
import { Diary, maxActs } from "./diary.ts";
import { TestControl } from "./testing/control.ts";

let control: TestControl;
beforeEach(async () => {
  control = await TestControl.open();
});
afterEach(() => control.end());

/** What stands in control's chain once it has ended; all of it holds. */
async function written(): Promise<EvidenceRecord[]> {
  await control.stop();
  const key = createPublicKey(await readFile(publicKeyFile(control.data)));
  const records: EvidenceRecord[] = [];
  const folder = join(evidenceFolder(control.data), "control");
  expect((await verifyChain(folder, key, { hear: (record) => records.push(record) })).breaks).toEqual([]);
  return records;
}
const saysOf = (records: readonly EvidenceRecord[]): string[] =>
  records.flatMap((record) => (record.t === "act" ? [`${record.act}: ${record.says}`] : []));

test("EV-24 control writes down what became of Spaces, who was let on stage, and what was told to whom, and names nobody", async () => {
  const space = await control.space({ title: "A talk with Somebody" });
  const when = control.now - 60_000;
  const told = { says: "a post", at: new Date(when).toISOString() };
  expect((await control.ask("POST", `/spaces/${space.id}/told`, { body: told })).status).toBe(204);
  await control.speak(space.id, await control.invite(space.id, "speaker"));
  await control.ask("PATCH", `/spaces/${space.id}`, { body: { title: "Another" } });
  const desk = await control.join(space.id, await control.hostToken(space.id), "Anna Arbor");
  desk.send({ t: "notice", text: "Anna comes later" });
  await desk.next("room", ({ notice }) => notice !== "");
  const records = await written();
  expect(records.map(({ t }) => t).filter((t) => t === "begin" || t === "end")).toEqual(["begin", "end"]);
  const says = saysOf(records);
  expect(says).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^space: "[^"]+" was made, for /),
      `said: of "${space.slug}": a post`,
      `space: "${space.slug}" has another title`,
      `notice: "${space.slug}": the host wrote to everybody`,
      expect.stringMatching(/^stage: .*[1-9] on stage$/),
    ]),
  );
  expect(says.join("\n")).not.toMatch(/Anna|Arbor|Somebody/);
  const { marks } = seriesOf([{ name: "control", records }]);
  expect(marks.find(({ kind }) => kind === "said")).toMatchObject({ at: when, what: `of "${space.slug}": a post` });
});

test("EV-24 that people were told is written down by the owner or the host alone, and within the last day", async () => {
  const space = await control.space();
  const tell = (body: unknown, more = {}) => control.ask("POST", `/spaces/${space.id}/told`, { body, ...more });
  expect((await tell({}, { signedIn: false })).status).toBe(401);
  expect((await tell({ at: "2001-01-01T00:00:00Z" })).json).toMatchObject({ code: "invalid-body", pointer: "/at" });
  expect((await tell({ says: "x".repeat(300) })).json).toMatchObject({ code: "invalid-body", pointer: "/says" });
  expect((await tell({}, { token: await control.hostToken(space.id) })).status).toBe(204);
  expect(saysOf(await written())).toContain(`said: of "${space.slug}"`);
});

test("EV-25 prices are written down as sums of ten seconds, and acts over the cap as one", async () => {
  const records: { t: string }[] = [];
  let now = 1_000_000;
  const zero = { new: 0, slow: 0, persisting: 0 };
  let prices = { given: zero, answered: zero, waited: zero, refused: 0 };
  const spaces: unknown[] = [];
  const director = { spaces, now: () => ({ wall: now, timeline: now }), watch: () => {} };
  const append = async (body: { t: string }): Promise<void> => void records.push(body);
  const diary = new Diary({ director: director as never, append, prices: () => prices });
  diary.begin({ version: "1", process: "control", succeeds: false, configuration: {} });
  diary.look();
  prices = { ...prices, given: { new: 5, slow: 2, persisting: 9 }, answered: { ...zero, new: 3 }, refused: 4 };
  for (let i = 0; i < maxActs + 7; i++)
    spaces.push({
      id: `s${i}`,
      record: { slug: `s${i}`, title: "", startAt: now, visibility: "public", notice: "" },
      status: () => "lobby",
      life: { kind: "lobby" },
      room: { stage: [] },
      asked: { level: 0 },
    });
  now += 10_000;
  diary.look();
  expect(records.filter(({ t }) => t === "tally")).toEqual([
    {
      t: "tally",
      from: 1_000_000,
      counts: { pricesTold: 16, pricesToldPersisting: 9, pricesPaid: 3, answersRefused: 4 },
    },
  ]);
  expect(records.filter(({ t }) => t === "act")).toHaveLength(maxActs + 1);
  expect(records.at(-1)).toMatchObject({ says: "7 other changes of Spaces" });
  now += 10_000;
  diary.look();
  expect(records.filter(({ t }) => t === "tally")).toHaveLength(1);
});
