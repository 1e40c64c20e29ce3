import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { reason } from "../foundation/errors.ts";
import type { Log } from "../foundation/log.ts";
import { type KeptAudience, keptAudienceSchema } from "../wire/timelines.ts";
import { validate } from "../wire/validate.ts";

/** Where the audiences of open Spaces are kept, so that a restarted origin counts on and not anew. */
export interface AudienceShelf {
  /** All that is kept; a file that cannot be read is logged and left out. */
  load(): Promise<KeptAudience[]>;
  save(kept: KeptAudience): Promise<void>;
  remove(id: string): Promise<void>;
}

/** One JSON file for each open Space, replaced whole. Not synced: a loss of power may cost the last half minute's count. */
export async function diskAudienceShelf(folder: string, log: Log): Promise<AudienceShelf> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = (id: string): string => join(folder, `${id}.json`);
  return {
    load: async () => {
      const all: KeptAudience[] = [];
      for (const name of await readdir(folder)) {
        if (!name.endsWith(".json")) continue;
        try {
          all.push(validate(keptAudienceSchema, JSON.parse(await readFile(join(folder, name), "utf8"))));
        } catch (failure) {
          log.warn("audience-unreadable", { file: name, reason: reason(failure) });
        }
      }
      return all;
    },
    save: async (kept) => {
      await writeFile(`${path(kept.id)}.new`, JSON.stringify(kept), { mode: 0o600 });
      await rename(`${path(kept.id)}.new`, path(kept.id));
    },
    remove: (id) => rm(path(id), { force: true }),
  };
}
