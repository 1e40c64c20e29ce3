import type { Database } from "./database.ts";
import { type ParticipantRow, storable } from "./schema.ts";
import { maxListedParticipants, type ParticipantRecord, type Participants } from "./store.ts";

const record = (row: ParticipantRow): ParticipantRecord => ({ ...row, muted: row.muted === 1 });

/** Who has been in which Space, with their place in it. */
export function participants(database: Database): Participants {
  return {
    async upsert(participant) {
      const { name, role, muted, lastSeenAt, leftAt, ...fixed } = storable(participant);
      const replaced = { name, role, muted, lastSeenAt, leftAt };
      await database.run((on) =>
        on
          .insertInto("participants")
          .values({ ...fixed, ...replaced })
          .onConflict((conflict) => conflict.columns(["space", "id"]).doUpdateSet(replaced))
          .execute(),
      );
    },

    async get(space, id) {
      const row = await database.run((on) =>
        on.selectFrom("participants").selectAll().where("space", "=", space).where("id", "=", id).executeTakeFirst(),
      );
      return row && record(row);
    },

    async list(space, { present } = {}) {
      const rows = await database.run((on) => {
        let query = on.selectFrom("participants").selectAll().where("space", "=", space);
        if (present) query = query.where("leftAt", "is", null);
        return query.orderBy("joinedAt").orderBy("id").limit(maxListedParticipants).execute();
      });
      return rows.map(record);
    },

    async remove(space, id) {
      await database.run((on) =>
        on.deleteFrom("participants").where("space", "=", space).where("id", "=", id).execute(),
      );
    },
  };
}
