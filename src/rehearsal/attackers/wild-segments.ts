import { livePaths } from "../../wire/paths.ts";
import { renditionNames } from "../../wire/rendition.ts";
import type { AttackContext, Attacker } from "./contract.ts";
import { flood } from "./flood.ts";
import { followLive } from "./live-edge.ts";
import { requestText } from "./target.ts";

/**
 * Asks for segments that are not there: far ahead, long past, random, negative, of twenty digits, with a sign or a leading zero, one
 * step past both ends of what is held, and of renditions that there are not. Each miss would cost an origin a look at its disk, and
 * each request for what is still to come a place among those that are held.
 * Owed: nobody that plays notices, who comes gets sound, and however many are asked for, the origin is asked for none of them; memory
 * stays within its caps.
 */
export const attacker: Attacker = {
  name: "wild-segments",
  unit: "a second",
  usual: 1000,
  most: 20_000,
  owes: ["no-gap", "joins", "origin-unmoved", "memory"],
  async attack(context: AttackContext): Promise<void> {
    const { target, random } = context;
    const live = followLive(context);
    const below = (limit: number): number => Math.floor(random() * limit);
    const numbers: readonly (() => string)[] = [
      () => String(live.latest + 3 + below(10)),
      () => String(live.latest + 1000 + below(1e6)),
      () => String(below(1e10)),
      () => String(below(Math.max(1, live.latest - 100))),
      () => String(live.latest - 20 - below(60)),
      () => `-${below(1e6)}`,
      () => `+${live.latest}`,
      () => `0${live.latest}`,
      () => "9".repeat(11 + below(120)),
      () => `${live.latest}e0`,
      () => `${live.latest}.5`,
      () => `0x${live.latest.toString(16)}`,
      () => "NaN",
      () => "",
    ];
    const renditions: readonly string[] = [...renditionNames, "opus-64k", "OPUS-32K", "..", "flac"];
    const pick = <T>(choices: readonly T[]): T | undefined => choices[below(choices.length)];
    const path = (): string =>
      random() < 0.2
        ? `/live/${target.space}/${pick(renditions)}/${live.latest}.m4s`
        : livePaths.segment(target.space, "opus-32k", 0).replace("0.m4s", `${pick(numbers)?.() ?? ""}.m4s`);
    await flood(context, (headers) => requestText(target, path(), { headers }));
  },
};
