import { livePaths } from "../../wire/paths.ts";
import type { AttackContext, Attacker } from "./contract.ts";
import { drip } from "./drip.ts";
import { requestText } from "./target.ts";

/** Often enough that a time limit on silence never ends it. */
const everyMs = 3000;

/**
 * Holds connections with a request whose head never ends: one more header line every three seconds (Slowloris, 2009; `slowhttptest -H`).
 * A server with a thread or a worker for each connection has none left. What the target closes is opened again.
 * Owed: nobody that plays notices, who comes gets sound, the state answers, and connections and memory stay within their caps.
 */
export const attacker: Attacker = {
  name: "slow-headers",
  unit: "connections",
  usual: 1000,
  most: 10_000,
  owes: ["no-gap", "joins", "answers", "memory"],
  async attack(context: AttackContext): Promise<void> {
    const { target, random } = context;
    const whole = requestText(target, livePaths.state(target.space));
    await drip(context, {
      // Without the empty line that ends a head.
      first: () => whole.slice(0, -2),
      more: () => `X-${Math.floor(random() * 1e6)}: ${Math.floor(random() * 1e6)}\r\n`,
      everyMs,
    });
  },
};
