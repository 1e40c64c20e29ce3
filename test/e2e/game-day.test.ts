import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import type { Space, SpaceList } from "../../src/wire/api.ts";
import type { RunCheckName, RunSheet } from "../../src/wire/run-sheet.ts";
import { measured } from "../../src/rehearsal/report/records.fixture.ts";
import { chromiumIsInstalled, openBrowser } from "./browser.ts";
import { Server } from "./server.ts";

/** Where pictures of the desk are put, for somebody to look at. */
const pictures = process.env["ROSTRA_E2E_PICTURES"];
const phone = { width: 390, height: 844 };
const desktop = { width: 1280, height: 900 };

async function picture(page: Page, name: string): Promise<void> {
  if (pictures === undefined) return;
  for (const colorScheme of ["light", "dark"] as const) {
    for (const viewport of [phone, desktop]) {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.screenshot({ path: join(pictures, `${name}-${viewport.width}-${colorScheme}.png`), fullPage: true });
    }
  }
  await page.setViewportSize(desktop);
}

/** The words of a check's state on the desk. */
const stateOf = (page: Page, check: RunCheckName): Promise<string | null> =>
  page.locator(`#run-${check} .badge`).textContent();
const becomes = (page: Page, check: RunCheckName, words: string): Promise<void> =>
  page.locator(`#run-${check} .badge`, { hasText: words }).waitFor({ timeout: 60_000 });

test.skipIf(!chromiumIsInstalled())(
  "EE-30 the desk of a scheduled Space has a run sheet: a plan, a hidden rehearsal that plays, a record that turns a check green",
  async () => {
    await using server = await Server.start();
    await server.claim();
    const folder = await mkdtemp(join(tmpdir(), "rostra-game-day-"));
    const startAt = new Date(Date.now() + 26 * 3_600_000).toISOString();
    const space = await server.createSpace({ title: "The evening that everybody waits for", startAt });
    const { browser, page } = await openBrowser({ context: { viewport: desktop } });
    try {
      const cookies = server.cookie.split("; ").map((pair) => pair.split("="));
      await page
        .context()
        .addCookies(cookies.map(([name = "", ...value]) => ({ name, value: value.join("="), url: server.url })));
      await page.goto(`${server.url}/desk/${space.slug}`);
      await page.getByRole("heading", { name: "Run sheet" }).waitFor();
      await page.locator(".run-next").getByText("Next: Expected audience").waitFor();
      expect(await stateOf(page, "audience")).toBe("To do");
      expect(await stateOf(page, "speakers")).toBe("Later");
      await picture(page, "before");

      await page.getByLabel("Listeners", { exact: true }).fill("20 000");
      await page.getByRole("button", { name: "Save and plan" }).click();
      await becomes(page, "audience", "In order");
      await becomes(page, "plan", "In order");
      expect(await stateOf(page, "disk")).not.toBe("Later");
      await page.locator("#run-invites").getByRole("button", { name: "It is done" }).click();
      await page.locator("#run-invites").getByText("Ticked by Owner").waitFor();

      // The next thing to do is always said, whatever this machine lacks.
      const rehearsed = page.locator("#run-rehearsal-space");
      await rehearsed.getByRole("button", { name: "Make the rehearsal Space" }).click();
      await becomes(page, "rehearsal-space", "In order");
      const sheet = await server.api<RunSheet>("GET", `/spaces/${space.id}/run-sheet`);
      const rehearsal = sheet.rehearsal as Space;
      expect(await page.locator("#run-command").inputValue()).toBe(sheet.command);
      expect(sheet.command).toContain(`--space ${rehearsal.slug} --listeners 20000`);
      for (const query of ["", "?all=true"]) {
        const { spaces } = await server.api<SpaceList>("GET", `/spaces${query}`);
        expect(spaces.map(({ id }) => id)).toEqual([space.id]);
      }
      const { latest } = await server.until(
        rehearsal.slug,
        (state) => state.status === "live" && !state.hold && state.liveAt !== null,
      );
      const sound = await fetch(`${server.url}/live/${rehearsal.slug}/opus-32k/${latest}.m4s`);
      expect(sound.status).toBe(200);
      expect((await sound.arrayBuffer()).byteLength).toBeGreaterThan(1500);
      expect((await server.state(space.id)).status).toBe("scheduled");

      expect(await stateOf(page, "rehearsal")).toBe("To do");
      const { interrupted: _why, ...record } = measured();
      const went = async (verdict: "held" | "broken"): Promise<string> => {
        const file = join(folder, `${verdict}.json`);
        const promises = record.promises.map((one) => ({ ...one, verdict }));
        await writeFile(file, JSON.stringify({ ...record, command: sheet.command, promises }));
        return file;
      };
      await page.locator("#run-file").setInputFiles(await went("broken"));
      await becomes(page, "rehearsal", "Wrong");
      await page.locator("#run-rehearsal").getByText("Read the report: it says what to change first").waitFor();
      await picture(page, "broken");
      await page.locator("#run-file").setInputFiles(await went("held"));
      await becomes(page, "rehearsal", "In order");
      await picture(page, "rehearsed");
      const report = await page
        .locator("#run-rehearsal")
        .getByRole("link", { name: "Read the report" })
        .getAttribute("href");
      await page.goto(`${server.url}${report}`);
      await page.getByRole("heading", { name: "The promises" }).waitFor();

      await page.goto(`${server.url}/desk/${space.slug}`);
      await rehearsed.getByRole("button", { name: "Remove it" }).click();
      await becomes(page, "rehearsal-space", "To do");
      expect((await fetch(`${server.url}/api/v1/spaces/${rehearsal.slug}`)).status).toBe(404);
    } finally {
      await browser.close();
      await rm(folder, { recursive: true, force: true });
    }
  },
  180_000,
);
