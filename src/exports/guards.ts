import type { AllowList } from "./allow-list.ts";
import type { Playing } from "./playing.ts";
import { type Prefix, widest } from "./prefix.ts";

/** More of those who play than this must never be hit. */
export const mostHit = 0.01;

/** What keeps a recommendation from being made or done; each is a rule of `docs/rules/exports.md`. */
export const guardNames = ["too-wide", "allowed", "own", "busy", "not-known", "listeners", "too-many"] as const;
export type GuardName = (typeof guardNames)[number];

export interface Refusal {
  readonly guard: GuardName;
  readonly why: string;
}

/** What guards look at. */
export interface GuardFacts {
  readonly allowList: AllowList;
  /** Monotonic ms. */
  readonly now: number;
  /** Whether some behaved lately behind an address or prefix. */
  readonly isBusy: (prefix: Prefix) => boolean;
  /** Who plays; undefined when that could not be learned. */
  readonly playing: Playing | undefined;
}

/**
 * Why nothing may be done against a prefix, or undefined. They are asked when it is told, when it is done, and while it is: each leans to the
 * visitor's side, so that whoever wants somebody else shut out gets nothing done.
 */
export function refusalOf(prefix: Prefix, { allowList, now, isBusy, playing }: GuardFacts): Refusal | undefined {
  const most = widest[prefix.family];
  if (prefix.length < most)
    return { guard: "too-wide", why: `it is a /${prefix.length}, and a /${most} is the widest` };
  const touched = allowList.touchedBy(prefix, now);
  if (touched?.kind === "own") return { guard: "own", why: `an edge of this installation speaks from ${touched.text}` };
  if (touched) return { guard: "allowed", why: `${touched.text} is allowed` };
  if (isBusy(prefix)) return { guard: "busy", why: "others behaved there lately, as behind a carrier's NAT" };
  if (!playing) return { guard: "not-known", why: "it could not be learned who plays" };
  const { all, unknown, hits } = playing;
  const hit = hits.get(prefix.text) ?? 0;
  if (hit > mostHit * all) return { guard: "listeners", why: `${hit} of ${all} who play are there` };
  // Each of them may be there.
  if (hit + unknown > mostHit * all)
    return { guard: "not-known", why: `where ${unknown} of ${all} who play are is not known` };
  return undefined;
}
