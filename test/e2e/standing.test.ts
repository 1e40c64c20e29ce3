import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pagePaths } from "../../src/wire/pages.ts";
import type { ServiceLevel } from "../../src/wire/state.ts";
import { chromiumIsInstalled, hear, openBrowser } from "./browser.ts";
import { faultsOf } from "./page-faults.ts";
import { Server } from "./server.ts";
import { pressListen } from "./stage-page.ts";

/** What people see when there are more of them than seats: a host raises the level by hand, and lowers it again. */
const there = chromiumIsInstalled();
const path = pagePaths.space("demo");
let server: Server;
let browser: Browser;
let space: string;
/** Somebody who listens from before all of it until its end. */
let listener: Page;

beforeAll(async () => {
  if (!there) return;
  server = await Server.start({ demo: true, edges: 1 });
  await server.claim();
  ({ id: space } = await server.until("demo", ({ status, latest }) => status === "live" && (latest ?? 0) > 3, 40_000));
  ({ browser, page: listener } = await openBrowser());
  await listener.goto(`${server.url}${path}`);
  await pressListen(listener);
  await listener.locator(".avatar.speaking").first().waitFor({ timeout: 20_000 });
}, 90_000);
afterAll(async () => {
  await browser?.close();
  await server?.[Symbol.asyncDispose]();
});

async function newcomer(options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ bypassCSP: true, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  return page;
}

async function level(wanted: ServiceLevel): Promise<void> {
  await server.api("PUT", `/spaces/${space}/level`, { level: wanted });
  await server.until(space, (state) => state.level === wanted);
}

/** What is asked of the door by a page: `POST` and `GET` of places. */
function askedOf(page: Page): string[] {
  const asked: string[] = [];
  page.on("request", (request) => {
    if (/\/place(\/|$)/.test(new URL(request.url()).pathname)) asked.push(request.method());
  });
  return asked;
}

test.skipIf(!there)(
  "EE-60 who comes while there is no seat reads along, has a place that a reload keeps, and hears by itself when there is one",
  async () => {
    const page = await newcomer();
    const asked = askedOf(page);
    await level(3);
    await page.goto(`${server.url}${path}`);
    const standing = page.locator(".standing");
    await standing.getByRole("heading", { name: "There are more people than seats just now" }).waitFor();
    await standing.locator(".lines li").first().waitFor();
    expect(await standing.getByText(/not available/i).count()).toBe(0);

    await level(4);
    await page.getByRole("button", { name: "Listen", exact: true }).click();
    await standing.getByText("You are next.").waitFor();
    await standing.getByRole("heading", { name: "You are in line" }).waitFor();
    expect(await faultsOf(page)).toEqual([]);
    expect(asked[0]).toBe("POST");
    asked.length = 0;
    await page.goto(`${server.url}${path}?go`);
    await page.getByRole("button", { name: "Listen", exact: true }).click();
    await standing.getByText("You are next.").waitFor();
    expect(asked).not.toContain("POST");

    await level(3);
    await page.locator(".avatar.speaking").first().waitFor();
    await standing.waitFor({ state: "detached" });
    await page.context().close();

    // Whoever listened already has not noticed any of it.
    const loudest = async (): Promise<number> => Math.max(...(await hear(listener, 1000)).map(Math.abs));
    await expect.poll(loudest, { timeout: 20_000 }).toBeGreaterThan(0.01);
    expect(await listener.locator(".standing").count()).toBe(0);
  },
  90_000,
);

test.skipIf(!there)(
  "EE-61 at level 4 newcomers get one page that asks for nothing else; who was listening goes on from it with the seat",
  async () => {
    await level(4);
    const page = await newcomer({ locale: "fr-FR" });
    const requests: string[] = [];
    page.on("request", (request) => void requests.push(new URL(request.url()).pathname));
    await page.goto(`${server.url}${path}`);
    await page.getByText("Il y a plus de monde que de places en ce moment").waitFor();
    await page.locator(".lines li").first().waitFor();
    expect(requests).toEqual([path]);
    // It has no script that could renew it; who does not want that has an address without (WCAG 2.2.1).
    await page.getByRole("link", { name: "Ne pas renouveler cette page" }).click();
    expect(await faultsOf(page)).toEqual([]);
    const calendar = await fetch(`${server.url}${path}?ics`);
    expect(await calendar.text()).toContain(`URL:${server.url}${path}`);
    await page.context().close();

    await expect
      .poll(() => listener.evaluate(() => Object.keys(sessionStorage)), { timeout: 20_000 })
      .toContain("rostra-seat:demo");
    const asked = askedOf(listener);
    await listener.reload();
    await listener.getByRole("link", { name: "I was listening: go on" }).click();
    await pressListen(listener);
    await listener.locator(".avatar.speaking").first().waitFor({ timeout: 20_000 });
    expect(asked).toEqual([]);
    await level(0);
  },
  90_000,
);

test.skipIf(!there)(
  "EE-62 at the desk a host raises the level and sees what holds and why",
  async () => {
    const desk = await newcomer();
    const cookies = server.cookie.split("; ").map((pair) => pair.split("="));
    await desk
      .context()
      .addCookies(cookies.map(([name = "", ...value]) => ({ name, value: value.join("="), url: server.url })));
    await desk.goto(`${server.url}${pagePaths.desk("demo")}`);
    const panel = desk.getByRole("region", { name: "Level of service" });
    await panel.getByLabel("At least").selectOption("2");
    await panel.getByRole("button", { name: "Set" }).click();
    await panel.getByText("A host asked for it, since").waitFor();
    await server.until(space, (state) => state.level === 2);
    await panel.getByText("2 · Lean").first().waitFor();
    await level(0);
    await desk.context().close();
  },
  60_000,
);
