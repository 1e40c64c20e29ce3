import type { Database } from "./database.ts";
import { isUniqueViolation } from "./problems.ts";
import { type SpaceRow, storable } from "./schema.ts";
import { activeStatuses, type ChangeRecord, maxListed, type SpaceRecord, type Spaces, type Updated } from "./store.ts";

const record = (row: SpaceRow): SpaceRecord => ({ ...row, demo: row.demo === 1 });

/** The Spaces of a database, and the changes of their lives. */
export function spaces(database: Database): Spaces {
  return {
    async create(space, why) {
      try {
        return await database.transaction(async (on) => {
          const sameId = await on.selectFrom("spaces").select("id").where("id", "=", space.slug).executeTakeFirst();
          if (sameId) return { ok: false, why: "slug" };
          const values = storable({ ...space, revision: 1 });
          const row = await on.insertInto("spaces").values(values).returningAll().executeTakeFirstOrThrow();
          await on
            .insertInto("changes")
            .values(
              storable({ space: space.id, at: space.createdAt, fromStatus: null, toStatus: space.status, why: why }),
            )
            .execute();
          return { ok: true, space: record(row) };
        });
      } catch (thrown) {
        if (isUniqueViolation(thrown)) return { ok: false, why: "slug" };
        throw thrown;
      }
    },

    async get(idOrSlug) {
      const rows = await database.run((on) =>
        on
          .selectFrom("spaces")
          .selectAll()
          .where((is) => is.or([is("id", "=", idOrSlug), is("slug", "=", idOrSlug)]))
          .execute(),
      );
      const row = rows.find((one) => one.id === idOrSlug) ?? rows[0];
      return row && record(row);
    },

    async list({ status, visibility, rehearsals = false, order = "latest", limit = 50, after } = {}) {
      if (status?.length === 0) return [];
      const direction = order === "latest" ? "desc" : "asc";
      const beyond = order === "latest" ? "<" : ">";
      const rows = await database.run((on) => {
        let query = on
          .selectFrom("spaces")
          .selectAll()
          .where("rehearsalOf", rehearsals ? "is not" : "is", null);
        if (status) query = query.where("status", "in", [...status]);
        if (visibility) query = query.where("visibility", "=", visibility);
        if (after) {
          const { startAt, id } = after;
          query = query.where((is) =>
            is.or([is("startAt", beyond, startAt), is.and([is("startAt", "=", startAt), is("id", beyond, id)])]),
          );
        }
        const most = Math.max(0, Math.min(limit, maxListed));
        return query.orderBy("startAt", direction).orderBy("id", direction).limit(most).execute();
      });
      return rows.map(record);
    },

    async listActive() {
      const rows = await database.run((on) =>
        on
          .selectFrom("spaces")
          .selectAll()
          .where("status", "in", [...activeStatuses])
          .orderBy("startAt")
          .orderBy("id")
          .execute(),
      );
      return rows.map(record);
    },

    async update(id, expectedRevision, patch, change) {
      try {
        return await database.transaction(async (on): Promise<Updated> => {
          const before = await on.selectFrom("spaces").selectAll().where("id", "=", id).executeTakeFirst();
          if (!before) return { ok: false, why: "unknown" };
          const row = await on
            .updateTable("spaces")
            .set(storable(patch))
            .set((of) => ({ revision: of("revision", "+", 1) }))
            .where("id", "=", id)
            .where("revision", "=", expectedRevision)
            .returningAll()
            .executeTakeFirst();
          if (!row) {
            // Read again: under PostgreSQL the update may have waited for one that came between.
            const now = await on.selectFrom("spaces").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
            return { ok: false, why: "revision", space: record(now) };
          }
          if (change) {
            const { at, why } = change;
            await on
              .insertInto("changes")
              .values(storable({ space: id, at, fromStatus: before.status, toStatus: row.status, why }))
              .execute();
          }
          return { ok: true, space: record(row) };
        });
      } catch (thrown) {
        if (isUniqueViolation(thrown)) return { ok: false, why: "slug" };
        throw thrown;
      }
    },

    async remove(id) {
      await database.run((on) => on.deleteFrom("spaces").where("id", "=", id).execute());
    },

    async changes(space): Promise<readonly ChangeRecord[]> {
      return database.run((on) =>
        on
          .selectFrom("changes")
          .select(["space", "at", "fromStatus as from", "toStatus as to", "why"])
          .where("space", "=", space)
          .orderBy("number")
          .execute(),
      );
    },
  };
}
