import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { spacesContract } from "./spaces.contract.ts";
import { ownersContract } from "./owners.contract.ts";
import { newSpace } from "./store.test-values.ts";
import { maxSettingBytes, type Store } from "./store.ts";

/** What a driver's test gives the suite: how to open a store on one and the same database, again and again. */
export interface Subject {
  open(): Promise<Store>;
}

/** Every driver passes this suite; see `docs/rules/store.md`. */
export function storeContract(name: string, subject: Subject): void {
  describe(name, () => {
    let store: Store;
    beforeAll(async () => {
      store = await subject.open();
    });
    afterAll(() => store.end());
    const current = (): Store => store;

    spacesContract(current);
    ownersContract(current);

    test("DB-20 what was written is there after the store was closed and opened again", async () => {
      const first = await subject.open();
      const made = await first.spaces.create(newSpace({ title: "Kept" }), "scheduled by the owner");
      await first.settings.set("kept", { a: [1, "zwei", null, true] });
      await first.end();
      const second = await subject.open();
      try {
        expect(made.ok && (await second.spaces.get(made.space.id))).toEqual(made.ok && made.space);
        expect(await second.settings.get("kept")).toEqual({ a: [1, "zwei", null, true] });
      } finally {
        await second.end();
      }
    });

    test("DB-21 ending twice is safe, and a closed store answers store-unavailable", async () => {
      const other = await subject.open();
      await Promise.all([other.end(), other.end()]);
      await other.end();
      await expect(other.settings.get("any")).rejects.toMatchObject({ code: "store-unavailable", status: 503 });
      await expect(other.sweep(0)).rejects.toMatchObject({ code: "store-unavailable" });
    });

    test("DB-22 two stores that open at once migrate once and both work", async () => {
      const both = await Promise.all([subject.open(), subject.open()]);
      for (const [index, one] of both.entries()) await one.settings.set(`together-${index}`, index);
      expect(await both[1]?.settings.get("together-0")).toBe(0);
      expect(await both[0]?.settings.get("together-1")).toBe(1);
      await Promise.all(both.map((one) => one.end()));
    });

    test("DB-12 a setting is replaced whole; one never set is undefined, one set to null is null", async () => {
      expect(await store.settings.get("never")).toBeUndefined();
      await store.settings.set("colour", { red: 1 });
      await store.settings.set("colour", { blue: 2 });
      expect(await store.settings.get("colour")).toEqual({ blue: 2 });
      await store.settings.set("colour", null);
      expect(await store.settings.get("colour")).toBeNull();
    });

    test("DB-12 a setting that is too large or no JSON is refused", async () => {
      const refused = { code: "setting-not-storable", status: 400 };
      await expect(store.settings.set("large", "x".repeat(maxSettingBytes))).rejects.toMatchObject(refused);
      await expect(store.settings.set("nothing", undefined)).rejects.toMatchObject(refused);
      expect(await store.settings.get("large")).toBeUndefined();
    });
  });
}
