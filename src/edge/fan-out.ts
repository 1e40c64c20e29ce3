import type { Socket } from "node:net";
import type { SegmentNumber } from "../wire/timeline.ts";
import { type DirectWrites, queuedBytes, type StreamHandle } from "./direct-writes.ts";
import type { Sliced, Slices } from "./slices.ts";

/**
 * Bytes that may wait in this process for one listener at a segment's start; above it the listener is slow, and skipped
 * until its queue has drained. About 16 s of 32 kbit/s, on top of what the kernel's send buffer holds.
 */
export const maxQueuedBytes = 64 * 1024;
/** Milliseconds for which a skipped listener may take to drain; then its connection is closed. */
export const maxSkippedMs = 15_000;
/** Listeners that are written to between two looks at the clock. */
const stride = 4;
/** Who left with fewer segments than this has not listened. */
export const heardSegments = 3;

/** A place on the stream that orders all chunks: chunk `index` (below 64) of segment `n`. Small, so that it costs no memory. */
export type Place = number;
export const place = (n: SegmentNumber, index: number): Place => n * 64 + index;

/** Where a listener's stream goes on: with chunk `index` of segment `n`. */
export interface Position {
  readonly n: SegmentNumber;
  readonly index: number;
}

export interface Released {
  readonly at: Position;
  readonly sockets: Socket[];
}

export interface ReleaseOptions {
  /** @default all */
  readonly isWanted?: (socket: Socket) => boolean;
  /** Also between two chunks of a segment, not only between two segments. @default false */
  readonly betweenChunks?: boolean;
}

/** What happened to listeners; numbers that only grow. */
export interface FanOutCounts {
  sentBytes: number;
  /** Times that a listener fell behind and was skipped to the live edge. */
  slowSkips: number;
  /** Listeners closed because they never drained. */
  slowCloses: number;
  /** Listeners whose connection was closed; those of them with fewer than `heardSegments`. */
  left: number;
  leftEarly: number;
}

interface Listener {
  readonly socket: Socket;
  readonly fanOut: FanOut;
  /** Where to write directly, while nothing waits for it in this process: no more of the socket need be looked at. */
  handle: StreamHandle | undefined;
  /** Its index in the list. */
  at: number;
  /** Where its stream goes on: what is pushed before this place it has, or is not to have. */
  from: Place;
  /** When it became slow, ms; 0 when it is not. */
  slowSince: number;
}

/** One function for all sockets, and their listener beside it: it is memory of every listener. */
const taken = Symbol("listener");
type Taken = Socket & { [taken]?: Listener };
function leave(this: Taken): void {
  const listener = this[taken];
  if (listener) listener.fanOut.gone(listener);
}

interface Push {
  /** When it was handed over, ms. */
  readonly since: number;
  readonly bytes: Buffer;
  readonly at: Place;
  readonly startsSegment: boolean;
}

export interface FanOutOptions {
  readonly counts: FanOutCounts;
  readonly slices: Slices;
  readonly writes: DirectWrites;
  /** Called when everybody has been given everything up to a segment's end; `next` is what follows. */
  readonly onBoundary?: (next: SegmentNumber) => void;
  /** Called when somebody is no more among the listeners. */
  readonly onLeave?: ((socket: Socket) => void) | undefined;
  /** Monotonic milliseconds. @default performance.now */
  readonly now?: () => number;
  /** @default maxQueuedBytes */
  readonly maxQueuedBytes?: number;
  /** @default maxSkippedMs */
  readonly maxSkippedMs?: number;
}

/**
 * One rendition's listeners: every byte is one shared Buffer, written straight to each one's socket. A push goes through
 * the list in time slices; what is pushed meanwhile waits until it is through, and is then written together, so that
 * everybody has every byte once and in order, and each listener has its bytes at its own phase of the tick.
 */
