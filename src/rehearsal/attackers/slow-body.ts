import { livePaths } from "../../wire/paths.ts";
import type { AttackContext, Attacker } from "./contract.ts";
import { drip } from "./drip.ts";
import { requestText } from "./target.ts";

const everyMs = 2000;
/** Of a size that is allowed, so that it is not refused by its head alone. */
const announced = 32_000;

/**
 * Sends heads of POST requests at once and their bodies a byte every two seconds (R.U.D.Y., 2011; `slowhttptest -B`): sign-ins for three
 * quarters of them, listeners' beacons for the rest. A server that gives each request a place from its head on has none left.
 * Owed: nobody that plays notices, who comes gets sound, the state answers, and memory stays within its caps.
 */
export const attacker: Attacker = {
  name: "slow-body",
  unit: "connections",
  usual: 500,
  most: 10_000,
  owes: ["no-gap", "joins", "answers", "memory"],
  async attack(context: AttackContext): Promise<void> {
    const { target, random } = context;
    const headers = `Origin: ${target.tls ? "https" : "http"}://${target.host}:${target.port}\r\nContent-Type: application/json\r\nContent-Length: ${announced}\r\n`;
    await drip(context, {
      first: () => {
        const path = random() < 0.75 ? "/api/v1/session" : livePaths.beacon(target.space, 1);
        return `${requestText(target, path, { method: "POST", headers })}{`;
      },
      more: () => " ",
      everyMs,
    });
  },
};
