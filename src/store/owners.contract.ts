import { expect, test } from "vitest";
import { newId } from "./store.test-values.ts";
import type { AccountRecord, Store } from "./store.ts";

/** The part of the contract about the owner: the first claim makes the one account that the later tests use. */
export function ownersContract(current: () => Store): void {
  /** An owner, by a link of its own. */
  const owner = async (name = "Owner"): Promise<AccountRecord> => {
    const hash = newId();
    await current().claims.add({ hash, createdAt: 1, expiresAt: 100 });
    const redeemed = await current().claims.redeem(hash, 50, { id: newId(), name });
    if (!redeemed.ok) throw new Error(redeemed.why);
    return redeemed.account;
  };

  test("DB-13 of claims that come at once, by the same or by several open links, exactly one makes the owner", async () => {
    expect(await current().accounts.owner()).toBeUndefined();
    const links = [newId(), newId(), newId()];
    for (const hash of links) await current().claims.add({ hash, createdAt: 1, expiresAt: 100 });
    const results = await Promise.all(
      [...links, ...links].map((hash, n) => current().claims.redeem(hash, 50.4, { id: newId(), name: `Owner ${n}` })),
    );
    const won = results.filter((one) => one.ok);
    expect(won).toHaveLength(1);
    expect(results.filter((one) => !one.ok).map((one) => one.why)).toEqual(["used", "used", "used", "used", "used"]);
    const account = await current().accounts.owner();
    expect(account).toEqual(won[0]?.account);
    expect(account).toMatchObject({ role: "owner", passwordHash: null, createdAt: 50 });
    expect(await current().accounts.get(account?.id ?? "")).toEqual(account);
  });

  test("DB-13 a later link gives the same account back, with its password, under the new name", async () => {
    const first = await owner();
    await current().accounts.setPassword(first.id, "$argon2id$v=19$…");
    const second = await owner("Renamed");
    expect(second).toEqual({ ...first, name: "Renamed", passwordHash: "$argon2id$v=19$…" });
  });

  test("DB-14 a link that is unknown or expired is refused, and an expired one stays unused", async () => {
    const hash = newId();
    await current().claims.add({ hash, createdAt: 1, expiresAt: 100 });
    const by = { id: newId(), name: "x" };
    expect(await current().claims.redeem(newId(), 50, by)).toEqual({ ok: false, why: "unknown" });
    expect(await current().claims.redeem(hash, 100, by)).toEqual({ ok: false, why: "expired" });
    expect((await current().claims.redeem(hash, 99, by)).ok).toBe(true);
  });

  test("DB-15 a passkey comes back byte by byte, once per credential id", async () => {
    const { id: account } = await owner();
    const publicKey = new Uint8Array([0, 255, 1, 39, 92, 0, 128]);
    const passkey = {
      id: newId(),
      account,
      publicKey,
      counter: 0,
      transports: ["internal", "hybrid"],
      createdAt: 5,
      lastUsedAt: null,
    };
    expect(await current().passkeys.add(passkey)).toBe(true);
    expect(await current().passkeys.add({ ...passkey, createdAt: 6 })).toBe(false);
    expect(await current().passkeys.get(passkey.id)).toEqual(passkey);
    expect(await current().passkeys.list(account)).toContainEqual(passkey);
    await current().passkeys.remove(passkey.id);
    expect(await current().passkeys.get(passkey.id)).toBeUndefined();
  });

  test("DB-16 a signature counter only grows; a key that does not count stays at zero", async () => {
    const { id: account } = await owner();
    const passkey = (id: string): Parameters<Store["passkeys"]["add"]>[0] => ({
      id,
      account,
      publicKey: new Uint8Array([1]),
      counter: 0,
      transports: [],
      createdAt: 5,
      lastUsedAt: null,
    });
    const [counting, still] = [newId(), newId()];
    await current().passkeys.add(passkey(counting));
    await current().passkeys.add(passkey(still));
    expect(await current().passkeys.used(counting, 7, 10)).toBe(true);
    expect(await current().passkeys.used(counting, 7, 11)).toBe(false);
    expect(await current().passkeys.used(counting, 0, 12)).toBe(false);
    expect(await current().passkeys.get(counting)).toMatchObject({ counter: 7, lastUsedAt: 10 });
    expect(await current().passkeys.used(still, 0, 10)).toBe(true);
    expect(await current().passkeys.used(still, 0, 11)).toBe(true);
    expect(await current().passkeys.used(newId(), 0, 11)).toBe(false);
    const raced = await Promise.all([8, 8, 8].map((counter) => current().passkeys.used(counting, counter, 20)));
    expect(raced.filter(Boolean)).toHaveLength(1);
  });

  test("DB-17 a session lives until it is removed; all of an account end but the one named", async () => {
    const { id: account } = await owner();
    const [kept, other, third] = [newId(), newId(), newId()];
    for (const hash of [kept, other, third]) {
      await current().sessions.create({ hash, account, createdAt: 1, expiresAt: 100 });
    }
    await current().sessions.extend(kept, 200.6);
    expect(await current().sessions.get(kept)).toEqual({ hash: kept, account, createdAt: 1, expiresAt: 201 });
    await current().sessions.remove(other);
    expect(await current().sessions.get(other)).toBeUndefined();
    await current().sessions.removeOf(account, kept);
    expect(await current().sessions.get(third)).toBeUndefined();
    expect(await current().sessions.get(kept)).toBeDefined();
    await current().sessions.removeOf(account);
    expect(await current().sessions.get(kept)).toBeUndefined();
  });

  test("DB-18 a challenge is spent once, however many try", async () => {
    const hash = newId();
    const spent = await Promise.all([1, 2, 3, 4].map(() => current().challenges.spend(hash, 100)));
    expect(spent.filter(Boolean)).toHaveLength(1);
    expect(await current().challenges.spend(newId(), 100)).toBe(true);
  });

  test("DB-19 a sweep removes what expired, and only that", async () => {
    const { id: account } = await owner();
    const [old, fresh] = [newId(), newId()];
    await current().sessions.create({ hash: old, account, createdAt: 1, expiresAt: 1000 });
    await current().sessions.create({ hash: fresh, account, createdAt: 1, expiresAt: 1001 });
    await current().challenges.spend(old, 1000);
    await current().challenges.spend(fresh, 1001);
    await current().claims.add({ hash: old, createdAt: 1, expiresAt: 1000 });
    await current().claims.add({ hash: fresh, createdAt: 1, expiresAt: 1001 });
    await current().sweep(1000);
    expect(await current().sessions.get(old)).toBeUndefined();
    expect(await current().sessions.get(fresh)).toBeDefined();
    expect(await current().challenges.spend(old, 9000)).toBe(true);
    expect(await current().challenges.spend(fresh, 9000)).toBe(false);
    const by = { id: newId(), name: "x" };
    expect(await current().claims.redeem(old, 500, by)).toEqual({ ok: false, why: "unknown" });
    expect((await current().claims.redeem(fresh, 500, by)).ok).toBe(true);
    expect(await current().accounts.get(account)).toBeDefined();
  });
}
