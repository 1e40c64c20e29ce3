import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { chromiumIsInstalled, openBrowser } from "./browser.ts";
import { Server } from "./server.ts";
import { speechIsInstalled } from "./speech.ts";
import { enterStage } from "./stage-page.ts";

/** How far ahead it is scheduled; two minutes with ROSTRA_E2E_AHEAD=120. */
const ahead = Number(process.env["ROSTRA_E2E_AHEAD"] ?? 25);

test.skipIf(!chromiumIsInstalled() || !speechIsInstalled())(
  "EE-5 a scheduled Space with a host waiting on stage goes live by itself, on the minute",
  async () => {
    await using server = await Server.start();
    await server.claim();
    const startAt = Math.ceil(Date.now() / 1000 + ahead) * 1000;
    const space = await server.createSpace({ title: "On the minute", startAt: new Date(startAt).toISOString() });
    const lobby = await server.until(space.id, (state) => state.status === "lobby" && state.latest !== null);
    expect(lobby.hold).toBe(false);
    const invite = await server.invite(space.id, "host", "Host");
    const { browser, page } = await openBrowser();
    try {
      await enterStage(page, invite.url);
      await sleep(Math.max(0, startAt - Date.now()));
      const state = await server.until(space.id, (one) => one.status === "live" && one.liveAt !== null, 10_000);
      const after = Date.now() - startAt;
      console.log(
        `announced ${new Date(startAt).toISOString()}, first live segment ${state.delayMs} ms after, seen live ${after} ms after`,
      );
      expect(state.liveAt).toBe(startAt + (state.delayMs ?? Number.NaN));
      expect(state.delayMs).toBeGreaterThanOrEqual(0);
      expect(state.hold).toBe(false);
    } finally {
      await browser.close();
    }
  },
  (ahead + 90) * 1000,
);
