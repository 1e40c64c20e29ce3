import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { ndjsonBacklogBytes } from "../foundation/link.ts";
import { Problem } from "../foundation/errors.ts";
import { maxEdgePath } from "../wire/edges.ts";
import type { FeedLine } from "../wire/timelines.ts";
import type { Directory } from "./directory.ts";
import { overloaded } from "./respond.ts";

/** How many edges follow one edge at most. */
export const maxFeedReaders = 512;
/** On connection, so many bytes may be on the way to a reader before the next Spaces are told. */
const snapshotBacklogBytes = 512 * 1024;
/** A tick this far behind the latest is of a clock that was set back, ms; less far, it has come round in a circle. */
const clockSetBackMs = 60_000;

const text = (line: FeedLine): string => `${JSON.stringify(line)}\n`;

export interface FeedTellerOptions {
  readonly directory: Directory;
  /** What this edge is called among edges. */
  readonly id: string;
  /** @default maxFeedReaders */
  readonly maxReaders?: number | undefined;
}

/** Tells edges below what the directory knows, from memory, and then what it hears; also while what it follows is away. */
export class FeedTeller {
  readonly #directory: Directory;
  readonly #id: string;
  readonly #most: number;
  readonly #readers = new Set<ServerResponse>();
  /** Through which edges its own feed comes. */
  #path: readonly string[] = [];
  #tickedAt = -Infinity;

  constructor({ directory, id, maxReaders = maxFeedReaders }: FeedTellerOptions) {
    this.#directory = directory;
    this.#id = id;
    this.#most = maxReaders;
  }

  get readers(): number {
    return this.#readers.size;
  }

  /** Answers with all there is, and then what comes. Throws when there are too many, nothing is known yet, or it would go in a circle. */
  follow(response: ServerResponse, edge: string | undefined): void {
    if (this.#readers.size >= this.#most) throw overloaded("edges that follow it", this.#most, 5);
    if (edge !== undefined && (edge === this.#id || this.#path.includes(edge))) throw edgeLoop(edge);
    if (!this.#directory.knows) throw notSynced();
    response.writeHead(200, { "content-type": "application/x-ndjson", "cache-control": "no-store" });
    response.flushHeaders();
    this.#readers.add(response);
    response.once("close", () => this.#readers.delete(response));
    response.write(text(this.#ownPath()));
    void this.#snapshot(response);
  }

  /** Tells a line to all that follow. */
  tell(line: FeedLine): void {
    if (line.t === "tick") {
      if (line.now <= this.#tickedAt && line.now > this.#tickedAt - clockSetBackMs) return;
      this.#tickedAt = line.now;
    }
    this.#send(line);
  }

  /** Its own feed comes another way now. */
  comesThrough(path: readonly string[]): void {
    if (path.join() === this.#path.join()) return;
    this.#path = path;
    this.#send(this.#ownPath());
  }

  /** Ends all, so that they follow somebody else. */
  end(): void {
    for (const response of this.#readers) response.end();
  }

  #ownPath(): FeedLine {
    return { t: "path", edges: [this.#id, ...this.#path].slice(0, maxEdgePath) };
  }

  #send(line: FeedLine): void {
    if (this.#readers.size === 0) return;
    const bytes = Buffer.from(text(line));
    for (const response of this.#readers) this.#write(response, bytes);
  }

  #write(response: ServerResponse, bytes: Buffer | string): void {
    if (response.writableEnded || response.destroyed) return;
    if (response.writableLength > ndjsonBacklogBytes) response.destroy();
    else response.write(bytes);
  }

  /** Every Space with its salt; what changes meanwhile is told twice, and comes to the same. */
  async #snapshot(response: ServerResponse): Promise<void> {
    const closed = new AbortController();
    response.once("close", () => closed.abort());
    for (const { state, salt, line } of this.#directory.entries()) {
      this.#write(response, text({ t: "state", state }));
      if (salt !== undefined) this.#write(response, text({ t: "salt", id: state.id, salt }));
      if (line !== undefined) this.#write(response, text(line));
      if (response.writableLength < snapshotBacklogBytes) continue;
      await once(response, "drain", { signal: closed.signal }).catch(() => {});
      if (closed.signal.aborted) return;
    }
    this.#write(response, text({ t: "synced" }));
  }
}

const edgeLoop = (edge: string): Problem =>
  new Problem({
    status: 508,
    code: "edge-loop",
    title: "An edge would follow itself",
    detail: `The feed that edge ${edge} asks for comes through that edge.`,
    action: "Let --upstream name edges nearer to the origin, or `rostra serve` itself.",
  });

const notSynced = (): Problem =>
  new Problem({
    status: 503,
    code: "edge-not-synced",
    title: "This edge knows nothing yet",
    detail: "It has not heard all that there is since it was started.",
    action: "Ask another edge, or again in a second.",
    retryAfter: 1,
  });
