import { type GuardFacts, type GuardName, type Refusal, refusalOf } from "./guards.ts";
import type { Offender } from "./offenders.ts";
import { contains, type Prefix } from "./prefix.ts";
import type { ActionName } from "../wire/actions.ts";

/** For how long it is only said what would be done, ms. */
export const dryRunMs = 30_000;
/** The first time something is done for so long, then for twice that, and never for longer than the last; seconds. */
export const firstSeconds = 60;
export const mostSeconds = 600;
/** How many prefixes something is done against, or would be, at once. */
export const maxRules = 64;
/** How many prefixes are remembered, for how long each was shut out or what kept it from being. */
export const maxRemembered = 1024;
/** For how long, ms after it was over. */
const rememberedMs = 20 * 60_000;

/** Something that was told or done, with what it was for: what every output, the log and the evidence get. */
export interface Action {
  readonly what: ActionName;
  readonly prefix: Prefix;
  readonly reason: string;
  readonly guard: GuardName | undefined;
  /** For how long it is or would be done. */
  readonly seconds: number;
  /** Connections of it that were refused lately, and by how many addresses. */
  readonly refused: number;
  readonly addresses: number;
  /** Those who play there, of all. */
  readonly hits: number;
  readonly of: number;
}

/** A prefix that something is said or done about. Times are monotonic ms. */
export type Rule =
  | { readonly kind: "told"; readonly offender: Offender; readonly since: number }
  | { readonly kind: "blocked"; readonly offender: Offender; readonly until: number; readonly seconds: number };

/** What is remembered of a prefix. */
interface Memory {
  readonly seconds: number;
  readonly guard: GuardName | undefined;
  readonly until: number;
}

export interface RecommendationsOptions {
  /** @default dryRunMs */
  readonly dryRunMs?: number | undefined;
  /** @default maxRules */
  readonly maxRules?: number | undefined;
}

/**
 * What is recommended to be shut out before it comes here: told first, done if it is still so when the dry run is over, and over by itself.
 * There is no rule without an end, and none that a guard does not let through each time that it is looked at.
 */
export class Recommendations {
  readonly #dryRunMs: number;
  readonly #maxRules: number;
  readonly #rules = new Map<string, Rule>();
  readonly #memories = new Map<string, Memory>();
  /** Recommendations that were left out because there were as many rules as there may be. */
  overflow = 0;

  constructor(options: RecommendationsOptions = {}) {
    this.#dryRunMs = options.dryRunMs ?? dryRunMs;
    this.#maxRules = options.maxRules ?? maxRules;
  }

  get rules(): readonly Rule[] {
    return [...this.#rules.values()];
  }

  /** What is blocked at the moment. */
  get blocked(): readonly Prefix[] {
    return this.rules.flatMap((rule) => (rule.kind === "blocked" ? [rule.offender.prefix] : []));
  }

  /**
   * Looks at who comes on now, the prefixes before what is in them, and says what is to be told and done. To be called every few seconds;
   * `facts` must speak of all these prefixes and of all there are rules for.
   */
  step(offenders: readonly Offender[], facts: GuardFacts): Action[] {
    const { now } = facts;
    const actions = [...this.#rules.values()].flatMap((rule) => this.#goOn(rule, offenders, facts));
    for (const offender of offenders) {
      const { prefix } = offender;
      if (this.#covers(prefix)) continue;
      const refusal = refusalOf(prefix, facts) ?? this.#full();
      if (refusal) actions.push(...this.#refuse(offender, refusal, facts));
      else {
        this.#rules.set(prefix.text, { kind: "told", offender, since: now });
        actions.push(action("would-block", offender, this.#secondsOf(prefix), facts));
      }
    }
    for (const [text, { until }] of this.#memories) if (until <= now) this.#memories.delete(text);
    return actions;
  }

  #goOn(rule: Rule, offenders: readonly Offender[], facts: GuardFacts): Action[] {
    const { now } = facts;
    const { prefix } = rule.offender;
    const found = refusalOf(prefix, facts);
    // A process that does not answer in time, as happens under load, is no reason to let go; nothing new is done meanwhile.
    const isWaiting = found?.guard === "not-known" && facts.playing === undefined;
    const refusal = isWaiting ? undefined : found;
    if (rule.kind === "blocked") {
      if (refusal === undefined && rule.until > now) return [];
      this.#rules.delete(prefix.text);
      this.#remember(prefix, { seconds: rule.seconds, guard: refusal?.guard, until: now + rememberedMs });
      return [action("expired", rule.offender, rule.seconds, facts, refusal)];
    }
    const still = offenders.find((one) => one.prefix.text === prefix.text);
    if (refusal) {
      this.#rules.delete(prefix.text);
      return this.#refuse(still ?? rule.offender, refusal, facts);
    }
    // Who stops when it is told was no matter for anybody else.
    if (!still) this.#rules.delete(prefix.text);
    if (!still) return [];
    if (isWaiting || now - rule.since < this.#dryRunMs) return [];
    const seconds = this.#secondsOf(prefix);
    this.#rules.set(prefix.text, { kind: "blocked", offender: still, until: now + seconds * 1000, seconds });
    return [action("block", still, seconds, facts)];
  }

  /** Says it once of each prefix and guard. */
  #refuse(offender: Offender, refusal: Refusal, facts: GuardFacts): Action[] {
    const { prefix } = offender;
    if (refusal.guard === "too-many") this.overflow++;
    const before = this.#memories.get(prefix.text);
    this.#remember(prefix, { seconds: before?.seconds ?? 0, guard: refusal.guard, until: facts.now + rememberedMs });
    if (before?.guard === refusal.guard) return [];
    return [action("refused-by-guard", offender, 0, facts, refusal)];
  }

  #full(): Refusal | undefined {
    if (this.#rules.size < this.#maxRules) return undefined;
    return { guard: "too-many", why: `there are ${this.#rules.size} rules, and ${this.#maxRules} is the most` };
  }

  #covers(prefix: Prefix): boolean {
    for (const { offender } of this.#rules.values()) if (contains(offender.prefix, prefix)) return true;
    return false;
  }

  #secondsOf(prefix: Prefix): number {
    const { seconds = 0 } = this.#memories.get(prefix.text) ?? {};
    return seconds === 0 ? firstSeconds : Math.min(mostSeconds, 2 * seconds);
  }

  #remember({ text }: Prefix, memory: Memory): void {
    this.#memories.delete(text);
    this.#memories.set(text, memory);
    const [oldest] = this.#memories.keys();
    if (this.#memories.size > maxRemembered && oldest !== undefined) this.#memories.delete(oldest);
  }
}

function action(
  what: ActionName,
  { prefix, refused, addresses }: Offender,
  seconds: number,
  { playing }: GuardFacts,
  refusal?: Refusal,
): Action {
  const reason = refusal?.why ?? "came on although refused";
  const hits = playing?.hits.get(prefix.text) ?? 0;
  return { what, prefix, reason, guard: refusal?.guard, seconds, refused, addresses, hits, of: playing?.all ?? 0 };
}
