import type http from "node:http";
import { closeServer, listenUnix, readJson, sendJson, startNdjson } from "../../../foundation/link.ts";
import { silentLog } from "../../../foundation/log.ts";
import type { StageLine, StageSpec } from "../../../wire/stages.ts";
import type { LiveState } from "../../../wire/state.ts";
import type { FeedLine, TimelineSpec, WholeLevelTold } from "../../../wire/timelines.ts";

/** For tests: an origin on a Unix socket that records what it is told and says on its feed what the test wants. */
export class FakeOrigin {
  readonly told: TimelineSpec[] = [];
  /** The Spaces it has: told of, and not removed since. */
  readonly known = new Set<string>();
  /** PUTs that are refused with 500 before one is taken. */
  refusals = 0;
  /** What it says of the level of the whole. */
  level: WholeLevelTold = { level: 0, cause: "calm", at: 0, edges: [1, 0, 0, 0, 0] };
  readonly #socketPath: string;
  #server: http.Server | undefined;
  readonly #feeds = new Set<(line: unknown) => void>();

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /** The last that was told of a Space. */
  spec(id: string): TimelineSpec | undefined {
    return this.told.findLast((one) => one.id === id);
  }

  async start(): Promise<void> {
    this.#server = await listenUnix(
      this.#socketPath,
      (request, response) => this.#answer(request, response),
      silentLog,
    );
  }

  say(line: FeedLine): void {
    for (const write of this.#feeds) write(line);
  }

  /** Says a Space's state as the last spec has it, with what the test adds. */
  sayState(id: string, more: Partial<LiveState>): void {
    const spec = this.spec(id);
    if (!spec) throw new Error(`the origin was not told of ${id}`);
    const { liveFrom: _liveFrom, archive: _archive, ...known } = spec;
    const rest = {
      v: 1,
      hold: false,
      replay: false,
      liveAt: null,
      delayMs: null,
      now: 0,
      first: 0,
      latest: 0,
    } as const;
    const load = { push: "chunk", level: 0, listeners: 0, heard: 0, beacon: 1, edges: [], renditions: [] } as const;
    this.say({ t: "state", state: { ...rest, ...load, ...known, ...more } });
  }

  async stop(): Promise<void> {
    this.#feeds.clear();
    if (this.#server) await closeServer(this.#server, 0);
    this.#server = undefined;
  }

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    if (request.url === "/feed") {
      const write = startNdjson(response);
      this.#feeds.add(write);
      write({ t: "synced" });
      return;
    }
    if (request.url === "/level") return sendJson(response, 200, this.level);
    if (request.method === "PUT" && this.refusals > 0) {
      this.refusals--;
      sendJson(response, 500, {});
      return;
    }
    const [, , id = ""] = (request.url ?? "").split("/");
    if (request.method === "PUT") {
      this.told.push((await readJson(request)) as TimelineSpec);
      this.known.add(id);
    }
    if (request.method === "DELETE") this.known.delete(id);
    sendJson(response, 200, {});
  }
}

/** For tests: a stage on a Unix socket; sessions are opened for whoever is among the people it was told of. */
export class FakeStage {
  readonly told: { readonly id: string; readonly spec: StageSpec | null }[] = [];
  readonly sessions = new Map<string, { readonly space: string; readonly participant: string }>();
  /** What the next offer is answered with, instead of a session. */
  refusal: { readonly status: number; readonly body: unknown } | undefined;
  readonly #socketPath: string;
  #server: http.Server | undefined;
  readonly #streams = new Set<(line: unknown) => void>();
  #made = 0;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  spec(id: string): StageSpec | null | undefined {
    return this.told.findLast((one) => one.id === id)?.spec;
  }

  async start(): Promise<void> {
    this.#server = await listenUnix(
      this.#socketPath,
      (request, response) => this.#answer(request, response),
      silentLog,
    );
  }

  say(line: StageLine): void {
    for (const write of this.#streams) write(line);
  }

  /** A session's state has changed; gone ones are forgotten. */
  sessionIs(session: string, state: "connected" | "interrupted" | "gone"): void {
    const known = this.sessions.get(session);
    if (!known) throw new Error(`there is no session ${session}`);
    if (state === "gone") this.sessions.delete(session);
    this.say({ t: "session", ...known, session, state });
  }

  async stop(): Promise<void> {
    this.#streams.clear();
    if (this.#server) await closeServer(this.#server, 0);
    this.#server = undefined;
  }

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const [, , id = "", , session] = (request.url ?? "").split("/");
    if (request.url === "/events") {
      const write = startNdjson(response);
      this.#streams.add(write);
      for (const [one, known] of this.sessions) write({ t: "session", ...known, session: one, state: "connected" });
      write({ t: "synced" });
      return;
    }
    if (request.method === "PUT") {
      this.told.push({ id, spec: (await readJson(request)) as StageSpec });
      sendJson(response, 200, {});
    } else if (request.method === "DELETE") {
      if (session) this.sessions.delete(session);
      else this.told.push({ id, spec: null });
      sendJson(response, 200, {});
    } else await this.#open(id, request, response);
  }

  async #open(space: string, request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const { participant } = (await readJson(request)) as { participant: string };
    if (this.refusal) {
      const { status, body } = this.refusal;
      this.refusal = undefined;
      sendJson(response, status, body);
      return;
    }
    if (!this.spec(space)?.people.some((one) => one.id === participant)) {
      sendJson(response, 404, { code: "participant-unknown" });
      return;
    }
    const session = `s${++this.#made}`;
    this.sessions.set(session, { space, participant });
    sendJson(response, 201, { session, sdp: `v=0 answer ${session}` });
  }
}
