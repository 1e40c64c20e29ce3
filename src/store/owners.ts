import { sql } from "kysely";
import type { Database } from "./database.ts";
import { type PasskeyRow, storable } from "./schema.ts";
import type { Accounts, Challenges, Claims, PasskeyRecord, Passkeys, Redeemed, Sessions } from "./store.ts";

/** The owner's account and the ways into it. */

export function accounts(database: Database): Accounts {
  return {
    get: (id) => database.run((on) => on.selectFrom("accounts").selectAll().where("id", "=", id).executeTakeFirst()),

    owner: () =>
      database.run((on) => on.selectFrom("accounts").selectAll().where("role", "=", "owner").executeTakeFirst()),

    async setPassword(id, passwordHash) {
      await database.run((on) => on.updateTable("accounts").set({ passwordHash }).where("id", "=", id).execute());
    },
  };
}

const passkey = (row: PasskeyRow): PasskeyRecord => ({
  ...row,
  publicKey: new Uint8Array(row.publicKey),
  transports: JSON.parse(row.transports) as string[],
});

export function passkeys(database: Database): Passkeys {
  return {
    async add(one) {
      const added = await database.run((on) =>
        on
          .insertInto("passkeys")
          .values({ ...storable(one), transports: JSON.stringify(one.transports) })
          .onConflict((conflict) => conflict.column("id").doNothing())
          .executeTakeFirst(),
      );
      return added.numInsertedOrUpdatedRows === 1n;
    },

    async get(id) {
      const row = await database.run((on) =>
        on.selectFrom("passkeys").selectAll().where("id", "=", id).executeTakeFirst(),
      );
      return row && passkey(row);
    },

    async list(account) {
      const rows = await database.run((on) =>
        on
          .selectFrom("passkeys")
          .selectAll()
          .where("account", "=", account)
          .orderBy("createdAt")
          .orderBy("id")
          .execute(),
      );
      return rows.map(passkey);
    },

    async used(id, counter, at) {
      const updated = await database.run((on) =>
        on
          .updateTable("passkeys")
          .set(storable({ counter, lastUsedAt: at }))
          .where("id", "=", id)
          // WebAuthn section 6.1.1: a counter that is not greater means a clone, unless both are zero.
          .where((is) => (counter === 0 ? is("counter", "=", 0) : is("counter", "<", counter)))
          .executeTakeFirst(),
      );
      return updated.numUpdatedRows === 1n;
    },

    async remove(id) {
      await database.run((on) => on.deleteFrom("passkeys").where("id", "=", id).execute());
    },
  };
}

export function sessions(database: Database): Sessions {
  return {
    async create(session) {
      await database.run((on) => on.insertInto("sessions").values(storable(session)).execute());
    },

    get: (hash) =>
      database.run((on) => on.selectFrom("sessions").selectAll().where("hash", "=", hash).executeTakeFirst()),

    async extend(hash, expiresAt) {
      await database.run((on) =>
        on.updateTable("sessions").set(storable({ expiresAt })).where("hash", "=", hash).execute(),
      );
    },

    async remove(hash) {
      await database.run((on) => on.deleteFrom("sessions").where("hash", "=", hash).execute());
    },

    async removeOf(account, except) {
      await database.run((on) => {
        const all = on.deleteFrom("sessions").where("account", "=", account);
        return (except === undefined ? all : all.where("hash", "!=", except)).execute();
      });
    },
  };
}

export function claims(database: Database): Claims {
  return {
    async add(claim) {
      await database.run((on) =>
        on
          .insertInto("claims")
          .values({ ...storable(claim), usedAt: null })
          .execute(),
      );
    },

    redeem: (hash, at, owner) =>
      database.transaction(async (on): Promise<Redeemed> => {
        const claim = await on.selectFrom("claims").selectAll().where("hash", "=", hash).executeTakeFirst();
        if (!claim) return { ok: false, why: "unknown" };
        if (claim.usedAt !== null) return { ok: false, why: "used" };
        if (claim.expiresAt <= at) return { ok: false, why: "expired" };
        // One statement uses up all that are open: of two that come at once, the second waits here and finds none.
        const used = await on
          .updateTable("claims")
          .set(storable({ usedAt: at }))
          .where("usedAt", "is", null)
          .returning("hash")
          .execute();
        if (!used.some((one) => one.hash === hash)) return { ok: false, why: "used" };
        const account = await on
          .insertInto("accounts")
          .values(storable({ ...owner, role: "owner" as const, passwordHash: null, createdAt: at }))
          .onConflict((conflict) =>
            conflict
              .column("role")
              // Spelled out, as the index is: SQLite does not match a parameter with it.
              .where(sql<boolean>`role = 'owner'`)
              .doUpdateSet(storable({ name: owner.name })),
          )
          .returningAll()
          .executeTakeFirstOrThrow();
        return { ok: true, account };
      }),
  };
}

export function challenges(database: Database): Challenges {
  return {
    async spend(hash, expiresAt) {
      const added = await database.run((on) =>
        on
          .insertInto("challenges")
          .values(storable({ hash, expiresAt }))
          .onConflict((conflict) => conflict.column("hash").doNothing())
          .executeTakeFirst(),
      );
      return added.numInsertedOrUpdatedRows === 1n;
    },
  };
}
