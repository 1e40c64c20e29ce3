import { Problem } from "../foundation/errors.ts";
import type { Database } from "./database.ts";
import { maxSettingBytes, type Settings } from "./store.ts";

/** Small JSON values by name. */
export function settings(database: Database): Settings {
  return {
    async get(key) {
      const row = await database.run((on) =>
        on.selectFrom("settings").select("value").where("key", "=", key).executeTakeFirst(),
      );
      return row && (JSON.parse(row.value) as unknown);
    },

    async set(key, value) {
      const text = JSON.stringify(value) as string | undefined;
      if (text === undefined || Buffer.byteLength(text) > maxSettingBytes) {
        throw new Problem({
          status: 400,
          code: "setting-not-storable",
          title: "The setting cannot be kept",
          detail: `The value of ${key} is not JSON of at most ${maxSettingBytes} bytes.`,
          action: "Give a smaller JSON value.",
        });
      }
      await database.run((on) =>
        on
          .insertInto("settings")
          .values({ key, value: text })
          .onConflict((conflict) => conflict.column("key").doUpdateSet({ value: text }))
          .execute(),
      );
    },
  };
}
