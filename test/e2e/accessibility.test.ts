import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pagePaths } from "../../src/wire/pages.ts";
import type { Space } from "../../src/wire/api.ts";
import { chromiumIsInstalled, openBrowser } from "./browser.ts";
import { faultsOf, overflow, phone } from "./page-faults.ts";
import { Server } from "./server.ts";
import { enterStage } from "./stage-page.ts";

/** Every page in every state a person meets, in a real browser against a real server. */
const there = chromiumIsInstalled();
const languages = ["en", "fr", "id"] as const;

let server: Server;
let browser: Browser;
/** Spaces by what they are. */
let spaces: Readonly<Record<"scheduled" | "lobby" | "staged" | "ended", Space>>;

beforeAll(async () => {
  if (!there) return;
  server = await Server.start({ demo: true });
  await server.claim();
  const inMinutes = (minutes: number): string => new Date(Date.now() + minutes * 60_000).toISOString();
  const description =
    "What it is about, in a few words, with https://example.org/a-rather-long-address-that-must-wrap-somewhere.";
  const create = (title: string, startAt?: string): Promise<Space> =>
    server.createSpace({ title, description, ...(startAt === undefined ? {} : { startAt }) });
  spaces = {
    scheduled: await create("Tomorrow’s conversation, with a title of some length", inMinutes(24 * 60)),
    lobby: await create("In ten minutes", inMinutes(10)),
    staged: await create("Two on stage"),
    ended: await create("It is over"),
  };
  ({ browser } = await openBrowser());
  const { page, context } = await open("/");
  await enterStage(page, (await server.invite(spaces.ended.id, "host", "Host of the past")).url);
  const { latest } = await server.until(spaces.ended.id, ({ status, hold }) => status === "live" && !hold);
  await server.until(spaces.ended.id, (state) => (state.latest ?? 0) > (latest ?? 0) + 3);
  await server.api("POST", `/spaces/${spaces.ended.id}/end`);
  await server.until(spaces.ended.id, ({ status, replay }) => status === "ended" && replay);
  await context.close();
}, 90_000);
afterAll(async () => {
  await browser?.close();
  await server?.[Symbol.asyncDispose]();
});

interface Opened {
  readonly page: Page;
  readonly context: BrowserContext;
}

/** A page of its own; `owner`: signed in. */
async function open(path: string, more: BrowserContextOptions & { owner?: boolean } = {}): Promise<Opened> {
  const { owner = false, ...options } = more;
  const context = await browser.newContext({
    viewport: phone,
    bypassCSP: true,
    permissions: ["microphone"],
    ...options,
  });
  const cookies = owner ? server.cookie.split("; ").map((pair) => pair.split("=")) : [];
  await context.addCookies(cookies.map(([name = "", ...value]) => ({ name, value: value.join("="), url: server.url })));
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  await page.goto(`${server.url}${path}`);
  return { page, context };
}

interface State {
  readonly what: string;
  readonly path: () => string;
  /** What is there once it is drawn. */
  readonly ready: string;
  readonly owner?: boolean;
  readonly afterwards?: (page: Page) => Promise<void>;
}

const states: readonly State[] = [
  { what: "home", path: pagePaths.home, ready: ".on-air h3" },
  { what: "Space, scheduled", path: () => pagePaths.space(spaces.scheduled.slug), ready: "main h1" },
  { what: "Space, lobby", path: () => pagePaths.space(spaces.lobby.slug), ready: ".bar .large" },
  { what: "Space, live and playing", path: () => pagePaths.space("demo"), ready: ".bar .large", afterwards: playDemo },
  {
    what: "Space, ended, with its replay",
    path: () => pagePaths.space(spaces.ended.slug),
    ready: ".deck input[type=range]",
  },
  { what: "Space that is not there", path: () => pagePaths.space("nobody"), ready: "main h1" },
  { what: "stage, to a stranger", path: () => pagePaths.stage(spaces.staged.slug), ready: ".callout" },
  { what: "sign-in", path: pagePaths.signIn, ready: "#password" },
  { what: "owner link without its secret", path: () => "/owner", ready: ".callout" },
  { what: "owner claim", path: () => pagePaths.owner("some-token"), ready: "#name" },
  { what: "owner, ways to sign in", path: () => "/owner", ready: "#password", owner: true },
  { what: "desk", path: () => pagePaths.desk(), ready: "main h1", owner: true },
  {
    what: "desk of a scheduled Space",
    path: () => pagePaths.desk(spaces.scheduled.slug),
    ready: "main h2:visible",
    owner: true,
  },
  {
    what: "desk, editing a Space",
    path: () => pagePaths.desk(spaces.scheduled.slug),
    ready: "main h2:visible",
    owner: true,
    afterwards: async (page) => {
      await page.locator(".page-head button").first().click();
      await page.locator("dialog[open]").waitFor();
    },
  },
  {
    what: "desk of a live Space",
    path: () => pagePaths.desk("demo"),
    ready: "main h2:visible",
    owner: true,
    afterwards: verdictThere,
  },
  {
    what: "desk of a Space that is over",
    path: () => pagePaths.desk(spaces.ended.slug),
    ready: "main h2:visible",
    owner: true,
    afterwards: verdictThere,
  },
  { what: "operations", path: pagePaths.ops, ready: "main table, main h2:visible", owner: true },
  { what: "operations, to a stranger", path: pagePaths.ops, ready: ".callout" },
];

