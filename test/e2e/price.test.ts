import { expect, test, vi } from "vitest";
import type { Page } from "playwright-core";
import { WebSocket } from "ws";
import { pricedActs } from "../../src/apps/control/price/acts.ts";
import type { Space } from "../../src/wire/api.ts";
import type { ServerMessage } from "../../src/wire/signalling.ts";
import { chromiumIsInstalled, openBrowser } from "./browser.ts";
import { speaker } from "./on-stage.ts";
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

/** A server with a live Space in which so many hands are up that one more has a price, and the Space's desk. */
async function busyServer(): Promise<
  AsyncDisposable & { readonly server: Server; readonly space: Space; readonly desk: Guest }
> {
  const server = await Server.start({ edges: 1 });
  await server.claim();
  const onStage = await speaker(server);
  const { space } = onStage;
  const { token } = await server.api<{ token: string }>("POST", `/spaces/${space.id}/host-token`);
  const desk = new Guest(server, space.id);
  await desk.enter(false, token);
  const guests = Array.from({ length: pricedActs.hand.calm }, () => new Guest(server, space.id));
  await Promise.all(guests.map((guest) => guest.enter(true)));
  await vi.waitUntil(() => desk.hands.length === guests.length, { timeout: 20_000 });
  return {
    server,
    space,
    desk,
    [Symbol.asyncDispose]: async () => {
      for (const guest of [...guests, desk]) guest.close();
      await onStage[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

interface Raised {
  /** What was said of it on the page. */
  readonly said: readonly string[];
  /** How many workers began. */
  readonly workers: number;
  /** By what it was paid. */
  readonly paidBy: readonly string[];
}

/** Raises a hand on a Space's page as a listener does, by a name and a click, and waits until it is seen at the desk. */
async function raise(prepare: (page: Page) => Promise<unknown>, withinMs: number): Promise<Raised> {
  await using busy = await busyServer();
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
    await page.goto(`${busy.server.url}/s/${busy.space.slug}`);
    await page.getByRole("button", { name: "Raise hand" }).click();
    await page.locator("#hand-name").fill("Ada");
    await page.getByRole("dialog").getByRole("button", { name: "Raise hand" }).click();
    await vi.waitUntil(() => busy.desk.hands.includes("Ada"), { timeout: withinMs });
    await page.getByText("Your hand is up").waitFor();
    const said = await page.evaluate(() => (globalThis as unknown as { __said: string[] }).__said);
    const paid = (await busy.server.metrics()).matchAll(
      /rostra_price_(answered|waited)_total\{[^}]*act="hand"[^}]*\} 1$/gm,
    );
    return { said, workers, paidBy: [...paid].map(([, how]) => how ?? "") };
  } finally {
    await browser.close();
  }
}

test.skipIf(!chromiumIsInstalled())(
  "EE-65 while many hands are up a listener's goes up by itself",
  async () => {
    const { workers, paidBy } = await raise(async () => {}, 30_000);
    expect({ workers, paidBy }).toEqual({ workers: 1, paidBy: ["answered"] });
  },
  120_000,
);

test.skipIf(!chromiumIsInstalled())(
  "EE-65 it does where workers are blocked",
  async () => {
    const { paidBy } = await raise((page) => page.route("**/solver.worker*", (route) => route.abort()), 30_000);
    expect(paidBy).toEqual(["answered"]);
  },
  120_000,
);

test.skipIf(!chromiumIsInstalled())(
  "EE-66 a browser that cannot work waits as it is told in words, and its hand goes up too",
  async () => {
    const locked = (): void => {
      Object.defineProperty(crypto, "subtle", { value: undefined });
      Object.defineProperty(globalThis, "Worker", { value: undefined });
    };
    const { said, paidBy } = await raise((page) => page.addInitScript(locked), 60_000);
    expect(said.join("\n")).toMatch(/Many people ask just now\. It goes on by itself within 10 seconds/);
    expect(paidBy).toEqual(["waited"]);
  },
  120_000,
);