export class FanOut implements Sliced {
  readonly #listeners: Listener[] = [];
  readonly #options: FanOutOptions;
  readonly #counts: FanOutCounts;
  readonly #slices: Slices;
  readonly #writes: DirectWrites;
  readonly #now: () => number;
  readonly #maxQueuedBytes: number;
  readonly #maxSkippedMs: number;
  /** What waits for the list to be gone through; few and small: shared by all, and taken together each time. */
  #waiting: Push[] = [];
  /** What is being written now, each part for itself and all in one. */
  #parts: readonly Push[] = [];
  #together: Push | undefined;
  /** What is done with each listener in the pass under way; those before `#cursor` have had it. */
  #visit: ((listener: Listener) => void) | undefined;
  #cursor = 0;
  /** What follows the chunk that was pushed last. */
  #after: Position | undefined;
  /** The segment that follows, when all that was pushed ends at a segment's end. */
  #next: SegmentNumber | undefined;
  #told: SegmentNumber | undefined;
  #ending: "no" | "asked" | "done" = "no";

  constructor(options: FanOutOptions) {
    this.#options = options;
    this.#counts = options.counts;
    this.#slices = options.slices;
    this.#writes = options.writes;
    this.#now = options.now ?? (() => performance.now());
    this.#maxQueuedBytes = options.maxQueuedBytes ?? maxQueuedBytes;
    this.#maxSkippedMs = options.maxSkippedMs ?? maxSkippedMs;
  }

  get size(): number {
    return this.#listeners.length;
  }

