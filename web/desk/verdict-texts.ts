import type { EpisodeTold, FeatureTold, VerdictCause, VerdictKindTold, WithoutTold } from "../../src/wire/verdict.ts";
import { type Key, language, t } from "../i18n/catalogue.ts";
import { percentText } from "../ui/figures.ts";

/** A share of one in whole percent: what is known of a load is no finer. */
export const shareText = (share: number): string =>
  share > 0 && share < 0.01 ? t("verdict.underOne") : percentText(Math.round(share * 100)).replace(" ", "\u00a0");

/** Times of one evening, to the second: windows of ten of them are told apart. */
export const timeText = (iso: string): string =>
  new Intl.DateTimeFormat(language(), { hour: "numeric", minute: "2-digit", second: "2-digit" }).format(new Date(iso));

export const causeText = (cause: VerdictCause): string => t(`verdict.cause.${cause}`);

const kinds: Readonly<Record<VerdictKindTold, Key>> = {
  crowd: "verdict.kind.crowd",
  attack: "verdict.kind.attack",
  "attack-in-crowd": "verdict.kind.attackInCrowd",
  "own-fault": "verdict.kind.ownFault",
  "cannot-tell": "verdict.kind.cannotTell",
  quiet: "verdict.kind.quiet",
};
export const kindText = (kind: VerdictKindTold): string => t(kinds[kind]);

const troubles: Readonly<Record<string, Key>> = {
  killed: "verdict.trouble.killed",
  "origin-away": "verdict.trouble.originAway",
  stalled: "verdict.trouble.stalled",
  segments: "verdict.trouble.segments",
  "fewer-edges": "verdict.trouble.fewerEdges",
  silence: "verdict.trouble.silence",
};
export const troubleText = (trouble: string): string => {
  const key = troubles[trouble];
  return key ? t(key) : trouble;
};

const number = (value: number): string =>
  new Intl.NumberFormat(language(), { maximumSignificantDigits: value >= 100 ? 3 : 2 }).format(value);

/** Longer ago than this is told as "not within an hour", s. */
const longAgo = 3600;

export function featureText({ value, as }: Pick<FeatureTold, "value" | "as">): string {
  switch (as) {
    case "share":
      return shareText(value);
    case "seconds":
      return value >= longAgo ? t("verdict.longAgo") : t("verdict.seconds", { n: Math.round(value) });
    case "per minute":
      return t("verdict.perMinute", { n: number(value) });
    case "number":
      return number(value);
  }
}

/** What an episode is taken for; and what it is most like where that is too little to name it. */
export const episodeText = ({ cause, likeliest, probability }: EpisodeTold): string =>
  cause === "unknown"
    ? t("verdict.mostLike", { cause: causeText(likeliest), share: shareText(probability) })
    : t("verdict.takenFor", { cause: causeText(cause), share: shareText(probability) });

export const withoutText = ({ holds, ofCapacity }: WithoutTold): string =>
  t(`verdict.holds.${holds}`, { share: ofCapacity === null ? "" : shareText(ofCapacity) });