/** What the load was is worked out when it is asked for. */
async function verdictThere(page: Page): Promise<void> {
  await page.locator(".verdict-says").waitFor({ timeout: 40_000 });
}

async function playDemo(page: Page): Promise<void> {
  const listen = page.locator(".bar .large");
  await listen.click();
  await page.locator(".avatar.speaking").first().waitFor();
}

test.skipIf(!there)("EE-9 the means find what is wrong on a page", async () => {
  const { page, context } = await open(pagePaths.home());
  await page.evaluate(() => {
    document.body.innerHTML = `<main><h1>Home</h1><p style="color:#888;background:#777">grey on grey</p><button></button>
      <div style="width:500px">wide</div></main>`;
  });
  const faults = (await faultsOf(page)).join("\n");
  for (const one of ["light 360: color-contrast p", "dark 1280: button-name button", "360: wider than the window"])
    expect(faults).toContain(one);
  expect(faults).not.toContain("1280: wider");
  await context.close();
});

test.skipIf(!there).each(states)(
  "EE-9 $what: no serious finding of axe-core, and nothing wider than the window in any language",
  async ({ path, ready, owner = false, afterwards }) => {
    const { page, context } = await open(path(), { owner });
    await page.locator(ready).first().waitFor();
    await afterwards?.(page);
    await page.waitForTimeout(500);
    expect(await faultsOf(page)).toEqual([]);
    await context.close();
    for (const language of languages.slice(1)) {
      const other = await open(path(), { owner, locale: language });
      await other.page.locator(ready).first().waitFor();
      await afterwards?.(other.page);
      await other.page.waitForTimeout(300);
      expect(await other.page.evaluate("document.documentElement.lang")).toBe(language);
      expect(await overflow(other.page), language).toEqual([]);
      await other.context.close();
    }
  },
  60_000,
);

test.skipIf(!there)(
  "EE-9 the stage: before it, and on it as host with others, in three languages",
  async () => {
    const { id } = spaces.staged;
    const opened: Opened[] = [];
    try {
      for (const [language, role] of [
        ["en", "host"],
        ["fr", "cohost"],
        ["id", "cohost"],
      ] as const) {
        const { url } = await server.invite(id, role, `Somebody with a long name, ${role} in ${language}`);
        const one = await open(`/stage/${url.split("/stage/")[1]}`, { locale: language });
        opened.push(one);
        await one.page.locator("#name").waitFor();
        await one.page.locator("#microphone").waitFor();
        expect(await overflow(one.page), `before the stage, ${language}`).toEqual([]);
        if (language === "en") expect(await faultsOf(one.page)).toEqual([]);
        await one.page.locator(".pre-join button[type=submit]").click();
        await one.page.locator(".air.on-air, .air.green-room, .air.hold").waitFor({ timeout: 20_000 });
      }
      const stranger = await open(pagePaths.space(spaces.staged.slug));
      opened.push(stranger);
      await stranger.page.getByRole("button", { name: "Raise hand" }).click();
      await stranger.page.getByRole("dialog").getByRole("textbox").fill("Somebody who asks to speak");
      expect(await faultsOf(stranger.page), "raising a hand").toEqual([]);
      await stranger.page.getByRole("dialog").locator("button[type=submit], button.primary").first().click();
      const [host] = opened;
      await host!.page.getByText("Somebody who asks to speak").first().waitFor();
      expect(await faultsOf(host!.page), "the host with others and a raised hand").toEqual([]);
      for (const [i, { page }] of opened.slice(0, 3).entries()) expect(await overflow(page), languages[i]).toEqual([]);
      for (const name of ["Sound devices", "Leave"]) {
        await host!.page.locator(".controls").getByRole("button", { name }).click();
        await host!.page.getByRole("dialog").waitFor();
        expect(await faultsOf(host!.page), `dialog: ${name}`).toEqual([]);
        await host!.page.keyboard.press("Escape");
        await host!.page.getByRole("dialog").waitFor({ state: "hidden" });
      }
    } finally {
      for (const { context } of opened) await context.close();
    }
  },
  120_000,
);
