import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { reason } from "../foundation/errors.ts";
import type { Log } from "../foundation/log.ts";
import { type TimelineRecord, timelineRecordSchema } from "../wire/timelines.ts";
import { validate } from "../wire/validate.ts";

/** What the origin keeps of each Space: one JSON file, replaced whole, so that it goes on without control. */
export interface Register {
  /** All that is kept; a file that cannot be read is logged and left alone. */
  load(): Promise<TimelineRecord[]>;
  /** Resolves once it outlives a loss of power. */
  save(record: TimelineRecord): Promise<void>;
  remove(id: string): Promise<void>;
}

export async function diskRegister(folder: string, log: Log): Promise<Register> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = (id: string): string => join(folder, `${id}.json`);
  const turns = new Map<string, Promise<void>>();
  /** One write of a Space after the other. */
  const inTurn = (id: string, run: () => Promise<void>): Promise<void> => {
    const turn = (turns.get(id) ?? Promise.resolve()).catch(() => {}).then(run);
    turns.set(id, turn);
    void turn.catch(() => {}).then(() => turns.get(id) === turn && turns.delete(id));
    return turn;
  };
  return {
    load: async () => {
      const records: TimelineRecord[] = [];
      for (const name of await readdir(folder)) {
        if (!name.endsWith(".json")) continue;
        try {
          const record = validate(timelineRecordSchema, JSON.parse(await readFile(join(folder, name), "utf8")));
          if (name !== `${record.spec.id}.json`) throw new Error(`it is of ${record.spec.id}`);
          records.push(record);
        } catch (failure) {
          log.error("timeline-unreadable", { file: name, reason: reason(failure) });
        }
      }
      return records;
    },
    save: (record) => inTurn(record.spec.id, () => replaceFile(folder, path(record.spec.id), JSON.stringify(record))),
    remove: (id) =>
      inTurn(id, async () => {
        await rm(path(id), { force: true });
        await syncPath(folder);
      }),
  };
}

async function replaceFile(folder: string, path: string, text: string): Promise<void> {
  const fresh = `${path}.new`;
  const file = await open(fresh, "w", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(fresh, path);
  await syncPath(folder);
}

async function syncPath(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
