import type { IncomingMessage, ServerResponse } from "node:http";
import { digestHeader } from "../wire/edges.ts";
import { chunksHeader, type LivePath } from "../wire/paths.ts";
import type { RenditionName } from "../wire/rendition.ts";
import type { SegmentNumber } from "../wire/timeline.ts";
import type { Audience, ListenerKey } from "./audience.ts";
import type { Channel } from "./channel.ts";
import type { Channels } from "./channels.ts";
import type { Directory, SpaceEntry } from "./directory.ts";
import type { Asked, KeptConnections } from "./kept-connections.ts";
import type { LiveTexts } from "./live-texts.ts";
import type { DoorRoutes } from "./door-routes.ts";
import type { Doorkeeper } from "./doorkeeper.ts";
import type { Playlists } from "./playlists.ts";
import type { PushMode } from "./push-mode.ts";
import {
  acceptsGzip,
  mediaHeaders,
  openHeaders,
  overloaded,
  sendNothingHere,
  sendRanged,
  sendRefusal,
  sendWhole,
} from "./respond.ts";
import type { Levels } from "./service-level.ts";
import type { Streams } from "./streams.ts";
import { originAway } from "./upstream.ts";

const stateHeaders = {
  ...openHeaders,
  "content-type": "application/json",
  "cache-control": "public, max-age=1, stale-while-revalidate=5, stale-if-error=60",
  vary: "accept-encoding",
} as const;

/** What live requests are counted by; numbers that only grow. */
export interface LiveCounts {
  /** Bytes of numbered segments. */
  numberedBytes: number;
  /** Requests that could not be held because too many were. */
  holdOverflow: number;
  notFound: number;
  /** Requests, by what they ask for. */
  states: number;
  standing: number;
  playlists: number;
  inits: number;
  segments: number;
}

export interface LiveOptions {
  readonly directory: Directory;
  readonly channels: Channels;
  readonly playlists: Playlists;
  readonly texts: LiveTexts;
  readonly audience: Audience;
  readonly kept: KeptConnections;
  readonly streams: Streams;
  readonly keeper: Doorkeeper;
  readonly door: DoorRoutes;
  readonly pushMode: PushMode;
  readonly levels: Levels;
  readonly counts: LiveCounts;
  readonly now: () => number;
  /** The address of whoever asks. */
  readonly address: (request: IncomingMessage) => string;
  /** Whether another edge asks, which shows the key. */
  readonly isEdge: (request: IncomingMessage) => boolean;
  /** Whether a cache asks, that is believed, for all who come through it. */
  readonly isCache: (request: IncomingMessage) => boolean;
}

/** `/live/**`: a path that was parsed becomes an answer. The method is GET or HEAD. */
export class LiveRoutes {
  readonly #options: LiveOptions;

  constructor(options: LiveOptions) {
    this.#options = options;
  }

  handle(request: IncomingMessage, response: ServerResponse, path: LivePath, query: string): void {
    const entry = this.#options.directory.find(path.space);
    if (!entry) return this.#nothing(response);
    switch (path.kind) {
      case "state":
        this.#options.counts.states++;
        return this.#state(request, response, entry);
      case "master":
        this.#options.counts.playlists++;
        this.#admit(request, entry);
        return this.#options.playlists.master(request, response, entry);
      case "playlist":
        this.#options.counts.playlists++;
        if (entry.init(path.rendition) === undefined || entry.state.latest === null) return this.#nothing(response);
        this.#admit(request, entry);
        // Who reads the playlist asks for its segments next: they are pulled from now on.
        if (this.#options.playlists.media(response, entry, query, () => this.#options.address(request)))
          this.#options.channels.get(entry, path.rendition).touch();
        return;
      case "text":
        this.#options.counts.standing++;
        return this.#options.texts.handle(request, response, entry);
      case "line":
        this.#options.counts.standing++;
        return this.#options.door.line(response, entry);
      case "beacon":
      case "place":
        return this.#nothing(response);
      case "init":
        this.#options.counts.inits++;
        return this.#init(request, response, entry, path.rendition);
      case "segment":
        this.#options.counts.segments++;
        return this.#segment(request, response, entry, path);
      case "stream":
        return this.#options.streams.handle(request, response, entry, path);
    }
  }

  /** Throws when newcomers need a seat and this is one without. */
  #admit(request: IncomingMessage, entry: SpaceEntry): void {
    const { keeper, isEdge, isCache } = this.#options;
    if (keeper.isShut(entry) && !isEdge(request) && !isCache(request)) keeper.admitNumbered(request, entry);
  }

