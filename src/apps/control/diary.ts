import type { Chain } from "../../evidence/chain.ts";
import { ms } from "../../foundation/duration.ts";
import type { ActBody, BeginBody, TallyName } from "../../wire/evidence.ts";
import type { PriceCounts } from "../../wire/price.ts";
import type { ActiveSpace } from "./active-space.ts";
import type { Director, RoomWatchers } from "./director.ts";

/** How many acts are written down in ten seconds; those over it are counted and told together. */
export const maxActs = 40;
const lookMs = ms(1000);
const tallyMs = 10_000;

/** What of a Space is written down when it changes. */
interface Told {
  readonly slug: string;
  readonly title: string;
  readonly startAt: number;
  readonly visibility: string;
  readonly status: string;
  readonly notice: string;
  readonly onStage: number;
  readonly level: number;
}

export interface DiaryOptions {
  readonly director: Pick<Director, "spaces" | "now" | "watch">;
  readonly append: Chain["append"];
  /** What of prices was counted since the process began. */
  readonly prices: () => PriceCounts;
}

/**
 * What control writes down of itself, in a chain of its own: what became of Spaces and by whose hand levels were raised, what was said to
 * the audience, and what prices were asked. A verdict has to know what a crowd was told, and when.
 */
export class Diary implements RoomWatchers {
  readonly #options: DiaryOptions;
  readonly #told = new Map<string, Told>();
  #prices: Record<TallyName, number>;
  #from: number;
  #acts = 0;
  #left = 0;
  #isKept = false;

  constructor(options: DiaryOptions) {
    this.#options = options;
    this.#from = options.director.now().timeline;
    this.#prices = pricesOf(options.prices());
    for (const space of options.director.spaces) this.#told.set(space.id, this.#snapshot(space));
    options.director.watch(this);
  }

  /** To be called about once a second while it is kept. */
  static readonly lookMs = lookMs;

  begin(body: Omit<BeginBody, "t">): void {
    this.#isKept = true;
    void this.#options.append({ t: "begin", ...body });
  }

  /** Resolves when everything is on the disk. */
  async end(why: string): Promise<void> {
    this.look();
    this.#tally();
    await this.#options.append({ t: "end", why });
  }

  /** People were told of a Space outside of this server: a post, a notification. */
  said(space: string, says: string, when?: number): Promise<void> {
    const at = when === undefined ? {} : { when: Math.round(when) };
    return this.#options.append({ t: "act", act: "said", space, says: says.slice(0, 300), ...at });
  }

  /** Looks for what changed without anybody's word: new Spaces, those that are gone, levels. */
  look(): void {
    const { director } = this.#options;
    const there = new Set<string>();
    for (const space of director.spaces) {
      there.add(space.id);
      this.roomChanged(space);
    }
    for (const [id, { slug }] of this.#told) {
      if (there.has(id)) continue;
      this.#told.delete(id);
      this.#act("space", id, `"${slug}" is looked after no longer`);
    }
    if (director.now().timeline - this.#from >= tallyMs) this.#tally();
  }

  roomChanged(space: ActiveSpace): void {
    if (!this.#isKept) return;
    const before = this.#told.get(space.id);
    const now = this.#snapshot(space);
    this.#told.set(space.id, now);
    const { slug } = now;
    if (!before) return this.#act("space", space.id, `"${slug}" was made, for ${iso(now.startAt)}`);
    if (before.status !== now.status) this.#act("space", space.id, `"${slug}" is ${now.status}`);
    if (before.startAt !== now.startAt) this.#act("space", space.id, `"${slug}" was moved to ${iso(now.startAt)}`);
    if (before.title !== now.title) this.#act("space", space.id, `"${slug}" has another title`);
    if (before.visibility !== now.visibility) this.#act("space", space.id, `"${slug}" is ${now.visibility}`);
    if (before.notice !== now.notice)
      this.#act(
        "notice",
        space.id,
        now.notice === "" ? `"${slug}": no notice` : `"${slug}": the host wrote to everybody`,
      );
    if (before.onStage !== now.onStage) this.#act("stage", space.id, `"${slug}": ${now.onStage} on stage`);
    if (before.level !== now.level) this.#act("level", space.id, `"${slug}": the host asks for level ${now.level}`);
  }

  #snapshot(space: ActiveSpace): Told {
    const { slug, title, startAt, visibility, notice } = space.record;
    const status = space.status(this.#options.director.now());
    const hold = space.life.kind === "hold" ? ", with hold audio" : "";
    const { level } = space.asked;
    return { slug, title, startAt, visibility, notice, status: status + hold, onStage: space.room.stage.length, level };
  }

  #act(act: ActBody["act"], space: string, says: string): void {
    if (++this.#acts > maxActs) this.#left++;
    else void this.#options.append({ t: "act", act, space, says: says.slice(0, 300) });
  }

  #tally(): void {
    const now = pricesOf(this.#options.prices());
    const grown = Object.entries(now).map(([name, count]) => [name, count - this.#prices[name as TallyName]] as const);
    const counts = Object.fromEntries(grown.filter(([, count]) => count > 0));
    const from = Math.round(this.#from);
    if (Object.keys(counts).length > 0) void this.#options.append({ t: "tally", from, counts });
    if (this.#left > 0)
      void this.#options.append({ t: "act", act: "space", says: `${this.#left} other changes of Spaces` });
    this.#prices = now;
    this.#from = this.#options.director.now().timeline;
    [this.#acts, this.#left] = [0, 0];
  }
}

const iso = (at: number): string => `${new Date(at).toISOString().slice(0, 16)}Z`;
const sum = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((a, b) => a + b, 0);

const pricesOf = ({ given, answered, waited, refused }: PriceCounts): Record<TallyName, number> => ({
  pricesTold: sum(given),
  pricesToldPersisting: given.persisting,
  pricesPaid: sum(answered),
  pricesWaited: sum(waited),
  answersRefused: refused,
});
