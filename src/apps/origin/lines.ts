import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { type LineShelf, Lines } from "../../door/lines.ts";
import type { Clock } from "../../foundation/clock.ts";
import { reason } from "../../foundation/errors.ts";
import type { Log } from "../../foundation/log.ts";
import type { Meter } from "../../foundation/meter.ts";
import { type KeptLine, keptLineSchema } from "../../wire/timelines.ts";
import { validate } from "../../wire/validate.ts";

/** The lines of an origin process, kept in a folder, and their metric. */
export async function openLines(folder: string, clock: Clock, log: Log, meter: Meter): Promise<Lines> {
  const lines = await Lines.load({
    shelf: await diskLineShelf(folder, log),
    now: () => clock.now(),
    onTrouble: (space, why) => log.warn("line-not-kept", { space, reason: reason(why) }),
  });
  const waiting = meter.gauge("rostra_origin_waiting", "Places in line whose turn has not come, of all edges.");
  meter.onCollect(() => waiting.set(lines.waiting));
  return lines;
}

/** One JSON file for each open Space, replaced whole and synced: what was committed to is to hold. */
export async function diskLineShelf(folder: string, log: Log): Promise<LineShelf> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = (id: string): string => join(folder, `${id}.json`);
  return {
    load: async () => {
      const all: KeptLine[] = [];
      for (const name of await readdir(folder)) {
        if (!name.endsWith(".json")) continue;
        try {
          all.push(validate(keptLineSchema, JSON.parse(await readFile(join(folder, name), "utf8"))));
        } catch (failure) {
          log.warn("line-unreadable", { file: name, reason: reason(failure) });
        }
      }
      return all;
    },
    save: async (kept) => {
      const fresh = `${path(kept.id)}.new`;
      const file = await open(fresh, "w", 0o600);
      try {
        await file.writeFile(JSON.stringify(kept));
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(fresh, path(kept.id));
    },
    remove: (id) => rm(path(id), { force: true }),
  };
}
