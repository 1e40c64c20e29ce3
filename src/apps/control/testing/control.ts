import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import { epochMs, ms } from "../../../foundation/duration.ts";
import { Link } from "../../../foundation/link.ts";
import { createLog } from "../../../foundation/log.ts";
import { Meter } from "../../../foundation/meter.ts";
import { Scope } from "../../../foundation/scope.ts";
import type { CreateSpace, Space } from "../../../wire/api.ts";
import type { ClientMessage, ServerMessage } from "../../../wire/signalling.ts";
import { sockets } from "../../config.ts";
import { runControl } from "../../control.ts";
import { FakeOrigin, FakeStage } from "./upstreams.ts";

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into what they expect
  readonly json: any;
  readonly text: string;
}

interface Ask {
  readonly body?: unknown;
  readonly token?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** @default true */
  readonly signedIn?: boolean;
}

/** For tests: the control process in this process, on a data folder of its own, between a fake origin and stage. */
export class TestControl {
  readonly origin: FakeOrigin;
  readonly stage: FakeStage;
  readonly data: string;
  readonly log: string[] = [];
  meter = new Meter();
  /** How far the clocks are ahead of this machine's: tests move time on by adding to it. */
  offset = 0;
  /** How far the wall's clock was set besides. */
  wallOffset = 0;
  cookie = "";
  #scope = new Scope();
  #link: Link;
  /** Whether the next start wants the demo. */
  demo: boolean;
  /** The most sockets that the next start takes. */
  maxSockets: number | undefined;

  private constructor(data: string, demo: boolean) {
    this.data = data;
    this.demo = demo;
    this.origin = new FakeOrigin(sockets.origin(data));
    this.stage = new FakeStage(sockets.stage(data));
    this.#link = new Link(sockets.control(data));
  }

  static async open({ demo = false } = {}): Promise<TestControl> {
    const control = new TestControl(await mkdtemp(join(tmpdir(), "rostra-control-")), demo);
    await control.origin.start();
    await control.stage.start();
    await control.start();
    await control.#signIn();
    return control;
  }

  get now(): number {
    return Date.now() + this.offset;
  }

  async start(): Promise<void> {
    this.#scope = new Scope();
    this.meter = new Meter();
    const { data } = this;
    const config = {
      data,
      run: data,
      port: 8080,
      host: "127.0.0.1",
      udpPort: 8080,
      iceTcpPort: 8081,
      publicIps: [],
      publicUrl: undefined,
      databaseUrl: undefined,
      demo: this.demo,
      clock: { now: () => epochMs(this.now), drift: () => ms(this.wallOffset) },
      log: createLog({ process: "control", level: "debug", write: (line) => void this.log.push(line) }),
      meter: this.meter,
      scope: this.#scope,
    };
    const { maxSockets } = this;
    const wall = (): number => this.now + this.wallOffset;
    await runControl(config, { wall, ...(maxSockets === undefined ? {} : { maxSockets }) });
  }

  /** Ends control and leaves everything else as it is. */
  async stop(): Promise<void> {
    await this.#scope.end();
  }

  async end(): Promise<void> {
    await this.stop();
    this.#link.close();
    await this.origin.stop();
    await this.stage.stop();
    await rm(this.data, { recursive: true, force: true });
  }

