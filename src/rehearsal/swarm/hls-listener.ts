import { livePaths } from "../../wire/paths.ts";
import type { RenditionName } from "../../wire/rendition.ts";
import type { SegmentNumber } from "../../wire/timeline.ts";
import type { AnswerHead } from "./answer-reader.ts";
import { type Base, requestFor } from "./bases.ts";
import { type Asker, Connection, type Loss } from "./connection.ts";
import type { Crowd } from "./crowd.ts";
import type { Follower } from "./follower.ts";
import type { Doing, Told } from "./listening.ts";

/** How long an answer may take (`playlistLoadPolicy` and `fragLoadPolicy` of hls.js). */
const withinMs = 10_000;
/** The longest playlist that is read. */
const maxPlaylistBytes = 64 * 1024;
/** Segments from the playlist's end at which it begins: HOLD-BACK is three target durations (`src/hls/media.ts`). */
const holdBackSegments = 3;

/** What comes next: the order in which a player asks. */
type Asked = "master" | "playlist" | "init" | "segment";

/**
 * Listens by HLS as hls.js does: the multivariant playlist, the media playlist, the init segment, and from then on each segment that the
 * playlist lists and the playlist again, which the server holds until it has the next one (`_HLS_msn`, RFC 8216bis, section 6.2.5.2;
 * hls.js asks so in both of its modes). All on one kept connection.
 */
export class HlsListener implements Asker, Doing {
  readonly limitMs = withinMs;
  lastAt: number;
  readonly #crowd: Crowd;
  readonly #person: Told;
  readonly #base: Base;
  readonly #rendition: RenditionName;
  readonly #follower: Follower;
  #connection: Connection;
  #asked: Asked = "master";
  #head: AnswerHead | undefined;
  #playlist = "";
  /** The segment that it needs next, and the latest that is listed. */
  #next: SegmentNumber | undefined;
  #latest = -1;

  constructor(crowd: Crowd, person: Told, base: Base, rendition: RenditionName, follower: Follower) {
    this.#crowd = crowd;
    this.#person = person;
    this.#base = base;
    this.#rendition = rendition;
    this.#follower = follower;
    this.#next = follower.needs;
    this.lastAt = performance.now();
    follower.reconnect(true);
    this.#connection = this.#connect();
    this.#ask("master");
  }

  close(): void {
    this.#connection.close();
  }

  read(bytes: number): void {
    this.lastAt = performance.now();
    this.#crowd.tally.bytes += bytes;
    this.#person.answered();
  }

  head(head: AnswerHead): void {
    this.#head = head;
  }

  body(bytes: Buffer, from: number, to: number): void {
    if (this.#head?.status !== 200) return;
    if (this.#asked === "init" || this.#asked === "segment") this.#follower.take(bytes, from, to);
    else if (this.#playlist.length + to - from <= maxPlaylistBytes)
      this.#playlist += bytes.toString("latin1", from, to);
  }

  whole(keeps: boolean): void {
    if (this.#head?.status !== 200) {
      this.close();
      this.#person.failed({ kind: "status", status: this.#head?.status ?? 0, retryAfter: this.#head?.retryAfter });
      return;
    }
    if (!keeps) {
      this.#connection.close();
      this.#connection = this.#connect();
    }
    const next = this.#after(this.#asked);
    if (next) return this.#ask(next);
    this.close();
    this.#person.failed({ kind: "ended" });
  }

  lost(kind: Loss): void {
    this.#person.failed({ kind });
  }

  /** What is asked for after that; undefined when it is over, or the playlist none. */
  #after(asked: Asked): Asked | undefined {
    if (asked === "master") return "playlist";
    if (asked === "playlist") {
      const first = Number(/^#EXT-X-MEDIA-SEQUENCE:(\d+)/m.exec(this.#playlist)?.[1] ?? Number.NaN);
      const latest = lastListed(this.#playlist);
      if (!Number.isSafeInteger(first) || latest === undefined) return undefined;
      const begins = this.#latest < 0;
      this.#latest = latest;
      this.#next = Math.max(first, this.#next ?? latest - holdBackSegments + 1);
      if (begins) return "init";
      if (this.#next > latest && this.#playlist.includes("#EXT-X-ENDLIST")) return undefined;
    } else if (asked === "segment") this.#follower.end(this.#next!++);
    return this.#next! <= this.#latest ? "segment" : "playlist";
  }

  #connect(): Connection {
    return new Connection(this.#base, this.#crowd.source(), true, this, this.#crowd.connections);
  }

  #ask(asked: Asked): void {
    this.#asked = asked;
    this.#playlist = "";
    if (asked === "segment") this.#follower.expect(this.#next ?? 0);
    this.#connection.ask(requestFor(this.#base, this.#path(asked), this.#person.number));
  }

  #path(asked: Asked): string {
    const { space } = this.#crowd.order.target;
    if (asked === "master") return livePaths.master(space);
    if (asked === "init") return livePaths.init(space, this.#rendition);
    if (asked === "segment") return livePaths.segment(space, this.#rendition, this.#next ?? 0);
    const path = livePaths.playlist(space, this.#rendition);
    return this.#latest < 0 ? path : `${path}?_HLS_msn=${this.#latest + 1}`;
  }
}

/** The number of the last segment that a playlist lists, by its name. */
function lastListed(playlist: string): SegmentNumber | undefined {
  const end = playlist.lastIndexOf(".m4s\n");
  const name = end < 0 ? "" : playlist.slice(playlist.lastIndexOf("\n", end) + 1, end);
  return /^\d+$/.test(name) ? Number(name) : undefined;
}
