import { seconds } from "../../foundation/duration.ts";
import type { Scope } from "../../foundation/scope.ts";
import type { Shield } from "../../shield/shield.ts";
import { isShieldSummary } from "../../wire/shield-summary.ts";
import type { Peers } from "./peers.ts";

/** How often each edge tells the others who costs it. */
const tellEvery = seconds(1);
const type = "shield";

/**
 * Exchanges what the shields of the edges of one machine know: connections to their port are spread over all of them, so
 * that each sees only its part of an attack. What cannot be sent at once is not sent; the next one says it again.
 */
export function exchangeSummaries(shield: Shield, peers: Peers, scope: Scope): void {
  peers.hear(type, ({ summary }) => {
    if (isShieldSummary(summary)) shield.hear(summary);
  });
  let isOnItsWay = false;
  scope.every(tellEvery, () => {
    const summary = isOnItsWay ? undefined : shield.summary();
    if (summary === undefined) return;
    isOnItsWay = true;
    peers.say("siblings", { t: type, summary }, undefined, () => (isOnItsWay = false));
  });
}
