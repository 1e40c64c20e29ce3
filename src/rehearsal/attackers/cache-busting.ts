import { livePaths } from "../../wire/paths.ts";
import type { AttackContext, Attacker } from "./contract.ts";
import { flood } from "./flood.ts";
import { followLive } from "./live-edge.ts";
import { requestText } from "./target.ts";

/**
 * Asks for what is there under names that differ each time, so that a cache takes each for another object and asks the origin for it:
 * random queries, percent-encoded letters and dots, capitals, doubled slashes, `/./`, paths with parameters, other cookies and other
 * `Accept` headers. As `goldeneye` and the "cache-busting" floods that CDNs report do it.
 * Owed: nobody that plays notices, who comes gets sound, and the origin is asked for each segment once, as if nobody did this.
 */
export const attacker: Attacker = {
  name: "cache-busting",
  unit: "a second",
  usual: 1000,
  most: 20_000,
  owes: ["no-gap", "joins", "origin-unmoved"],
  async attack(context: AttackContext): Promise<void> {
    const { target, random } = context;
    const live = followLive(context);
    const word = (): string => Math.floor(random() * 2 ** 40).toString(36);
    const disguises: readonly ((path: string) => string)[] = [
      (path) => `${path}?${word()}=${word()}`,
      (path) => `${path}?${word()}`,
      (path) => `${path}?_=${word()}&_=/../${word()}%00`,
      (path) => `${path}#${word()}`,
      (path) => path.replace(".", "%2e"),
      (path) => path.replace("live", "l%69ve"),
      (path) => path.replace("live", "Live"),
      (path) => path.replace(".m4s", ".M4S"),
      (path) => path.replaceAll("/", "//"),
      (path) => path.replace("/live", "/./live"),
      (path) => path.replace("/live", `/${word()}/../live`),
      (path) => `${path};${word()}`,
      (path) => `${path}/`,
      (path) => `http://${word()}.example${path}`,
    ];
    const headers: readonly (() => string)[] = [
      () => "",
      () => `Cookie: ${word()}=${word()}\r\n`,
      () => `Accept: audio/${word()}\r\n`,
      () => "Cache-Control: no-cache\r\nPragma: no-cache\r\n",
      () => `X-Forwarded-Host: ${word()}.example\r\n`,
    ];
    const pick = <T>(choices: readonly T[]): T | undefined => choices[Math.floor(random() * choices.length)];
    await flood(context, (needed) => {
      const n = Math.max(0, live.latest - Math.floor(random() * 4));
      const path = random() < 0.8 ? livePaths.segment(target.space, "opus-32k", n) : livePaths.state(target.space);
      return requestText(target, pick(disguises)?.(path) ?? path, { headers: needed + (pick(headers)?.() ?? "") });
    });
  },
};
