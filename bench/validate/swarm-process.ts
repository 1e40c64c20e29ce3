/** One process of the swarm: it does the orders that it is sent, one after the other, and sends each second of them back. */
import type { SwarmOrder } from "../../src/rehearsal/swarm/contract.ts";
import { runSwarm } from "../../src/rehearsal/swarm/swarm.ts";

process.on("message", (order: SwarmOrder) => {
  runSwarm(order, (second) => void process.send?.(second), new AbortController().signal).then(
    (end) => process.send?.(end),
    (thrown: unknown) => {
      process.stderr.write(`the swarm failed: ${String(thrown)}\n`);
      process.exit(1);
    },
  );
});
process.once("disconnect", () => process.exit());
