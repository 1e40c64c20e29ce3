import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { nodeHttp, nodeHttps } from "../../foundation/http.ts";
import { livePlaylist } from "../../hls/media.ts";
import { masterPlaylist } from "../../hls/master.ts";
import type { RoomEvent } from "../../wire/events.ts";
import { livePaths, parseLivePath } from "../../wire/paths.ts";
import type { RenditionName } from "../../wire/rendition.ts";
import type { LiveState, PublicStatus } from "../../wire/state.ts";
import { segmentMs } from "../../wire/timeline.ts";
import { chunksOf, initOf } from "./programme.test-kit.ts";

/** What becomes of a request before it is answered: `cut` ends its connection, `never` leaves it. */
type Fault = "cut" | "never" | { readonly status: number; readonly retryAfter?: number };

export interface TestSpaceOptions {
  /** @default "segment" */
  readonly push?: "chunk" | "segment";
  readonly chunked?: boolean;
  readonly fault?: (path: string, request: IncomingMessage) => Fault | undefined;
  /** Listeners that ask for each segment: none is published by itself before so many wait for it. */
  readonly together?: number;
  /** What a stream gets in place of a segment's chunks. Only what comes from `listenersAddress` is another. */
  readonly alter?: (n: number, chunks: Buffer[]) => Buffer[];
  readonly tls?: { readonly key: string; readonly cert: string };
}

export interface Asked {
  readonly path: string;
  readonly at: number;
  readonly from: string;
  readonly port: number;
  readonly headers: IncomingMessage["headers"];
  readonly resumed: boolean;
}

/** Where the crowd comes from, other than what it compares with. */
export const listenersAddress = "127.0.0.9";
export const page =
  '<!doctype html><link rel="stylesheet" href="/assets/a.css"><script type="module" src="/assets/b.js"></script>' +
  '<a href="/elsewhere">x</a><script src="https://elsewhere.example/c.js"></script>';

interface Stream {
  readonly response: ServerResponse;
  readonly rendition: RenditionName;
  readonly isListener: boolean;
}

/** A server of one Space whose segments are published when a test says so; it does wrong what the test wants. */
export class TestSpace implements AsyncDisposable {
  readonly asked: Asked[] = [];
  readonly sockets = new Set<Socket>();
  /** The most connections of the crowd at once. */
  most = 0;
  latest = 20;
  status: PublicStatus = "live";
  hold = false;
  readonly #options: TestSpaceOptions;
  readonly #server: Server;
  readonly #streams = new Set<Stream>();
  readonly #events = new Map<number, readonly RoomEvent[]>();
  #held: { readonly n: number; readonly from: string; readonly answer: () => void }[] = [];
  #timer: NodeJS.Timeout | undefined;

