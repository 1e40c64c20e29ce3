import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { Clock } from "../foundation/clock.ts";
import { startNdjson } from "../foundation/link.ts";
import type { Gauge } from "../foundation/meter.ts";
import type { LineFacts } from "../wire/tickets.ts";
import type { FeedLine } from "../wire/timelines.ts";
import type { Space } from "./space.ts";

/** On connection, so many bytes may be on the way to a reader before the next Spaces are told. */
const snapshotBacklogBytes = 512 * 1024;
/** How many may follow the feed; the next is refused. */
export const maxFeedReaders = 512;

/** Tells edges and control what changes, each line to all of them. */
export class Feed {
  readonly #writers = new Set<(line: FeedLine) => void>();
  readonly #changed = new Set<Space>();
  /** Spaces whose salt is to be told behind their state. */
  readonly #salted = new Set<string>();
  readonly #salt: (space: string) => string | undefined;
  readonly #line: (space: string) => LineFacts | undefined;
  readonly #clock: Clock;
  readonly #readers: Gauge;

  /**
   * @param salt of an open Space, base64
   * @param line how that of a Space stands
   */
  constructor(
    clock: Clock,
    readers: Gauge,
    salt: (space: string) => string | undefined,
    line: (space: string) => LineFacts | undefined = () => undefined,
  ) {
    this.#clock = clock;
    this.#readers = readers;
    this.#salt = salt;
    this.#line = line;
  }

  /** Answers with every Space, `synced`, and then what changes; false when there are too many readers. */
  follow(response: ServerResponse, spaces: () => Iterable<Space>): boolean {
    if (this.#writers.size >= maxFeedReaders) return false;
    const write = startNdjson(response);
    const writer = (line: FeedLine): void => write(line);
    this.#writers.add(writer);
    this.#readers.set(this.#writers.size);
    response.on("close", () => {
      this.#writers.delete(writer);
      this.#readers.set(this.#writers.size);
    });
    void this.#snapshot(response, writer, [...spaces()]);
    return true;
  }

  /** The state has changed; however often that happens in one turn, it is told once. */
  changed(space: Space): void {
    if (this.#changed.size === 0) queueMicrotask(() => this.#tellChanged());
    this.#changed.add(space);
  }

  /** A Space has another salt. */
  salted(space: Space): void {
    this.#salted.add(space.id);
    this.changed(space);
  }

  segment(space: Space): void {
    const ring = space.timeline?.ring;
    const latest = ring?.latest();
    const first = ring?.first();
    if (latest === undefined || first === undefined) return;
    this.#tell({ t: "latest", id: space.id, latest, first, hold: space.timeline?.hold ?? false });
  }

  /** A line has moved, or somebody came to it. */
  lineMoved(id: string): void {
    const facts = this.#line(id);
    if (facts) this.#tell({ t: "line", id, ...facts });
  }

  gone(space: Space): void {
    this.#changed.delete(space);
    this.#tell({ t: "gone", id: space.id });
  }

  tick(): void {
    this.#tell({ t: "tick", now: Math.round(this.#clock.now()) });
  }

  async #snapshot(response: ServerResponse, write: (line: FeedLine) => void, spaces: readonly Space[]): Promise<void> {
    const closed = new AbortController();
    response.on("close", () => closed.abort());
    for (const space of spaces) {
      write({ t: "state", state: space.state() });
      const salt = this.#salt(space.id);
      if (salt !== undefined) write({ t: "salt", id: space.id, salt });
      const line = this.#line(space.id);
      if (line !== undefined) write({ t: "line", id: space.id, ...line });
      if (response.writableLength < snapshotBacklogBytes) continue;
      await once(response, "drain", { signal: closed.signal }).catch(() => {});
      if (closed.signal.aborted) return;
    }
    write({ t: "synced" });
  }

  #tellChanged(): void {
    const spaces = [...this.#changed];
    this.#changed.clear();
    const salted = new Set(this.#salted);
    this.#salted.clear();
    if (this.#writers.size === 0) return;
    for (const space of spaces) {
      this.#tell({ t: "state", state: space.state() });
      const salt = salted.has(space.id) ? this.#salt(space.id) : undefined;
      if (salt !== undefined) this.#tell({ t: "salt", id: space.id, salt });
    }
  }

  #tell(line: FeedLine): void {
    for (const write of this.#writers) write(line);
  }
}