  async ask(method: string, path: string, options: Ask = {}): Promise<Reply> {
    const { body, token, headers, signedIn = token === undefined } = options;
    const answer = await this.#link.request({
      method,
      path: path.startsWith("/api") || path.startsWith("/internal") ? path : `/api/v1${path}`,
      ...(body === undefined ? {} : { body: typeof body === "string" ? Buffer.from(body) : body }),
      headers: {
        host: "rostra.test",
        ...(signedIn ? { cookie: this.cookie } : {}),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
    });
    const text = answer.body.toString("utf8");
    const isJson = String(answer.headers["content-type"]).includes("json");
    return { status: answer.status, headers: answer.headers, text, json: isJson ? JSON.parse(text) : undefined };
  }

  async space(more: Partial<CreateSpace> = {}): Promise<Space> {
    const made = await this.ask("POST", "/spaces", { body: { title: "A Space", ...more } });
    if (made.status !== 201) throw new Error(made.text);
    return made.json as Space;
  }

  async invite(space: string, role: string, token?: string): Promise<string> {
    const made = await this.ask("POST", `/spaces/${space}/invites`, { body: { role }, token });
    if (made.status !== 201) throw new Error(made.text);
    return (made.json as { token: string }).token;
  }

  async hostToken(space: string): Promise<string> {
    return ((await this.ask("POST", `/spaces/${space}/host-token`)).json as { token: string }).token;
  }

  whip(space: string, token: string | undefined, body = "v=0 offer"): Promise<Reply> {
    const headers = { "content-type": "application/sdp" };
    return this.ask("POST", `/spaces/${space}/whip`, { token, body, headers, signedIn: false });
  }

  /** Comes on stage and is heard: WHIP, then the stage says connected. Gives the session. */
  async speak(space: string, token: string): Promise<string> {
    const answer = await this.whip(space, token);
    if (answer.status !== 201) throw new Error(answer.text);
    const session = String(answer.headers["location"]).split("/").at(-1) ?? "";
    this.stage.sessionIs(session, "connected");
    return session;
  }

  /** Opens the room's WebSocket and joins. */
  async join(space: string, token?: string, name?: string): Promise<TestSocket> {
    const socket = await this.socket(space);
    socket.send({ t: "join", ...(token ? { token } : {}), ...(name ? { name } : {}) });
    return socket;
  }

  async socket(space: string, headers: Readonly<Record<string, string>> = {}): Promise<TestSocket> {
    const url = `ws+unix:${sockets.control(this.data)}:/api/v1/spaces/${space}/room`;
    const socket = new WebSocket(url, { headers });
    const test = new TestSocket(socket);
    await new Promise<void>((resolve, reject) => socket.once("open", resolve).once("error", reject));
    return test;
  }

  async #signIn(): Promise<void> {
    const { json } = await this.ask("POST", "/internal/owner-link", { body: {} });
    const token = String((json as { path: string }).path).split("#")[1];
    const claimed = await this.ask("POST", "/owner/claim", { body: { token, name: "Owner" } });
    const cookies = claimed.headers["set-cookie"] as string[];
    this.cookie = cookies.map((one) => one.split(";")[0]).join("; ");
  }
}

/** For tests: one WebSocket of a room and everything it was told. */
export class TestSocket {
  readonly heard: ServerMessage[] = [];
  closed: number | undefined;
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data) => this.heard.push(JSON.parse((data as Buffer).toString("utf8")) as ServerMessage));
    socket.on("close", (code) => {
      this.closed = code;
    });
    socket.on("error", () => {});
  }

  send(message: ClientMessage): void {
    this.#socket.send(JSON.stringify(message));
  }

  sendRaw(text: string | Buffer): void {
    this.#socket.send(text);
  }

  /** A ping, or the answer to one that nobody sent. */
  beat(kind: "ping" | "pong"): void {
    this.#socket[kind]();
  }

  close(): void {
    this.#socket.close();
  }

  /** Reads nothing any more, so that no close is answered. */
  stall(): void {
    this.#socket.pause();
  }

  last<T extends ServerMessage["t"]>(t: T): Extract<ServerMessage, { t: T }> | undefined {
    return this.heard.findLast((one) => one.t === t) as Extract<ServerMessage, { t: T }> | undefined;
  }

  /** The last message of the kind, once there is one that fits. */
  async next<T extends ServerMessage["t"]>(
    t: T,
    fits: (message: Extract<ServerMessage, { t: T }>) => boolean = () => true,
  ): Promise<Extract<ServerMessage, { t: T }>> {
    let found: Extract<ServerMessage, { t: T }> | undefined;
    await until(
      () => {
        const last = this.last(t);
        if (last && fits(last)) found = last;
        return found !== undefined;
      },
      `a message "${t}"; heard ${JSON.stringify(this.heard.slice(-5))}`,
    );
    return found as Extract<ServerMessage, { t: T }>;
  }
}

/** Waits until something is so; throws with `what` when it does not become so within ten seconds. */
export async function until(isSo: () => boolean | Promise<boolean>, what = "the condition"): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    if (await isSo()) return;
    await sleep(10);
  }
  throw new Error(`waited in vain for ${what}`);
}
