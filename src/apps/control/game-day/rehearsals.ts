import { minutes, seconds } from "../../../foundation/duration.ts";
import { Problem, reason } from "../../../foundation/errors.ts";
import type { Log } from "../../../foundation/log.ts";
import type { Scope } from "../../../foundation/scope.ts";
import { isOver, startNow } from "../../../room/life.ts";
import { isOnAir } from "../../../room/member.ts";
import { maxListed, type NewSpace, type SpaceRecord, type Store } from "../../../store/store.ts";
import type { ActiveSpace } from "../active-space.ts";
import { demoVoices } from "../demo.ts";
import type { Director } from "../director.ts";
import { newId, randomName } from "../entries.ts";

/** How often it is looked whether anybody is on a rehearsal's stage. */
const tendMs = seconds(1);
/** How often it is looked whether a rehearsal's time is over. */
const sweepMs = minutes(10);
/** How long after its Space is over a rehearsal is kept. */
export const rehearsalKept = minutes(24 * 60);
/** How long a slug's readable part may be, so that the whole stays within 64. */
const slugPart = 40;

/** "Rehearsal" in the languages that the title may be in; English for others. */
const marks: Readonly<Record<string, string>> = { en: "Rehearsal", fr: "Répétition", id: "Gladi" };

export interface RehearsalsOptions {
  readonly director: Director;
  readonly store: Store;
  readonly scope: Scope;
  readonly log: Log;
}

/**
 * The hidden rehearsal Spaces: each belongs to another Space, has a timeline of its own, and goes through the same stage,
 * origin and edges. It is live from the beginning: synthetic voices play while nobody is on its stage.
 */
export class Rehearsals {
  readonly #options: RehearsalsOptions;
  /** Rehearsals that are being made, by the Space they belong to. */
  readonly #making = new Map<string, Promise<ActiveSpace>>();

  constructor(options: RehearsalsOptions) {
    this.#options = options;
    const { scope } = options;
    scope.every(tendMs, () => this.tend());
    scope.every(sweepMs, () => void this.sweep());
    void this.sweep();
  }

  /** The rehearsal of a Space, where there is one. */
  of(space: string): ActiveSpace | undefined {
    return this.#options.director.spaces.find(({ record, life }) => record.rehearsalOf === space && !isOver(life));
  }

  /** The Space's rehearsal, made where there is none. Throws `is-rehearsal` for a rehearsal's own. */
  async make(space: SpaceRecord): Promise<ActiveSpace> {
    requireNoRehearsal(space);
    const known = this.of(space.id) ?? this.#making.get(space.id);
    if (known) return known;
    const making = this.#make(space).finally(() => this.#making.delete(space.id));
    this.#making.set(space.id, making);
    return making;
  }

  /** Removes the Space's rehearsal with everything of it. False when there is none. */
  async remove(space: string): Promise<boolean> {
    await this.#making.get(space)?.catch(() => {});
    const found = this.of(space);
    if (found) await this.#options.director.remove(found.id);
    return found !== undefined;
  }

  /** Lets the voices play where nobody can be heard, and be silent where somebody can. */
  tend(): void {
    for (const space of this.#options.director.spaces) {
      if (space.record.rehearsalOf !== null && !isOver(space.life)) this.#tend(space);
    }
  }

  /** Removes the rehearsals whose Space has been over for long, and those that are over themselves. */
  async sweep(): Promise<void> {
    const { store, director, log } = this.#options;
    try {
      for (const { id, rehearsalOf } of await store.spaces.list({ rehearsals: true, limit: maxListed })) {
        const isDone = director.find(id) === undefined || (await this.#isDone(rehearsalOf ?? ""));
        if (isDone) await director.remove(id);
      }
    } catch (failure) {
      log.warn("rehearsals-not-swept", { reason: reason(failure) });
    }
  }

  async #isDone(space: string): Promise<boolean> {
    const { store, director } = this.#options;
    const record = director.find(space)?.record ?? (await store.spaces.get(space));
    return !record || (record.endedAt !== null && director.now().wall >= record.endedAt + rehearsalKept);
  }

  async #make(space: SpaceRecord): Promise<ActiveSpace> {
    const { director } = this.#options;
    const now = Math.round(director.now().wall);
    const mark = marks[space.language.split("-")[0] ?? ""] ?? "Rehearsal";
    const draft: NewSpace = {
      ...space,
      id: newId(),
      // Nobody finds it by guessing: who hears the sound check was told its name.
      slug: `${space.slug.slice(0, slugPart).replace(/-+$/, "")}-rehearsal-${randomName(8)}`,
      title: `${mark}: ${space.title}`.slice(0, 200),
      visibility: "unlisted",
      status: "scheduled",
      startAt: now,
      createdAt: now,
      epochMs: null,
      liveFrom: null,
      liveAt: null,
      delayMs: null,
      endedAt: null,
      notice: "",
      demo: false,
      rehearsalOf: space.id,
    };
    const made = await director.create(draft);
    if (!made) throw new Error(`two rehearsals drew the same name, ${draft.slug}`);
    this.#tend(made);
    await director.change(made, (then) => startNow(made.life, then, "rehearsal"));
    return made;
  }

  #tend(space: ActiveSpace): void {
    const { director } = this.#options;
    const { seated } = space.room;
    const people = seated.some((one) => one.media.kind !== "recording" && isOnAir(one));
    const voices = seated.filter((one) => one.media.kind === "recording");
    if (people) {
      for (const { id } of voices) director.act(space, (room) => room.leave(id));
    } else if (voices.length === 0) {
      try {
        for (const { recording, name } of demoVoices) {
          const voice = { by: "recording", id: `voice-${recording}`, name, role: "speaker", recording } as const;
          director.act(space, (room, now) => room.enter(voice, now));
        }
      } catch {
        // The stage is full of people who cannot be heard yet: it is theirs.
      }
    }
  }
}

/** Throws `is-rehearsal` for a Space that rehearses another. */
export function requireNoRehearsal({ rehearsalOf, slug }: SpaceRecord): void {
  if (rehearsalOf === null) return;
  throw new Problem({
    status: 409,
    code: "is-rehearsal",
    title: "This Space is a rehearsal itself",
    detail: `"${slug}" rehearses another Space; it has no run sheet and no rehearsal of its own.`,
    action: "Ask for the Space that it rehearses.",
  });
}
