import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fastify, { type FastifyInstance } from "fastify";
import { expect } from "vitest";
import { type ManualClock, manualClock } from "../../foundation/clock.ts";
import { epochMs } from "../../foundation/duration.ts";
import { createLog } from "../../foundation/log.ts";
import { Meter } from "../../foundation/meter.ts";
import { People } from "../../people/people.ts";
import { openStore } from "../../store/open.ts";
import type { Store } from "../../store/store.ts";
import { PeopleDesk, registerPeople } from "./people-routes.ts";
import { registerProblems } from "./problems.ts";

export const origin = "https://rostra.example";
export const password = "four words at random";
export const minute = 60_000;
export const day = 86_400_000;

/** The routes for owners over a real store in a folder of its own, and browsers to ask them. */
export class TestDesk {
  readonly folder: string;
  readonly store: Store;
  readonly clock: ManualClock;
  readonly people: People;
  readonly app: FastifyInstance;
  readonly meter: Meter;
  /** Everything that was logged, down to debug. */
  readonly logged: () => string;

  private constructor(given: Pick<TestDesk, "folder" | "store" | "clock" | "people" | "app" | "meter" | "logged">) {
    this.folder = given.folder;
    this.store = given.store;
    this.clock = given.clock;
    this.people = given.people;
    this.app = given.app;
    this.meter = given.meter;
    this.logged = given.logged;
  }

  static async open(publicUrl?: string): Promise<TestDesk> {
    const folder = await mkdtemp(join(tmpdir(), "rostra-people-"));
    const clock = manualClock(epochMs(1_790_000_000_000.25));
    let text = "";
    const log = createLog({ process: "test", level: "debug", write: (line) => (text += line) });
    const store = await openStore({ data: folder, clock, log });
    const meter = new Meter();
    const passwordCost = { memory: 64, passes: 1, parallelism: 1 };
    const people = new People({ store, clock, log, key: Buffer.alloc(32, 7), passwordCost, meter });
    const app = fastify({ trustProxy: (_address, hop) => hop === 0 });
    registerProblems(app, log, () => []);
    await registerPeople(app, new PeopleDesk(people, publicUrl));
    return new TestDesk({ folder, store, clock, people, app, meter, logged: () => text });
  }

  async end(): Promise<void> {
    await this.app.close();
    await this.store.end();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** A browser; `headers` replace what it says of itself. */
  browser(headers: Record<string, string> = {}): Browser {
    return new Browser(this.app, headers);
  }

  /** A browser whose user has used an owner link. */
  async owner(): Promise<Browser> {
    const browser = this.browser();
    const link = await this.people.newOwnerLink(true);
    expect((await browser.post("/owner/claim", { token: link?.token, name: "Ada" })).status).toBe(204);
    return browser;
  }

  async ownerWithPassword(): Promise<Browser> {
    const browser = await this.owner();
    expect((await browser.post("/owner/password", { password })).status).toBe(204);
    return browser;
  }
}

export interface Answer {
  readonly status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- what the server answered is what the tests look at
  readonly json: any;
}

/** A browser: it keeps cookies, and says where its requests come from. */
export class Browser {
  readonly cookies = new Map<string, string>();
  /** What the last answer set. */
  lastCookies: readonly string[] = [];
  readonly #app: FastifyInstance;
  readonly #headers: Record<string, string>;

  constructor(app: FastifyInstance, headers: Record<string, string>) {
    const usual = { host: "rostra.example", "x-forwarded-proto": "https", "x-forwarded-for": "192.0.2.1", origin };
    this.#app = app;
    this.#headers = { ...usual, ...headers };
  }

  async ask(method: "GET" | "POST" | "DELETE", path: string, body?: object): Promise<Answer> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await this.#app.inject({
      method,
      url: `/api/v1${path}`,
      headers: { ...this.#headers, ...(cookie ? { cookie } : {}) },
      ...(body ? { payload: body } : {}),
    });
    const set = answer.headers["set-cookie"] ?? [];
    this.lastCookies = Array.isArray(set) ? set : [set];
    for (const one of this.lastCookies) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(one) ?? [];
      if (value === "") this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return { status: answer.statusCode, json: answer.body === "" ? undefined : answer.json() };
  }

  post(path: string, body?: object): Promise<Answer> {
    return this.ask("POST", path, body);
  }

  async signedIn(): Promise<boolean> {
    const { json } = await this.ask("GET", "/me");
    return json.signedIn === true;
  }
}
