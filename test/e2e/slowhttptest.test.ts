import { expect, test } from "vitest";
import { expectNothingLeft, expectUnnoticed, expectWithinMemory } from "./owed.ts";
import { slowHttpTest, slowHttpTestIsInstalled, slowModes } from "./slowhttptest.ts";
import { UnderAttack } from "./under-attack.ts";

const connections = 200;
/** What is not let go of by then is not let go of. */
const withinSeconds = 60;

test.skipIf(!slowHttpTestIsInstalled())(
  "EE-73 slowhttptest in all four modes during a live Space: nobody who listens or comes notices, and its connections are let go of",
  async () => {
    await using house = await UnderAttack.start();
    const noticed = await house.during(async () => {
      const over = new AbortController();
      const options = { connections, seconds: withinSeconds, signal: over.signal };
      const running = slowModes.map((mode) => slowHttpTest(mode, house.server.url, options));
      await house.until(/^rostra_edge_connections\b/, (now) => now >= house.listeners + 2 * connections);
      // Whoever reads slowly has what the kernel holds for them; the server has let go of them all the same.
      await house.until(/^rostra_edge_connections\b/, (now) => now <= house.listeners + 10, withinSeconds * 1000);
      over.abort();
      return Promise.all(running);
    });
    expectUnnoticed(noticed);
    expectWithinMemory(noticed);
    expect(noticed.done.map(({ mode, available }) => [mode, available])).toEqual(slowModes.map((mode) => [mode, true]));
    for (const mode of ["slow headers", "slow body"])
      expect(noticed.done.find((one) => one.mode === mode)?.exit).toBe("No open connections left");
    await expectNothingLeft(house);
  },
  120_000,
);
