import { reason } from "../../foundation/errors.ts";
import type { Log } from "../../foundation/log.ts";
import { isStageRole } from "../../room/roles.ts";
import type { RoomMemory } from "../../room/entry.ts";
import type { ParticipantRecord, Store } from "../../store/store.ts";
import type { ActiveSpace } from "./active-space.ts";
import { inviteOf } from "./entries.ts";

const outcastsKey = (space: string): string => `room.${space}.outcasts`;

interface Outcasts {
  readonly removed: readonly string[];
  readonly spentInvites: readonly string[];
}

/** What the store has of a room, and whether it is being written. */
interface Kept {
  readonly seats: Map<string, string>;
  outcasts: string;
  writing: boolean;
  /** Something has changed since the write that is under way began. */
  again: boolean;
}

/**
 * Keeps in the store who has a place on the stage and who may not come back, so that a restart loses neither. Written
 * behind: a room goes on while the store cannot write, and what changed meanwhile is written with the next change.
 */
export class RoomKeeper {
  readonly #store: Store;
  readonly #log: Log;
  readonly #kept = new Map<string, Kept>();

  constructor(store: Store, log: Log) {
    this.#store = store;
    this.#log = log;
  }

  async load(space: string): Promise<RoomMemory> {
    const present = await this.#store.participants.list(space, { present: true });
    const seats = present.flatMap(({ id, name, role, muted }) =>
      isStageRole(role) ? [{ id, name, role, muted, invite: inviteOf(id) }] : [],
    );
    const outcasts = ((await this.#store.settings.get(outcastsKey(space))) ?? emptyOutcasts) as Outcasts;
    const known = new Map(seats.map(({ id, name, role, muted }) => [id, JSON.stringify({ name, role, muted })]));
    this.#kept.set(space, { seats: known, outcasts: JSON.stringify(outcasts), writing: false, again: false });
    return { seats, removed: outcasts.removed, spentInvites: outcasts.spentInvites };
  }

  /** Writes what differs from what is kept. Returns at once. */
  save(space: ActiveSpace, now: number): void {
    const kept = this.#kept.get(space.id) ?? this.#begin(space.id);
    if (kept.writing) {
      kept.again = true;
      return;
    }
    void this.#writeAll(space, kept, now);
  }

  /** Writes until nothing has changed meanwhile; also for a room that is forgotten in between. */
  async #writeAll(space: ActiveSpace, kept: Kept, now: number): Promise<void> {
    kept.writing = true;
    do {
      kept.again = false;
      await this.#write(space, kept, now).catch((failure: unknown) =>
        this.#log.warn("room-not-kept", { space: space.id, reason: reason(failure) }),
      );
    } while (kept.again);
    kept.writing = false;
  }

  forget(space: string): void {
    this.#kept.delete(space);
  }

  #begin(space: string): Kept {
    const kept = { seats: new Map(), outcasts: JSON.stringify(emptyOutcasts), writing: false, again: false };
    this.#kept.set(space, kept);
    return kept;
  }

  async #write(space: ActiveSpace, kept: Kept, now: number): Promise<void> {
    const { seats, removed, spentInvites } = space.room.memory;
    const at = Math.round(now);
    for (const { id, name, role, muted } of seats) {
      const text = JSON.stringify({ name, role, muted });
      if (kept.seats.get(id) === text) continue;
      const row: ParticipantRecord = {
        space: space.id,
        id,
        name,
        role,
        muted,
        joinedAt: at,
        lastSeenAt: at,
        leftAt: null,
      };
      await this.#store.participants.upsert(row);
      kept.seats.set(id, text);
    }
    const here = new Set(seats.map(({ id }) => id));
    for (const [id, text] of kept.seats) {
      if (here.has(id)) continue;
      const { name, role, muted } = JSON.parse(text) as Pick<ParticipantRecord, "name" | "role" | "muted">;
      await this.#store.participants.upsert({
        space: space.id,
        id,
        name,
        role,
        muted,
        joinedAt: at,
        lastSeenAt: at,
        leftAt: at,
      });
      kept.seats.delete(id);
    }
    const outcasts = JSON.stringify({ removed, spentInvites } satisfies Outcasts);
    if (outcasts === kept.outcasts) return;
    await this.#store.settings.set(outcastsKey(space.id), { removed, spentInvites });
    kept.outcasts = outcasts;
  }
}

const emptyOutcasts: Outcasts = { removed: [], spentInvites: [] };
