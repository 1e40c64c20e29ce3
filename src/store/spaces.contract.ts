import { expect, test } from "vitest";
import { newId, newSpace } from "./store.test-values.ts";
import { maxListed, type NewSpace, type ParticipantRecord, type SpaceRecord, type Store } from "./store.ts";

/** The part of the contract about Spaces, their changes and who is in them. */
export function spacesContract(current: () => Store): void {
  const make = async (given: Partial<NewSpace> = {}): Promise<SpaceRecord> => {
    const made = await current().spaces.create(newSpace(given), "made by a test");
    if (!made.ok) throw new Error(made.why);
    return made.space;
  };

  test("DB-1 a Space comes back as it was given, by id and by slug, at revision 1", async () => {
    const given = newSpace({
      title: "Über die Zukunft – 未来 🎙️",
      description: "Two\nlines with 'quotes' and \"more\"; -- and $1 ?",
      language: "id-ID",
      visibility: "unlisted",
      status: "lobby",
      epochMs: 1_799_999_990_400,
      liveFrom: 1_800_000_000_960,
      liveAt: 1_800_000_000_960,
      delayMs: 960,
      endedAt: 1_800_000_960_000,
      notice: "Back in a minute",
      demo: true,
      rehearsalOf: "abcdefghijkl",
    });
    const space = await make(given);
    expect(space).toEqual({ ...given, revision: 1 });
    expect(await current().spaces.get(given.id)).toEqual(space);
    expect(await current().spaces.get(given.slug)).toEqual(space);
    expect(await current().spaces.get("there-is-no-such-space")).toBeUndefined();
  });

  test("DB-2 times are kept as whole milliseconds, and text without U+0000", async () => {
    const space = await make({ startAt: 1_800_000_000_000.4, epochMs: 1_799_999_999_999.6, title: "a\0b" });
    expect(space).toMatchObject({ startAt: 1_800_000_000_000, epochMs: 1_800_000_000_000, title: "ab" });
  });

  test("DB-3 a slug that is taken, or is another Space's id, is a typed result and writes nothing", async () => {
    const first = await make();
    const again = newSpace({ slug: first.slug });
    expect(await current().spaces.create(again, "again")).toEqual({ ok: false, why: "slug" });
    expect(await current().spaces.get(again.id)).toBeUndefined();
    expect(await current().spaces.changes(again.id)).toEqual([]);
    const squatter = newSpace({ slug: first.id });
    expect(await current().spaces.create(squatter, "squat")).toEqual({ ok: false, why: "slug" });
  });

  test("DB-4 an update applies its patch, counts the revision and records the change with it", async () => {
    const space = await make();
    const updated = await current().spaces.update(
      space.id,
      1,
      { status: "lobby", epochMs: 1_799_998_200_000, notice: "soon" },
      { at: 1_799_998_200_000.2, why: "30 minutes before the start" },
    );
    const expected = { ...space, status: "lobby", epochMs: 1_799_998_200_000, notice: "soon", revision: 2 };
    expect(updated).toEqual({ ok: true, space: expected });
    expect(await current().spaces.get(space.id)).toEqual(expected);
    expect(await current().spaces.changes(space.id)).toEqual([
      { space: space.id, at: space.createdAt, from: null, to: "scheduled", why: "made by a test" },
      { space: space.id, at: 1_799_998_200_000, from: "scheduled", to: "lobby", why: "30 minutes before the start" },
    ]);
  });

  test("DB-4 an update without a change records none", async () => {
    const space = await make();
    await current().spaces.update(space.id, 1, { title: "Renamed" });
    await current().spaces.update(space.id, 2, {});
    expect(await current().spaces.get(space.id)).toMatchObject({ title: "Renamed", revision: 3 });
    expect(await current().spaces.changes(space.id)).toHaveLength(1);
  });

  test("DB-5 of updates that expect the same revision one wins; the others get the Space as it is now", async () => {
    const space = await make();
    const results = await Promise.all(
      [0, 1, 2, 3, 4].map((n) =>
        current().spaces.update(space.id, 1, { notice: `writer ${n}`, status: "lobby" }, { at: n, why: `writer ${n}` }),
      ),
    );
    const won = results.filter((one) => one.ok);
    expect(won).toHaveLength(1);
    const now = await current().spaces.get(space.id);
    expect(now?.revision).toBe(2);
    for (const lost of results.filter((one) => !one.ok)) {
      expect(lost).toEqual({ ok: false, why: "revision", space: now });
    }
    expect((await current().spaces.changes(space.id)).map((one) => one.why)).toEqual(["made by a test", now?.notice]);
  });

  test("DB-6 an update of a Space that is not there, or to a taken slug, is a typed result and changes nothing", async () => {
    const [first, second] = [await make(), await make()];
    expect(await current().spaces.update(newId(), 1, { title: "x" })).toEqual({ ok: false, why: "unknown" });
    const taken = await current().spaces.update(second.id, 1, { slug: first.slug, title: "x" }, { at: 1, why: "x" });
    expect(taken).toEqual({ ok: false, why: "slug" });
    expect(await current().spaces.get(second.id)).toEqual(second);
    expect(await current().spaces.changes(second.id)).toHaveLength(1);
  });

  test("DB-7 a list filters, orders by start, and pages without losing Spaces that start together", async () => {
    const language = `x-${newId().slice(0, 6)}`;
    const base = 4_000_000_000_000;
    const made: SpaceRecord[] = [];
    for (const n of [0, 1, 1, 1, 2]) made.push(await make({ startAt: base + n, status: "ended", language }));
    await make({ startAt: base + 1, status: "ended", visibility: "unlisted", language });
    await make({ startAt: base + 1, status: "cancelled", language });
    const page = async (order: "latest" | "soonest"): Promise<string[]> => {
      const ids: string[] = [];
      let after: SpaceRecord | undefined;
      for (;;) {
        const some = await current().spaces.list({
          status: ["ended", "replay"],
          visibility: "public",
          order,
          limit: 2,
          ...(after ? { after } : {}),
        });
        ids.push(...some.filter((one) => one.language === language).map((one) => one.id));
        after = some.at(-1);
        if (!after || some.length < 2) return ids;
      }
    };
    const soonest = made.toSorted((a, b) => a.startAt - b.startAt || (a.id < b.id ? -1 : 1)).map((one) => one.id);
    expect(await page("soonest")).toEqual(soonest);
    expect(await page("latest")).toEqual(soonest.toReversed());
    expect((await current().spaces.list({ limit: 1e9 })).length).toBeLessThanOrEqual(maxListed);
    expect(await current().spaces.list({ limit: 0 })).toEqual([]);
    expect(await current().spaces.list({ status: [] })).toEqual([]);
  });

  test("DB-8 the active Spaces are those scheduled, in the lobby, live or on hold, soonest first", async () => {
    const all = ["scheduled", "lobby", "live", "hold", "ended", "replay", "cancelled"] as const;
    const made: SpaceRecord[] = [];
    for (const [n, status] of all.entries()) made.push(await make({ status, startAt: 5_000_000_000_000 - n }));
    const ids = new Set(made.map((one) => one.id));
    const active = (await current().spaces.listActive()).filter((one) => ids.has(one.id));
    expect(active.map((one) => one.status)).toEqual(["hold", "live", "lobby", "scheduled"]);
  });

  const person = (space: string, given: Partial<ParticipantRecord> = {}): ParticipantRecord => ({
    space,
    id: newId(),
    name: "Guest",
    role: "speaker",
    muted: false,
    joinedAt: 1000,
    lastSeenAt: 1000,
    leftAt: null,
    ...given,
  });

  test("DB-9 a participant is made, replaced and removed; when they joined stays", async () => {
    const { id: space } = await make();
    const first = person(space, { muted: true, name: "Näme" });
    await current().participants.upsert(first);
    expect(await current().participants.get(space, first.id)).toEqual(first);
    const changed = { ...first, role: "cohost" as const, muted: false, lastSeenAt: 2000, leftAt: 2000, joinedAt: 1999 };
    await current().participants.upsert(changed);
    expect(await current().participants.get(space, first.id)).toEqual({ ...changed, joinedAt: 1000 });
    await current().participants.remove(space, first.id);
    await current().participants.remove(space, first.id);
    expect(await current().participants.get(space, first.id)).toBeUndefined();
  });

  test("DB-9 participants are listed per Space in the order they joined, all or those present", async () => {
    const [{ id: space }, { id: other }] = [await make(), await make()];
    const late = person(space, { joinedAt: 3000 });
    const gone = person(space, { joinedAt: 2000, leftAt: 2500 });
    const early = person(space, { joinedAt: 1000 });
    const elsewhere = person(other, { id: early.id, role: "host" });
    for (const one of [late, gone, early, elsewhere]) await current().participants.upsert(one);
    expect(await current().participants.list(space)).toEqual([early, gone, late]);
    expect(await current().participants.list(space, { present: true })).toEqual([early, late]);
    expect(await current().participants.list(other)).toEqual([elsewhere]);
  });

  test("DB-11 a Space that is removed takes everything of it along, and its slug is free", async () => {
    const space = await make();
    const somebody = person(space.id);
    await current().participants.upsert(somebody);
    await current().spaces.remove(space.id);
    await current().spaces.remove(space.id);
    expect(await current().spaces.get(space.id)).toBeUndefined();
    expect(await current().spaces.changes(space.id)).toEqual([]);
    expect(await current().participants.get(space.id, somebody.id)).toBeUndefined();
    await make({ slug: space.slug });
  });

  test("DB-11 rehearsals are in no list but their own", async () => {
    const space = await make({ startAt: 6_000_000_000_000 });
    const rehearsal = await make({ startAt: 6_000_000_000_001, rehearsalOf: space.id });
    const listed = async (rehearsals?: boolean): Promise<string[]> =>
      (await current().spaces.list({ limit: maxListed, ...(rehearsals === undefined ? {} : { rehearsals }) }))
        .map(({ id }) => id)
        .filter((id) => id === space.id || id === rehearsal.id);
    expect(await listed()).toEqual([space.id]);
    expect(await listed(false)).toEqual([space.id]);
    expect(await listed(true)).toEqual([rehearsal.id]);
    expect((await current().spaces.listActive()).map(({ id }) => id)).toContain(rehearsal.id);
  });

  test("DB-10 a participant of a Space that is not there is refused", async () => {
    const nowhere = person(newId());
    await expect(current().participants.upsert(nowhere)).rejects.toThrow();
    expect(await current().participants.list(nowhere.space)).toEqual([]);
  });
}
