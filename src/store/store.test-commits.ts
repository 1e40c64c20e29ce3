import { manualClock } from "../foundation/clock.ts";
import { epochMs } from "../foundation/duration.ts";
import { silentLog } from "../foundation/log.ts";
import { newSpace } from "./store.test-values.ts";
import { openStore } from "./open.ts";

/**
 * The child of the durability test: commits for ever and writes the revision of each commit that was acknowledged, a
 * line each, until it is killed.
 */
const data = process.argv[2];
if (data === undefined) throw new Error("usage: store.test-commits.ts <data folder>");
const store = await openStore({ data, clock: manualClock(epochMs(0)), log: silentLog });
await store.spaces.create(newSpace({ id: "loop" }), "revision 1");
for (let revision = 2; ; revision++) {
  const why = `revision ${revision}`;
  const updated = await store.spaces.update("loop", revision - 1, { notice: why }, { at: revision, why });
  if (!updated.ok) throw new Error(updated.why);
  process.stdout.write(`${revision}\n`);
}
