import { pagePaths } from "../../wire/pages.ts";
import { livePaths } from "../../wire/paths.ts";
import type { AttackContext, Attacker } from "./contract.ts";
import { flood } from "./flood.ts";
import { followLive } from "./live-edge.ts";
import { requestText } from "./target.ts";

/** Segments before the latest that are asked for as well: what a cache has. */
const recent = 8;

/**
 * Asks for what every listener asks for, as fast as it is told: the state, the page, init segments and recent segments, half of it on
 * kept connections and half on new ones, like `wrk`, `ab` or a botnet's HTTP flood. Each request by itself is a good one.
 * Owed: nobody that plays notices, who comes gets sound, the state and the page answer, and nothing more is asked upstream.
 */
export const attacker: Attacker = {
  name: "request-flood",
  unit: "a second",
  usual: 2000,
  most: 20_000,
  owes: ["no-gap", "joins", "answers", "origin-unmoved"],
  async attack(context: AttackContext): Promise<void> {
    const { target, random } = context;
    const live = followLive(context);
    const path = (): string => {
      const draw = random();
      if (draw < 0.3) return livePaths.state(target.space);
      if (draw < 0.5) return pagePaths.space(target.space);
      if (draw < 0.6) return livePaths.init(target.space, "opus-32k");
      return livePaths.segment(target.space, "opus-32k", Math.max(0, live.latest - Math.floor(random() * recent)));
    };
    await flood(context, (headers) => requestText(target, path(), { headers }));
  },
};