  private constructor(options: TestSpaceOptions) {
    this.#options = options;
    const listener = (request: IncomingMessage, response: ServerResponse): void => this.#take(request, response);
    this.#server = options.tls ? nodeHttps().createServer(options.tls, listener) : nodeHttp.createServer(listener);
    this.#server.on("connection", (socket: Socket) => {
      this.sockets.add(socket);
      socket.on("close", () => this.sockets.delete(socket));
      const crowd = [...this.sockets].filter(({ remoteAddress }) => remoteAddress !== "127.0.0.1");
      this.most = Math.max(this.most, crowd.length);
    });
  }

  /** Begins to publish a segment every `everyMs`, as soon as who compares has the one before. */
  static async start(options: TestSpaceOptions = {}, everyMs = 60): Promise<TestSpace> {
    const space = new TestSpace(options);
    await new Promise<void>((done) => space.#server.listen(0, "127.0.0.1", done));
    space.#timer = setInterval(() => space.#isAwaited() && space.publish(), everyMs);
    return space;
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `${this.#options.tls ? "https" : "http"}://127.0.0.1:${port}`;
  }

  /** Requests of the crowd. */
  get crowd(): Asked[] {
    return this.asked.filter(({ from }) => from !== "127.0.0.1");
  }

  /** How many listen to streams. */
  get streams(): number {
    return this.#streams.size;
  }

  /** Publishes the next segment. */
  publish(events: readonly RoomEvent[] = []): void {
    const n = ++this.latest;
    this.#events.set(n, events);
    for (const stream of this.#streams) this.#push(stream, n);
    const held = this.#held;
    this.#held = held.filter((one) => one.n > n);
    for (const one of held) if (one.n <= n) one.answer();
  }

  /** Publishes nothing any more by itself. */
  pause(): void {
    clearInterval(this.#timer);
  }

  /** Ends all connections of the crowd. */
  cut(): void {
    for (const socket of this.sockets) if (socket.remoteAddress !== "127.0.0.1") socket.destroy();
  }

  /** The Space is over: the last segment says so, and every stream ends. */
  end(): void {
    this.pause();
    this.publish([{ t: "status", status: "ended", hold: false }]);
    this.status = "ended";
    for (const { response } of this.#streams) response.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#server.closeAllConnections();
    for (const socket of this.sockets) socket.destroy();
    await new Promise((done) => this.#server.close(done));
  }

  #chunks(rendition: RenditionName, n: number): Buffer[] {
    return chunksOf(rendition, n, this.#events.get(n));
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const [path = "", query = ""] = (request.url ?? "").split("?");
    const { remoteAddress = "", remotePort = 0 } = request.socket;
    const resumed = "isSessionReused" in request.socket && (request.socket.isSessionReused as () => boolean)();
    const { headers } = request;
    this.asked.push({ path, at: performance.now(), from: remoteAddress, port: remotePort, headers, resumed });
    const fault = remoteAddress === "127.0.0.1" ? undefined : this.#options.fault?.(path, request);
    if (fault === "never") return;
    if (fault === "cut") return void request.socket.destroy();
    if (fault) {
      if (fault.retryAfter !== undefined) response.setHeader("retry-after", fault.retryAfter);
      response.writeHead(fault.status).end("no");
    } else this.#answer(path, query, remoteAddress, response);
  }

  #answer(path: string, query: string, from: string, response: ServerResponse): void {
    if (path === "/s/demo") return void response.end(page);
    if (path.startsWith("/assets/")) return void response.end("x".repeat(1000));
    const parsed = parseLivePath(path);
    switch (parsed?.kind) {
      case "state":
        return void response.end(JSON.stringify(this.#state()));
      case "master":
        return void response.end(masterPlaylist());
      case "init":
        return void response.end(initOf(parsed.rendition));
      case "playlist":
        return this.#when(Number(/_HLS_msn=(\d+)/.exec(query)?.[1] ?? 0), from, () => {
          const facts = { epochMs: this.#epochMs(), first: this.latest - 11, latest: this.latest, ended: false };
          response.end(livePlaylist(facts));
        });
      case "segment":
        if (parsed.n > this.latest + 2) return void response.writeHead(404).end();
        return this.#when(parsed.n, from, () => response.end(Buffer.concat(this.#chunks(parsed.rendition, parsed.n))));
      case "stream":
        if (this.status === "ended") return void response.writeHead(410).end();
        return this.#stream(response, parsed.rendition, from === listenersAddress);
      default:
        response.writeHead(404).end();
    }
  }

  #when(n: number, from: string, answer: () => void): void {
    if (n <= this.latest) answer();
    else this.#held.push({ n, from, answer });
  }

  #isAwaited(): boolean {
    const next = this.#held.filter(({ n }) => n === this.latest + 1).map(({ from }) => from);
    const crowd = next.filter((from) => from !== "127.0.0.1").length;
    return crowd < next.length && crowd >= (this.#options.together ?? 0);
  }

  #stream(response: ServerResponse, rendition: RenditionName, isListener: boolean): void {
    const stream: Stream = { response, rendition, isListener };
    response.useChunkedEncodingByDefault = this.#options.chunked ?? false;
    response.writeHead(200, { connection: "close" });
    response.write(initOf(rendition));
    this.#push(stream, this.latest);
    this.#streams.add(stream);
    response.on("close", () => this.#streams.delete(stream));
  }

  #push({ response, rendition, isListener }: Stream, n: number): void {
    const chunks = this.#chunks(rendition, n);
    const given = (isListener ? this.#options.alter?.(n, chunks) : undefined) ?? chunks;
    if (this.#options.push === "chunk") for (const chunk of given) response.write(chunk);
    else response.write(Buffer.concat(given));
  }

  /** Time goes as segments are published. */
  #epochMs(): number {
    return Date.now() - (this.latest + 1) * segmentMs;
  }

  #state(): LiveState {
    return {
      v: 1,
      id: "demo",
      slug: "demo",
      title: "A test",
      description: "",
      language: "en",
      unlisted: false,
      status: this.status,
      hold: this.hold,
      replay: false,
      startAt: 0,
      liveAt: 0,
      delayMs: 0,
      endedAt: null,
      now: Date.now(),
      epochMs: this.#epochMs(),
      first: this.latest - 15,
      latest: this.latest,
      push: this.#options.push ?? "segment",
      level: 0,
      listeners: 0,
      heard: 0,
      beacon: 1,
      edges: [livePaths.state("demo")].slice(1),
      renditions: [],
      stage: [],
      notice: "",
    };
  }
}