  #nothing(response: ServerResponse): void {
    this.#options.counts.notFound++;
    sendNothingHere(response);
  }

  #state(request: IncomingMessage, response: ServerResponse, entry: SpaceEntry): void {
    const { now, pushMode, levels } = this.#options;
    const { plain, gzip } = entry.render(now(), pushMode.now, levels.of(entry.state.id));
    if (acceptsGzip(request)) sendWhole(response, gzip, { ...stateHeaders, "content-encoding": "gzip" });
    else sendWhole(response, plain, stateHeaders);
  }

  #init(request: IncomingMessage, response: ServerResponse, entry: SpaceEntry, rendition: RenditionName): void {
    const init = entry.init(rendition);
    if (init) sendRanged(request, response, init, mediaHeaders);
    else this.#nothing(response);
  }

  #segment(request: IncomingMessage, response: ServerResponse, entry: SpaceEntry, asked: Asked): void {
    if (entry.state.epochMs === null) return this.#nothing(response);
    const { channels, kept, isEdge } = this.#options;
    this.#admit(request, entry);
    const channel = channels.get(entry, asked.rendition);
    const { kind } = channel.segment(asked.n);
    const answer = (): void => this.#answer(request, response, channel, asked.n);
    const isKept =
      kind === "bytes" || (kind === "early" && channel.holds.hasRoomFor(() => this.#options.address(request)));
    if (!isKept || isEdge(request) || !kept.take(request, response, asked, answer)) answer();
  }

  #answer(request: IncomingMessage, response: ServerResponse, channel: Channel, n: SegmentNumber): void {
    const answer = channel.segment(n);
    switch (answer.kind) {
      case "bytes":
        return this.#send(request, response, channel, n, answer.bytes);
      case "outside":
        return this.#nothing(response);
      case "early":
        if (request.headers[chunksHeader] !== undefined && this.#options.isEdge(request)) {
          if (!channel.follow(n, response)) this.#options.counts.holdOverflow++;
          return;
        }
        return this.#hold(request, response, channel, n);
      case "fetch":
        return this.#fetch(request, response, channel, n);
    }
  }

  #send(request: IncomingMessage, response: ServerResponse, channel: Channel, n: SegmentNumber, bytes: Buffer): void {
    const { entry, window } = channel;
    const digest = window.digest(n);
    // Another edge is no listener: it tells of its own.
    if (!this.#options.isEdge(request)) this.#options.audience.seen(entry.state.id, this.#listener(request, entry));
    if (request.method === "GET") this.#options.counts.numberedBytes += bytes.length;
    sendRanged(request, response, bytes, digest ? { ...mediaHeaders, [digestHeader]: digest } : mediaHeaders);
  }

  #listener(request: IncomingMessage, entry: SpaceEntry): ListenerKey {
    const { audience, address } = this.#options;
    return audience.key(entry.state.id, address(request), request.headers["user-agent"] ?? "");
  }

  #hold(request: IncomingMessage, response: ServerResponse, channel: Channel, n: SegmentNumber): void {
    const held = channel.hold(n, this.#options.address(request), response, (outcome) => {
      const bytes = channel.window.get(n);
      if (bytes) this.#send(request, response, channel, n, bytes);
      else if (outcome === "published" || channel.entry.over) this.#nothing(response);
      else sendRefusal(response, originAway());
    });
    if (held) return;
    this.#options.counts.holdOverflow++;
    sendRefusal(response, overloaded("requests held for a segment", channel.holds.most));
  }

  #fetch(request: IncomingMessage, response: ServerResponse, channel: Channel, n: SegmentNumber): void {
    channel.fetch(n).then(
      (bytes) => (bytes ? this.#send(request, response, channel, n, bytes) : this.#nothing(response)),
      () => sendRefusal(response, originAway()),
    );
  }
}
