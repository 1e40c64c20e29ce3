import { createHash } from "node:crypto";
import { EventEmitter, once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { closeServer, listenUnix, readJson, startNdjson } from "../foundation/link.ts";
import { silentLog } from "../foundation/log.ts";
import { mediaChunk } from "../cmaf/chunk.ts";
import { packetsPerChunk } from "../cmaf/init.ts";
import { digestHeader, edgePaths, formatDigest } from "../wire/edges.ts";
import type { RoomEvent } from "../wire/events.ts";
import { chunksHeader, parseLivePath } from "../wire/paths.ts";
import { type RenditionName, renditionFacts, renditionNames } from "../wire/rendition.ts";
import type { LiveState } from "../wire/state.ts";
import { chunksPerSegment, earlySegments } from "../wire/timeline.ts";
import type { Audience, FeedLine } from "../wire/timelines.ts";

/** An origin for the edge's tests: real HTTP on a Unix socket, bytes that follow from their names, time by hand. */
export class TestOrigin {
  readonly socketPath: string;
  /** How often each path was asked for. */
  readonly fetches = new Map<string, number>();
  readonly audiences: Audience[] = [];
  /** Answers for `/replay/…`, by path. */
  replay: (request: http.IncomingMessage, response: http.ServerResponse) => void = (_request, response) =>
    response.writeHead(404).end();
  /** About how many bytes each chunk has, up to 110,000. */
  chunkBytes = 900;
  /** What becomes of a chunk on its way. */
  spoil: (chunk: Buffer, rendition: RenditionName, n: number, part: number) => Buffer = (chunk) => chunk;
  /** Whether `Repr-Digest` is told. */
  tellsDigests = true;
  /** Milliseconds between the feed's ticks. */
  tickMs = 1000;
  /** Takes a request away when it gives true. */
  intercept: (request: http.IncomingMessage, response: http.ServerResponse) => boolean = () => false;
  /** What was asked last, by path. */
  readonly asked = new Map<string, http.IncomingHttpHeaders>();
  readonly #spaces = new Map<string, { state: LiveState; chunks: number }>();
  readonly #changed = new EventEmitter().setMaxListeners(0);
  readonly #feeds = new Set<(line: FeedLine) => void>();
  #isTicking = true;
  #server: http.Server | undefined;
  #tcp: http.Server | undefined;

  constructor(socketPath: string) {
    this.socketPath = socketPath;
  }

  async start(): Promise<void> {
    this.#server = await listenUnix(this.socketPath, (request, response) => this.#answer(request, response), silentLog);
  }

  /** Answers over TCP as an edge does to edges below; gives its base URL. */
  async listen(port = 0): Promise<string> {
    const server = http.createServer((request, response) => void this.#answer(request, response));
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    this.#tcp = server;
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** Ends like a killed process: every connection breaks. */
  async die(): Promise<void> {
    const servers = [this.#server, this.#tcp];
    this.#server = this.#tcp = undefined;
    this.#feeds.clear();
    for (const server of servers) {
      server?.closeAllConnections();
      if (server) await closeServer(server, 0);
    }
  }

  /** How many follow the feed. */
  get readers(): number {
    return this.#feeds.size;
  }

  /** Ticks no more. */
  hush(): void {
    this.#isTicking = false;
  }

  /** Writes something into every feed. */
  say(line: FeedLine): void {
    this.#tell(line);
  }

  /** Opens a Space whose next chunk is the first of segment `from`. */
  open(id: string, from = 0, change: Partial<LiveState> = {}): void {
    const state = {
      ...liveState(id),
      first: from > 0 ? Math.max(0, from - 30) : null,
      latest: from > 0 ? from - 1 : null,
    };
    this.#spaces.set(id, { state: { ...state, ...change }, chunks: from * chunksPerSegment });
    this.#tell({ t: "state", state: this.state(id) });
  }

  state(id: string): LiveState {
    return this.#space(id).state;
  }

  change(id: string, change: Partial<LiveState>): void {
    const space = this.#space(id);
    space.state = { ...space.state, ...change };
    this.#tell({ t: "state", state: space.state });
    this.#changed.emit("chunk");
  }

  forget(id: string): void {
    this.#spaces.delete(id);
    this.#tell({ t: "gone", id });
  }

  /** Publishes the next chunk of every rendition. */
  publishChunk(id: string): void {
    const space = this.#space(id);
    space.chunks++;
    if (space.chunks % chunksPerSegment === 0) {
      const latest = space.chunks / chunksPerSegment - 1;
      const first = Math.max(space.state.first ?? latest, latest - 40);
      space.state = { ...space.state, latest, first };
      this.#tell({ t: "latest", id, latest, first, hold: false });
    }
    this.#changed.emit("chunk");
  }

  publishSegment(id: string): void {
    for (let part = 0; part < chunksPerSegment; part++) this.publishChunk(id);
  }

  /** Loses everything before segment `n`, as a restarted origin may. */
  skipTo(id: string, n: number): void {
    const space = this.#space(id);
    space.chunks = n * chunksPerSegment;
    space.state = { ...space.state, first: n - 1, latest: n - 1 };
    this.#tell({ t: "state", state: space.state });
    this.#changed.emit("chunk");
  }

  /** A chunk of a segment: an event on every first one, and packets that follow from the name; what is left is events. */
  chunk(id: string, rendition: RenditionName, n: number, part: number): Buffer {
    const count = packetsPerChunk(rendition);
    const size = Math.max(32, Math.min(1200, Math.floor(this.chunkBytes / count)));
    const packets = Array.from({ length: count }, (_, i) =>
      Buffer.alloc(size, createHash("sha256").update(`${id} ${rendition} ${n} ${part} ${i}`).digest()),
    );
    const events: RoomEvent[] = part === 0 ? [{ t: "notice", text: "mdat inside a box is not a box" }] : [];
    for (let left = this.chunkBytes - size * count; left > longNotice; left -= longNotice)
      events.push({ t: "notice", text: "x".repeat(longNotice) });
    return Buffer.from(mediaChunk({ rendition, slot: n * chunksPerSegment + part, packets, events }));
  }

  segment(id: string, rendition: RenditionName, n: number): Buffer {
    return Buffer.concat([0, 1, 2].map((part) => this.chunk(id, rendition, n, part)));
  }

  #space(id: string): { state: LiveState; chunks: number } {
    const space = this.#spaces.get(id);
    if (!space) throw new Error(`the test did not open ${id}`);
    return space;
  }

  #tell(line: FeedLine): void {
    for (const tell of this.#feeds) tell(line);
  }

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const url = request.url ?? "";
    this.fetches.set(url, (this.fetches.get(url) ?? 0) + 1);
    this.asked.set(url, request.headers);
    if (this.intercept(request, response)) return;
    if (url === "/feed" || url === edgePaths.feed) return this.#feed(response);
    if (url === "/audience" || url === edgePaths.audience) {
      this.audiences.push((await readJson(request)) as Audience);
      response.writeHead(204).end();
      return;
    }
    if (url.startsWith("/replay/")) return this.replay(request, response);
    const path = parseLivePath(url);
    if (path?.kind !== "segment" || !this.#spaces.has(path.space)) return void response.writeHead(404).end();
    return this.#segment(request, response, path.space, path.rendition, path.n);
  }

  #feed(response: http.ServerResponse): void {
    const write = startNdjson(response);
    for (const { state } of this.#spaces.values()) write({ t: "state", state });
    write({ t: "synced" });
    this.#feeds.add(write);
    const tick = setInterval(() => this.#isTicking && write({ t: "tick", now: Date.now() }), this.tickMs);
    response.once("close", () => {
      clearInterval(tick);
      this.#feeds.delete(write);
    });
  }

  async #segment(
    request: http.IncomingMessage,
    response: http.ServerResponse,
    id: string,
    rendition: RenditionName,
    n: number,
  ): Promise<void> {
    const space = this.#space(id);
    const latest = space.state.latest ?? -1;
    if (n < (space.state.first ?? 0) || n > latest + earlySegments) return void response.writeHead(404).end();
    const byChunk = request.headers[chunksHeader] !== undefined;
    const digest = formatDigest(
      createHash("sha256")
        .update(this.segment(id, rendition, n))
        .digest(),
    );
    for (let part = 0; part < chunksPerSegment; part++) {
      const needed = n * chunksPerSegment + (byChunk ? part + 1 : chunksPerSegment);
      while (space.chunks < needed) {
        if (space.state.status === "ended") return void response.writeHead(404).end();
        await once(this.#changed, "chunk");
        if (response.destroyed) return;
      }
      if (part === 0) {
        const told = !this.tellsDigests ? {} : byChunk ? { trailer: digestHeader } : { [digestHeader]: digest };
        response.writeHead(200, { "content-type": "audio/mp4", ...told });
      }
      response.write(this.spoil(this.chunk(id, rendition, n, part), rendition, n, part));
    }
    if (this.tellsDigests && byChunk) response.addTrailers({ [digestHeader]: digest });
    response.end();
  }
}

const longNotice = 15_000;

export function box(type: string, payload: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + payload.length, 0);
  head.write(type, 4, "latin1");
  return Buffer.concat([head, payload]);
}

/** What stands for an init segment of a rendition. */
export const initOf = (rendition: RenditionName): Buffer =>
  Buffer.concat([box("ftyp", Buffer.from("cmfc")), box("moov", Buffer.from(`init of ${rendition}`))]);

/** A Space that is live, with everything it needs to be listened to. */
export function liveState(id: string): LiveState {
  const now = Date.now();
  return {
    v: 1,
    id,
    slug: `slug-${id}`,
    title: "A conversation",
    description: "",
    language: "en",
    unlisted: false,
    status: "live",
    hold: false,
    replay: false,
    startAt: now - 60_000,
    liveAt: now - 60_000,
    delayMs: 0,
    endedAt: null,
    now,
    epochMs: now,
    first: null,
    latest: null,
    push: "chunk",
    heard: 0,
    beacon: 1,
    edges: [],
    level: 0,
    listeners: 0,
    renditions: renditionNames.map((name) => ({
      name,
      codecs: renditionFacts[name].codecs,
      bitrate: renditionFacts[name].bitrate,
      init: initOf(name).toString("base64"),
    })),
    stage: [],
    notice: "",
  };
}
