import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { chromiumIsInstalled, hear, openBrowser } from "./browser.ts";
import { Server } from "./server.ts";
import { pressListen } from "./stage-page.ts";

/** The listening pages in a real browser, against a real server with its demo Space. */
const axe = readFileSync(new URL(import.meta.resolve("axe-core/axe.min.js")), "utf8");
const there = chromiumIsInstalled();
let server: Server;
let browser: Browser;

beforeAll(async () => {
  if (!there) return;
  server = await Server.start({ demo: true });
  await server.until("demo", (state) => state.status === "live" && !state.hold);
  ({ browser } = await openBrowser());
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await server?.[Symbol.asyncDispose]();
});

async function open(path: string, options: BrowserContextOptions = {}): Promise<{ page: Page; failures: string[] }> {
  const context = await browser.newContext({ viewport: { width: 360, height: 740 }, bypassCSP: false, ...options });
  const page = await context.newPage();
  const failures: string[] = [];
  page.on("pageerror", (failure) => failures.push(failure.message));
  await page.goto(`${server.url}${path}`);
  return { page, failures };
}

interface Violation {
  readonly id: string;
  readonly impact: string | null;
  readonly targets: readonly string[];
}

async function violations(page: Page): Promise<Violation[]> {
  await page.evaluate(axe);
  const all = await page.evaluate(async () => {
    const { violations: found } = await (
      globalThis as unknown as {
        axe: { run(): Promise<{ violations: { id: string; impact: string; nodes: { target: string[] }[] }[] }> };
      }
    ).axe.run();
    return found.map(({ id, impact, nodes }) => ({ id, impact, targets: nodes.map(({ target }) => target.join(" ")) }));
  });
  return all.filter(({ impact }) => impact === "serious" || impact === "critical");
}

/** The page's player, as `<rostra-player>` or a script of the test shows it. */
const playing = `document.querySelector("rostra-player").player`;

test.skipIf(!there)(
  "PL-13 LP-9 Listen plays, rings move with the voices, and goes on while control and edges die",
  async () => {
    const { page, failures } = await open("/s/demo");
    await pressListen(page);
    await page.locator(".avatar.speaking").first().waitFor();
    for (const name of ["control", "edge 1", "edge 2"]) {
      await server.kill(name);
      await page.waitForTimeout(2500);
      expect(await page.locator(".waiting").isVisible(), `after ${name}`).toBe(false);
    }
    await page.locator(".avatar.speaking").first().waitFor();
    expect(failures).toEqual([]);
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByRole("button", { name: "Listen", exact: true }).waitFor();
    expect(await page.locator(".avatar.speaking").count()).toBe(0);
    await page.context().close();
  },
);

test.skipIf(!there)("PL-15 the element plays on a page of another origin and says who speaks", async () => {
  const blog = createServer((_request, response) => {
    response.setHeader("content-type", "text/html");
    response.end(
      `<!doctype html><html lang="en"><title>Blog</title><main><h1>A blog</h1><rostra-player space="demo" src="${server.url}">` +
        `</rostra-player></main><script type="module" src="${server.url}/player.js"></script>`,
    );
  }).listen(0, "127.0.0.1");
  const { browser: own, page } = await openBrowser();
  try {
    await page.goto(`http://127.0.0.1:${(blog.address() as AddressInfo).port}/`);
    await page.getByRole("button", { name: "Listen: Rostra demo" }).click();
    await page.getByText("Speaking: ").waitFor();
    const sound = await hear(page, 2000);
    expect(Math.max(...sound.map(Math.abs))).toBeGreaterThan(0.01);
    expect(await page.evaluate(`${playing}.metrics.way`)).toEqual({ by: "stream" });
    expect(await violations(page)).toEqual([]);
  } finally {
    await own.close();
    blog.close();
  }
});

test.skipIf(!there)("PL-12 numbered segments play where responses cannot be streamed", async () => {
  const { browser: own, page } = await openBrowser();
  try {
    await page.goto(`${server.url}/s/demo`);
    await page.evaluate(`(async () => {
      const { createPlayer } = await import("/player.js");
      globalThis.own = createPlayer({ space: "demo", streams: false });
      own.play();
    })()`);
    // The page's policy forbids eval, which `waitForFunction` needs.
    await expect.poll(() => page.evaluate("own.state.kind"), { timeout: 15_000 }).toBe("playing");
    const sound = await hear(page, 3000);
    expect(Math.max(...sound.map(Math.abs))).toBeGreaterThan(0.01);
    expect(await page.evaluate("own.metrics.way")).toEqual({ by: "segments", why: "no-streaming-fetch" });
  } finally {
    await own.close();
  }
});

test.skipIf(!there)("LP-5 the page's bytes before the first sound stay within 14 KB", async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  const sizes: Promise<number>[] = [];
  page.on("requestfinished", (request) => {
    if (/\.m4s|\.mp4/.test(request.url())) return;
    sizes.push(request.sizes().then(({ responseBodySize }) => responseBodySize));
  });
  await page.goto(`${server.url}/s/demo`);
  await pressListen(page);
  await page.locator(".avatar.speaking").first().waitFor();
  const all = await Promise.all(sizes);
  expect(all.length).toBeGreaterThan(5);
  expect(all.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(14 * 1024);
  await context.close();
});

test.skipIf(!there)("LP-8 no serious finding of axe-core, light and dark, phone and desktop, dialog open", async () => {
  for (const [path, options] of [
    ["/", {}],
    ["/?lang=fr", { colorScheme: "dark", viewport: { width: 1280, height: 800 } }],
    ["/s/demo", {}],
    ["/s/demo?lang=id", { colorScheme: "dark", viewport: { width: 1280, height: 800 } }],
  ] as const) {
    const { page, failures } = await open(path, { ...options, bypassCSP: true });
    await page.locator(path.startsWith("/s/") ? ".bar .large" : ".on-air h3").waitFor();
    expect(await violations(page), path).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth > innerWidth"), `${path} overflows`).toBe(false);
    if (path === "/s/demo") {
      await page.getByRole("button", { name: "Raise hand" }).click();
      await page.getByRole("dialog").waitFor();
      expect(await violations(page), "raise hand").toEqual([]);
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "hidden" });
    }
    expect(failures).toEqual([]);
    await page.context().close();
  }
});

test.skipIf(!there)(
  "LP-10 a Space that is not there, cancelled or over is told in plain words, with a way on",
  async () => {
    const live = await server.state("demo");
    for (const [answer, words] of [
      [undefined, "There is no conversation at this address"],
      [{ ...live, status: "cancelled" }, "This conversation was cancelled."],
      [{ ...live, status: "ended", endedAt: live.now }, "The replay appears here by itself"],
      [{ ...live, status: "ended", endedAt: live.now - 3_600_000 }, "No replay was kept of it."],
      [
        { ...live, status: "scheduled", startAt: live.now + 90_000_000, liveAt: null, delayMs: null },
        "Add to calendar",
      ],
    ] as const) {
      const context = await browser.newContext({ bypassCSP: true });
      const page = await context.newPage();
      await page.route("**/live/demo/state.json", (route) =>
        answer ? route.fulfill({ json: answer }) : route.fulfill({ status: 404, json: {} }),
      );
      await page.goto(`${server.url}/s/demo`);
      await page.getByText(words).waitFor();
      expect((await page.locator("body").innerText()).toLowerCase()).not.toContain("not available");
      expect(await violations(page), words).toEqual([]);
      await context.close();
    }
  },
);
