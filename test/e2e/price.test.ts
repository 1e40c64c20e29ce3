import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Page } from "playwright-core";
import { WebSocket } from "ws";
import { pricedActs } from "../../src/apps/control/price/acts.ts";
import type { Space } from "../../src/wire/api.ts";
import type { ServerMessage } from "../../src/wire/signalling.ts";
import { chromiumIsInstalled, openBrowser } from "./browser.ts";
import { type Speaker, speaker } from "./on-stage.ts";
import { Server } from "./server.ts";

/** Somebody in the room, and what they were told last of each kind. */
class Guest {
  readonly told = new Map<string, ServerMessage>();
  readonly #socket: WebSocket;

  constructor(server: Server, space: string) {
    this.#socket = new WebSocket(`${server.url.replace("http", "ws")}/api/v1/spaces/${space}/room`);
    this.#socket.on("message", (data: Buffer) => {
      const message = JSON.parse(data.toString()) as ServerMessage;
      this.told.set(message.t, message);
    });
    this.#socket.on("error", () => {});
  }

  /** Joins and, when asked to, raises a hand. */
  async enter(hand: boolean, token?: string): Promise<void> {
    await new Promise((done, fail) => this.#socket.once("open", done).once("error", fail));
    this.#socket.send(JSON.stringify({ t: "join", ...(token === undefined ? {} : { token }) }));
    await vi.waitUntil(() => this.told.has("welcome"), { timeout: 20_000 });
    if (hand) this.#socket.send(JSON.stringify({ t: "hand", raised: true }));
  }

  /** The names of those whose hands are up, as the desk sees them. */
  get hands(): string[] {
    const room = this.told.get("room");
    return room?.t === "room" ? room.people.filter((one) => one.handRaised).map(({ name }) => name) : [];
  }

  close(): void {
    this.#socket.terminate();
  }
}

let server: Server;
let onStage: Speaker;
let space: Space;
const guests: Guest[] = [];
let desk: Guest;

beforeAll(async () => {
  if (!chromiumIsInstalled()) return;
  server = await Server.start({ edges: 1 });
  await server.claim();
  onStage = await speaker(server);
  ({ space } = onStage);
  const { token } = await server.api<{ token: string }>("POST", `/spaces/${space.id}/host-token`);
  desk = new Guest(server, space.id);
  await desk.enter(false, token);
  for (let n = 0; n < pricedActs.hand.calm; n++) guests.push(new Guest(server, space.id));
  await Promise.all(guests.map((guest) => guest.enter(true)));
  await vi.waitUntil(() => desk.hands.length === guests.length, { timeout: 20_000 });
}, 60_000);

afterAll(async () => {
  for (const guest of [...guests, desk]) guest?.close();
  await onStage?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});

/** Raises a hand on the Space's page as a listener does: a name, and one click. */
async function raise(page: Page, name: string): Promise<void> {
  await page.goto(`${server.url}/s/${space.slug}`);
  await page.getByRole("button", { name: "Raise hand" }).click();
  await page.locator("#hand-name").fill(name);
  await page.getByRole("dialog").getByRole("button", { name: "Raise hand" }).click();
}

/** What was said of it on the page, and how many workers began, until the hand was seen at the desk. */
async function handOf(
  name: string,
  prepare: (page: Page) => Promise<unknown>,
  withinMs: number,
): Promise<{ readonly said: readonly string[]; readonly workers: number }> {
  const { browser, page } = await openBrowser();
  try {
    let workers = 0;
    page.on("worker", () => workers++);
    await prepare(page);
    await page.addInitScript(() => {
      const said: string[] = [];
      Object.assign(globalThis, { __said: said });
      new MutationObserver(() => {
        const text = document.querySelector(".hand-line")?.textContent ?? "";
        if (text !== "" && said.at(-1) !== text) said.push(text);
      }).observe(document, { subtree: true, childList: true, characterData: true });
    });
    await raise(page, name);
    await vi.waitUntil(() => desk.hands.includes(name), { timeout: withinMs });
    await page.getByText("Your hand is up").waitFor();
    const said = await page.evaluate(() => (globalThis as unknown as { __said: string[] }).__said);
    return { said, workers };
  } finally {
    await browser.close();
  }
}

const answered = async (how: "answered" | "waited"): Promise<number> =>
  Number(
    new RegExp(`rostra_price_${how}_total\\{[^}]*act="hand"[^}]*\\} (\\d+)`).exec(await server.metrics())?.[1] ?? 0,
  );

test.skipIf(!chromiumIsInstalled())(
  "EE-65 while many hands are up a listener's goes up by itself: with a worker, and with workers blocked",
  async () => {
    expect((await handOf("Ada", async () => {}, 20_000)).workers).toBe(1);
    expect(await answered("answered")).toBe(1);
    await handOf("Grace", (page) => page.route("**/solver.worker*", (route) => route.abort()), 20_000);
    expect(await answered("answered")).toBe(2);
    expect(await answered("waited")).toBe(0);
  },
  90_000,
);

test.skipIf(!chromiumIsInstalled())(
  "EE-66 a browser that cannot work waits as it is told in words, and its hand goes up too",
  async () => {
    const locked = (): void => {
      Object.defineProperty(crypto, "subtle", { value: undefined });
      Object.defineProperty(globalThis, "Worker", { value: undefined });
    };
    const { said } = await handOf("Lin", (page) => page.addInitScript(locked), 60_000);
    expect(said.join("\n")).toMatch(/Many people ask just now\. It goes on by itself within \d+ seconds?/);
    expect(await answered("waited")).toBe(1);
  },
  90_000,
);
