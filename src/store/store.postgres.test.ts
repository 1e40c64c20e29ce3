import { randomBytes } from "node:crypto";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { manualClock } from "../foundation/clock.ts";
import { epochMs } from "../foundation/duration.ts";
import { silentLog } from "../foundation/log.ts";
import { newSpace } from "./store.test-values.ts";
import { newestMigration } from "./migrations.ts";
import { openStore } from "./open.ts";
import { openPostgres } from "./postgres.ts";
import { storeContract } from "./store.contract.ts";
import type { Store } from "./store.ts";
import { postgresFolder, type ThrowawayPostgres, throwawayPostgres } from "./postgres.test-server.ts";

const bin = await postgresFolder();
const clock = manualClock(epochMs(0));
const open = (databaseUrl: string): Promise<Store> =>
  openStore({ data: "/nonexistent", databaseUrl, clock, log: silentLog });

if (bin === undefined) {
  test.skip("PostgreSQL: no initdb on the PATH or in /usr/lib/postgresql; install it to run the contract on it", () => {});
} else {
  describe("on a cluster of its own", () => {
    let server: ThrowawayPostgres;
    beforeAll(async () => {
      server = await throwawayPostgres(bin);
    });
    afterAll(() => server.end());

    /** An empty database on the cluster. */
    const fresh = async (): Promise<string> => {
      const name = `db_${randomBytes(6).toString("hex")}`;
      const admin = await openPostgres(server.url, silentLog);
      await admin.run((on) => sql.raw(`CREATE DATABASE ${name}`).execute(on));
      await admin.end();
      return server.url.replace("/postgres?", `/${name}?`);
    };

    storeContract("PostgreSQL", { open: () => open(server.url) });

    test("DB-31 stores that open an empty database at once migrate it once", async () => {
      const url = await fresh();
      const stores = await Promise.all([open(url), open(url), open(url), open(url)]);
      const made = await Promise.all(stores.map((store) => store.spaces.create(newSpace(), "x")));
      expect(made.every((one) => one.ok)).toBe(true);
      const raw = await openPostgres(url, silentLog);
      const applied = await raw.run((on) => on.selectFrom("migrations").select("number").orderBy("number").execute());
      expect(applied).toEqual(Array.from({ length: newestMigration }, (_, n) => ({ number: n + 1 })));
      await Promise.all([...stores, raw].map((one) => one.end()));
    });

    test("DB-25 a database of a newer version is refused with what to do, and is left as it is", async () => {
      const url = await fresh();
      await (await open(url)).end();
      const raw = await openPostgres(url, silentLog);
      const future = { number: newestMigration + 1, name: "of the future", at: 0 };
      await raw.run((on) => on.insertInto("migrations").values(future).execute());
      await expect(open(url)).rejects.toMatchObject({ code: "data-newer", action: expect.stringContaining("newer") });
      expect(await raw.run((on) => on.selectFrom("migrations").selectAll().execute())).toContainEqual(future);
      await raw.end();
    });

    test("DB-32 when its connections are cut, the store goes on over new ones", async () => {
      const store = await open(server.url);
      const admin = await openPostgres(server.url, silentLog);
      const cut = (): Promise<unknown> =>
        admin.run((on) =>
          sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'`.execute(on),
        );
      for (const round of [1, 2, 3]) {
        const under = Promise.allSettled(
          Array.from({ length: 20 }, (_, n) => store.spaces.create(newSpace(), `${round} ${n}`)),
        );
        await cut();
        for (const one of await under) {
          // Cut in its middle, a call may fail, but only so that the caller knows to try again.
          if (one.status === "rejected") expect(one.reason).toMatchObject({ code: "store-unavailable", status: 503 });
        }
        await expect
          .poll(() =>
            store.settings.set("after", round).then(
              () => true,
              () => false,
            ),
          )
          .toBe(true);
        expect(await store.settings.get("after")).toBe(round);
      }
      await Promise.all([store.end(), admin.end()]);
    });

    test("DB-33 while the server is gone calls fail with store-unavailable; when it is back, what was acknowledged is there", async () => {
      const store = await open(server.url);
      const space = newSpace();
      expect((await store.spaces.create(space, "before the crash")).ok).toBe(true);
      await server.crash();
      await expect(store.spaces.get(space.id)).rejects.toMatchObject({ code: "store-unavailable", retryAfter: 2 });
      await expect(store.spaces.create(newSpace(), "lost")).rejects.toMatchObject({ code: "store-unavailable" });
      await expect(open(server.url)).rejects.toMatchObject({ code: "store-unavailable" });
      await server.start();
      await expect.poll(() => store.spaces.get(space.id).catch(() => "not yet")).toMatchObject({ id: space.id });
      expect((await store.spaces.create(newSpace(), "after")).ok).toBe(true);
      await store.end();
    });

    test("DB-34 a database that refuses says so without repeating the address and its password", async () => {
      const none = server.url.replace("/postgres?", "/nosuchdatabase?").replace("rostra@", "rostra:hunter22@");
      await expect(open(none)).rejects.toMatchObject({ code: "store-refused", action: expect.stringContaining("URL") });
      for (const url of [none, "postgres://rostra:hunter22@[nonsense", "postgres://rostra:hunter22@:99999/x"]) {
        const failure: unknown = await open(url).catch((thrown: unknown) => thrown);
        expect(JSON.stringify(failure, Object.getOwnPropertyNames(failure))).not.toContain("hunter22");
        expect(failure).toMatchObject({ code: expect.stringMatching(/^store-(?:refused|unavailable)$/) });
      }
    });

    test("DB-35 a deadlock between transactions is run again by itself", async () => {
      const database = await openPostgres(server.url, silentLog);
      await database.run((on) => sql.raw("CREATE TABLE lock_order (id int PRIMARY KEY, n int)").execute(on));
      await database.run((on) => sql.raw("INSERT INTO lock_order VALUES (1, 0), (2, 0)").execute(on));
      let arrived = 0;
      const both = Promise.withResolvers<void>();
      const add = (first: number, second: number): Promise<void> =>
        database.transaction(async (on) => {
          await sql`UPDATE lock_order SET n = n + 1 WHERE id = ${first}`.execute(on);
          if (++arrived === 2) both.resolve();
          await both.promise;
          await sql`UPDATE lock_order SET n = n + 1 WHERE id = ${second}`.execute(on);
        });
      await Promise.all([add(1, 2), add(2, 1)]);
      const { rows } = await database.run((on) => sql`SELECT n FROM lock_order`.execute(on));
      expect(rows).toEqual([{ n: 2 }, { n: 2 }]);
      expect(arrived).toBe(3);
      await database.end();
    });
  });
}
