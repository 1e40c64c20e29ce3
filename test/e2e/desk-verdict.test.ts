import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { pagePaths } from "../../src/wire/pages.ts";
import type { VerdictTold } from "../../src/wire/verdict.ts";
import { chromiumIsInstalled, openBrowser } from "./browser.ts";
import { StreamListener } from "./listener.ts";
import { Server } from "./server.ts";

/** The verdict once it fits; it is made anew every ten seconds at most. */
async function verdict(server: Server, fits: (told: VerdictTold) => boolean): Promise<VerdictTold> {
  let last = "nothing";
  for (const deadline = performance.now() + 60_000; performance.now() < deadline; await sleep(1000)) {
    const answer = await fetch(`${server.url}/api/v1/spaces/demo/verdict`, { headers: { cookie: server.cookie } });
    const text = await answer.text();
    if (answer.status === 200) {
      const told = JSON.parse(text) as VerdictTold;
      if (fits(told)) return told;
    }
    last = `${answer.status} ${text.slice(0, 500)}`;
  }
  throw new Error(`no verdict fits; the last: ${last}`);
}

test.skipIf(!chromiumIsInstalled())(
  "EE-70 the desk says what the load of a Space was: a crowd is no attack, a flood no crowd, and strangers are told nothing",
  async () => {
    await using server = await Server.start({ demo: true, edges: 1 });
    await server.claim();
    await server.until("demo", ({ latest }) => latest !== null);
    const listeners = Array.from(
      { length: 30 },
      () => new StreamListener(server.url, "/live/demo/opus-32k/stream.mp4"),
    );
    const quiet = await verdict(server, ({ curves }) => Math.max(...curves.players) === 30);
    expect(["crowd", "cannot-tell", "quiet"]).toContain(quiet.kind);
    expect(quiet.shares.attack.share).toBe(0);
    expect(quiet).toMatchObject({ broken: [], elsewhere: 0, without: { provedBy: null } });

    const stop = AbortSignal.timeout(4000);
    const ask = async (): Promise<void> => {
      while (!stop.aborted) await fetch(`${server.url}/wp-admin/`).then((answer) => answer.text());
    };
    await Promise.all(Array.from({ length: 20 }, ask));
    const flood = await verdict(server, ({ episodes }) => episodes.some(({ excess }) => excess > 0.5));
    expect(["attack", "attack-in-crowd", "cannot-tell"]).toContain(flood.kind);
    expect(flood.shares.crowd.share).toBeLessThan(0.6);
    expect(flood.episodes[0]?.speaksFor.length).toBeGreaterThan(0);

    const stranger = await fetch(`${server.url}/api/v1/spaces/demo/verdict`);
    expect(stranger.status).toBe(401);
    const report = await fetch(`${server.url}${flood.url}`, { headers: { cookie: server.cookie } });
    expect(report.headers.get("content-security-policy")).toContain("sandbox");
    expect(await report.text()).toContain("Whose the load was");

    const { browser } = await openBrowser();
    try {
      const context = await browser.newContext({ viewport: { width: 390, height: 844 } });
      const cookies = server.cookie.split("; ").map((pair) => pair.split("="));
      await context.addCookies(
        cookies.map(([name = "", ...value]) => ({ name, value: value.join("="), url: server.url })),
      );
      const page = await context.newPage();
      await page.goto(`${server.url}${pagePaths.desk("demo")}`);
      const panel = page.getByRole("region", { name: "What was that?" });
      await panel.getByRole("link", { name: "The whole report" }).waitFor({ timeout: 30_000 });
      expect(await panel.getByRole("row").allInnerTexts()).toHaveLength(5);
      expect(await panel.locator(".verdict-says").innerText()).not.toContain("The crowd");
    } finally {
      await browser.close();
      for (const listener of listeners) listener.end();
    }
  },
  150_000,
);