  /** Everybody's socket; while it is gone through some may come and go. */
  *sockets(): Generator<Socket> {
    for (const { socket } of this.#listeners) yield socket;
  }

  /**
   * Takes a socket that belongs to nobody else; `first` is written at once. True when the kernel has taken all of it.
   * @param from where the stream goes on after `first`
   */
  join(socket: Socket, first: Buffer | undefined, from: Place): boolean {
    if (socket.destroyed) return false;
    const at = this.#listeners.length;
    const listener: Listener = { socket, fanOut: this, handle: undefined, at, from, slowSince: 0 };
    this.#listeners.push(listener);
    (socket as Taken)[taken] = listener;
    socket.on("close", leave);
    if (first) this.#write(listener, first);
    if (this.#ending === "done") socket.end();
    return listener.handle !== undefined;
  }

  /** For how long the oldest chunk is under way that not everybody has been given yet, ms. */
  get behind(): number {
    const [oldest] = this.#visit === this.#give ? this.#parts : this.#waiting;
    return oldest === undefined ? 0 : this.#now() - oldest.since;
  }

  /** Hands chunk `index` of segment `n`, or with index 0 all of it, to everybody whose stream has come there. */
  push(bytes: Buffer, n: SegmentNumber, index: number): void {
    this.#next = undefined;
    this.#after = { n, index: index + 1 };
    this.#waiting.push({ since: this.#now(), bytes, at: place(n, index), startsSegment: index === 0 });
    this.#slices.run(this);
  }

  /** Says that what was pushed last is the end of segment `n`. */
  finished(n: SegmentNumber): void {
    this.#next = n + 1;
    this.#after = { n: n + 1, index: 0 };
    this.#slices.run(this);
  }

  /** Ends every response, after what was pushed. */
  end(): void {
    if (this.#ending === "no") this.#ending = "asked";
    this.#slices.run(this);
  }

  /** Closes every connection at once. */
  destroy(): void {
    for (const { socket } of this.#listeners) socket.destroy();
  }

  /**
   * Lets go of up to `most` sockets whose listeners have everything up to one place, with nothing queued in this process:
   * whoever takes them goes on there. None while the list is being gone through. They stay open, and nobody here listens
   * to them any more but for the takeover's own listeners (see `takeSocket`).
   */
  release(most = Infinity, { isWanted, betweenChunks = false }: ReleaseOptions = {}): Released | undefined {
    const at = betweenChunks || this.#next !== undefined ? this.#after : undefined;
    if (at === undefined || this.#waiting.length > 0 || this.#visit !== undefined) return undefined;
    const sockets: Socket[] = [];
    for (let i = this.#listeners.length - 1; i >= 0 && sockets.length < most; i--) {
      const listener = this.#listeners[i];
      if (listener === undefined || listener.from > place(at.n, at.index) || listener.slowSince !== 0) continue;
      const { socket } = listener;
      if (!socket.writable || queuedBytes(socket) > 0 || isWanted?.(socket) === false) continue;
      socket.off("close", leave);
      this.leave(listener);
      sockets.push(socket);
    }
    return { at, sockets };
  }

  /** Goes on with the pass under way and those that wait behind it. */
  step(isOver: () => boolean): boolean {
    while (this.#visit !== undefined || this.#begin()) {
      while (this.#cursor < this.#listeners.length) {
        const to = Math.min(this.#cursor + stride, this.#listeners.length);
        for (; this.#cursor < to; this.#cursor++) this.#visit?.(this.#listeners[this.#cursor] as Listener);
        if (isOver() && this.#cursor < this.#listeners.length) return false;
      }
      this.#visit = undefined;
      this.#cursor = 0;
    }
    return true;
  }

  /** Begins the next pass, or tells that all are through; false when there is nothing to do. */
  #begin(): boolean {
    if (this.#waiting.length > 0) {
      this.#parts = this.#waiting;
      this.#waiting = [];
      this.#together = together(this.#parts);
      this.#visit = this.#give;
      return true;
    }
    if (this.#next !== undefined && this.#next !== this.#told) {
      this.#told = this.#next;
      this.#options.onBoundary?.(this.#next);
    }
    if (this.#ending !== "asked") return this.#waiting.length > 0;
    this.#ending = "done";
    this.#visit = endResponse;
    return true;
  }

  readonly #give = (listener: Listener): void => {
    const all = this.#together;
    if (all === undefined) return;
    if (listener.from <= all.at && listener.slowSince === 0) {
      if (!all.startsSegment || this.#keepsUp(listener)) this.#write(listener, all.bytes);
      return;
    }
    for (const part of this.#parts) {
      if (part.at < listener.from) continue;
      if (part.startsSegment && !this.#keepsUp(listener)) return;
      if (listener.slowSince === 0) this.#write(listener, part.bytes);
    }
  };

  #write(listener: Listener, bytes: Buffer): void {
    const { socket, handle } = listener;
    if (handle === undefined) {
      const written = this.#writes.write(socket, bytes);
      if (written === "sent") listener.handle = this.#writes.handle(socket);
      if (written !== "ended") this.#counts.sentBytes += bytes.length;
      return;
    }
    const sent = this.#writes.send(handle, socket, bytes);
    if (sent !== "sent") listener.handle = undefined;
    if (sent !== "failed") this.#counts.sentBytes += bytes.length;
    // One that has hung up is ended in peace.
    else if (socket.writable) socket.destroy();
  }

  /** At a segment's start: whether a listener is to have it. The slow are not, until they have drained. */
  #keepsUp(listener: Listener): boolean {
    // What can be written directly has nothing queued.
    if (listener.handle !== undefined && listener.slowSince === 0) return true;
    const { socket } = listener;
    const queued = queuedBytes(socket);
    if (listener.slowSince === 0) {
      if (queued <= this.#maxQueuedBytes) return true;
      listener.slowSince = this.#now();
      this.#counts.slowSkips++;
    } else if (queued === 0) {
      listener.slowSince = 0;
      return true;
    } else if (this.#now() - listener.slowSince > this.#maxSkippedMs && !socket.destroyed) {
      this.#counts.slowCloses++;
      socket.destroy();
    }
    return false;
  }

  /** A listener's socket is closed. */
  gone(listener: Listener): void {
    const { n, index } = this.#after ?? { n: 0, index: 0 };
    this.#counts.left++;
    if (place(n, index) - listener.from < place(heardSegments, 0)) this.#counts.leftEarly++;
    this.leave(listener);
  }

  /** Forgets a listener. */
  leave(listener: Listener): void {
    this.#options.onLeave?.(listener.socket);
    let hole = listener.at;
    if (hole < this.#cursor) {
      // One who has been visited fills the place, so that nobody comes before the cursor without having been.
      this.#cursor--;
      this.#move(this.#cursor, hole);
      hole = this.#cursor;
    }
    this.#move(this.#listeners.length - 1, hole);
    this.#listeners.pop();
  }

  #move(from: number, to: number): void {
    const listener = this.#listeners[from];
    if (listener === undefined || from === to) return;
    this.#listeners[to] = listener;
    listener.at = to;
  }
}

const endResponse = ({ socket }: Listener): void => void socket.end();

function together(parts: readonly Push[]): Push | undefined {
  const [first] = parts;
  if (first === undefined || parts.length === 1) return first;
  return { ...first, bytes: Buffer.concat(parts.map(({ bytes }) => bytes)) };
}
