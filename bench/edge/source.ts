import { createHash, randomBytes } from "node:crypto";
import { EventEmitter, once } from "node:events";
import type http from "node:http";
import { join } from "node:path";
import { initOf, liveState } from "../../src/edge/origin.test-server.ts";
import { nodeHttp } from "../../src/foundation/http.ts";
import { closeServer, startNdjson } from "../../src/foundation/link.ts";
import { digestHeader, formatDigest } from "../../src/wire/edges.ts";
import { chunksHeader, livePaths, parseLivePath } from "../../src/wire/paths.ts";
import type { LiveState } from "../../src/wire/state.ts";
import { chunkMs, chunksPerSegment, earlySegments, segmentMs } from "../../src/wire/timeline.ts";
import type { FeedLine } from "../../src/wire/timelines.ts";
import { chunkBytes, initBytes, segmentBytes } from "./payload.ts";

export const space = "bench";
const rendition = "opus-32k";
/** How many segments there are already when it begins, and how many can be had. */
const before = 1000;
const kept = 40;

export const streamPath = livePaths.stream(space, rendition);
/** For the load generator, which puts the number in. */
export const segmentPath = livePaths.segment(space, rendition, 0).replace("0.m4s", "%u.m4s");

/**
 * Where all servers of the benchmark have their sound from: an origin on a Unix socket and on a TCP port, whose timeline follows
 * the clock. It speaks the origin's feed, serves numbered segments (whole, or chunk by chunk) and holds early requests.
 */
export class Source implements AsyncDisposable {
  readonly epochMs = Date.now() - before * segmentMs;
  readonly socketPath: string;
  port = 0;
  /** How often each segment was asked for. */
  readonly fetches = new Map<number, number>();
  /** When each segment was published, ms since 1970, to the microsecond. */
  readonly publishedAt = new Map<number, number>();
  readonly #published = new EventEmitter().setMaxListeners(0);
  readonly #servers: http.Server[] = [];
  readonly #feeds = new Set<(line: FeedLine) => void>();
  readonly #salt = randomBytes(16).toString("base64");
  /** The chunk that is published next. */
  #slot = before * chunksPerSegment;
  #timer: NodeJS.Timeout | undefined;

  constructor(folder: string) {
    this.socketPath = join(folder, "origin.sock");
  }

  async start(): Promise<void> {
    for (const at of [{ path: this.socketPath }, { port: 0, host: "127.0.0.1" }]) {
      const server = nodeHttp.createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
        this.#answer(request, response).catch(() => response.destroy());
      });
      await new Promise<void>((resolve, reject) => server.once("error", reject).listen(at, resolve));
      this.#servers.push(server);
      const address = server.address();
      if (typeof address === "object" && address !== null) this.port = address.port;
    }
    this.#schedule();
  }

  /** The latest published segment. */
  get latest(): number {
    return Math.floor(this.#slot / chunksPerSegment) - 1;
  }

  /** Calls with each segment when it is published; gives how to stop that. */
  onSegment(call: (n: number, bytes: Buffer) => void): () => void {
    this.#published.on("segment", call);
    return () => this.#published.off("segment", call);
  }

  /** Requests for each of the segments from `first` to `last`. */
  fetchesOf(first: number, last: number): number[] {
    return Array.from({ length: last - first + 1 }, (_, i) => this.fetches.get(first + i) ?? 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    for (const server of this.#servers) {
      server.closeAllConnections();
      await closeServer(server, 0);
    }
  }

  #schedule(): void {
    const due = this.epochMs + (this.#slot + 1) * chunkMs;
    this.#timer = setTimeout(() => this.#publish(), Math.max(0, due - Date.now()));
  }

  #publish(): void {
    this.#slot++;
    if (this.#slot % chunksPerSegment === 0) {
      const { latest } = this;
      this.publishedAt.set(latest, performance.timeOrigin + performance.now());
      this.#published.emit("chunk");
      this.#published.emit("segment", latest, segmentBytes(latest));
      for (const tell of this.#feeds) tell({ t: "latest", id: space, latest, first: this.#first, hold: false });
    } else this.#published.emit("chunk");
    this.#schedule();
  }

  get #first(): number {
    return this.latest - kept + 1;
  }

  #state(): LiveState {
    const state = liveState(space);
    const renditions = state.renditions.map((one) => ({
      ...one,
      init: (one.name === rendition ? initBytes() : initOf(one.name)).toString("base64"),
    }));
    return { ...state, epochMs: this.epochMs, first: this.#first, latest: this.latest, renditions };
  }

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const url = request.url ?? "";
    if (url === "/feed") return this.#feed(response);
    request.resume();
    if (url === "/audience") return void response.writeHead(204).end();
    const path = parseLivePath(url);
    if (path?.kind !== "segment" || path.rendition !== rendition) return void response.writeHead(404).end();
    this.fetches.set(path.n, (this.fetches.get(path.n) ?? 0) + 1);
    if (path.n < this.#first || path.n > this.latest + earlySegments) return void response.writeHead(404).end();
    if (request.headers[chunksHeader] === undefined) return this.#whole(response, path.n);
    return this.#byChunk(response, path.n);
  }

  #feed(response: http.ServerResponse): void {
    const write: (line: FeedLine) => void = startNdjson(response);
    write({ t: "state", state: this.#state() });
    write({ t: "salt", id: space, salt: this.#salt });
    write({ t: "synced" });
    this.#feeds.add(write);
    const tick = setInterval(() => write({ t: "tick", now: Date.now() }), 1000);
    response.once("close", () => {
      clearInterval(tick);
      this.#feeds.delete(write);
    });
  }

  async #until(slot: number, response: http.ServerResponse): Promise<void> {
    while (this.#slot <= slot && !response.destroyed) await once(this.#published, "chunk");
  }

  async #whole(response: http.ServerResponse, n: number): Promise<void> {
    await this.#until(n * chunksPerSegment + chunksPerSegment - 1, response);
    const bytes = segmentBytes(n);
    const headers = {
      "content-type": "audio/mp4",
      "cache-control": "public, max-age=31536000, immutable",
      "content-length": bytes.length,
      [digestHeader]: digest(bytes),
    };
    response.writeHead(200, headers).end(bytes);
  }

  async #byChunk(response: http.ServerResponse, n: number): Promise<void> {
    for (let part = 0; part < chunksPerSegment; part++) {
      const slot = n * chunksPerSegment + part;
      await this.#until(slot, response);
      if (response.destroyed) return;
      if (part === 0) response.writeHead(200, { "content-type": "audio/mp4", trailer: digestHeader });
      response.write(chunkBytes(slot));
    }
    response.addTrailers({ [digestHeader]: digest(segmentBytes(n)) });
    response.end();
  }
}

const digest = (bytes: Buffer): string => formatDigest(createHash("sha256").update(bytes).digest());
