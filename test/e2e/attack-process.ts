import { runAttack } from "../../src/rehearsal/attackers/run-attack.ts";
import type { AttackOrder } from "../../src/rehearsal/attackers/contract.ts";

/** One attack in a process of its own, so that what it costs is not taken from the listeners beside it: the order is the first word, what it tells are lines. */
const order = JSON.parse(process.argv[2] ?? "") as AttackOrder;
const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());
await runAttack(order, (told) => console.log(JSON.stringify(told)), stop.signal);
