import type { Socket } from "node:net";

/**
 * Bytes that may wait in this process for one listener at a segment's start; above it the listener is slow, and skipped
 * until its queue has drained. About 16 s of 32 kbit/s, on top of what the kernel's send buffer holds.
 */
export const maxQueuedBytes = 64 * 1024;
/** Milliseconds for which a skipped listener may take to drain; then its connection is closed. */
export const maxSkippedMs = 15_000;

/** What happened to listeners; numbers that only grow. */
export interface FanOutCounts {
  sentBytes: number;
  /** Times that a listener fell behind and was skipped to the live edge. */
  slowSkips: number;
  /** Listeners closed because they never drained. */
  slowCloses: number;
}

interface Listener {
  readonly socket: Socket;
  /** Its place in the list. */
  at: number;
  /** False while it waits for a segment's start: at first when there is nothing yet, and when it is slow. */
  playing: boolean;
  /** When it became slow, ms; 0 when it is not. */
  slowSince: number;
}

export interface FanOutOptions {
  readonly counts: FanOutCounts;
  /** Monotonic milliseconds. @default performance.now */
  readonly now?: () => number;
  /** @default maxQueuedBytes */
  readonly maxQueuedBytes?: number;
  /** @default maxSkippedMs */
  readonly maxSkippedMs?: number;
}

/** One rendition's listeners: every byte is one shared Buffer, written straight to each one's socket. */
export class FanOut {
  readonly #listeners: Listener[] = [];
  readonly #counts: FanOutCounts;
  readonly #now: () => number;
  readonly #maxQueuedBytes: number;
  readonly #maxSkippedMs: number;

  constructor(options: FanOutOptions) {
    this.#counts = options.counts;
    this.#now = options.now ?? (() => performance.now());
    this.#maxQueuedBytes = options.maxQueuedBytes ?? maxQueuedBytes;
    this.#maxSkippedMs = options.maxSkippedMs ?? maxSkippedMs;
  }

  get size(): number {
    return this.#listeners.length;
  }

  /**
   * Takes a socket that belongs to nobody else; `first` is written at once.
   * @param playing whether `first` ends where the next push goes on; otherwise it waits for a segment's start
   */
  join(socket: Socket, first: Buffer, playing: boolean): void {
    const listener: Listener = { socket, at: this.#listeners.length, playing, slowSince: 0 };
    this.#listeners.push(listener);
    socket.once("close", () => this.#leave(listener));
    this.#write(socket, first);
  }

  /** Writes to all who play. At a segment's start the slow are skipped, and those who have drained play again. */
  push(bytes: Buffer, segmentStarts: boolean): void {
    if (segmentStarts) this.#startSegment();
    for (const { playing, socket } of this.#listeners) if (playing) this.#write(socket, bytes);
  }

  /** Ends every response where it is. */
  end(): void {
    for (const { socket } of this.#listeners) socket.end();
  }

  /** Closes every connection at once. */
  destroy(): void {
    for (const { socket } of this.#listeners) socket.destroy();
  }

  #write(socket: Socket, bytes: Buffer): void {
    if (!socket.writable) return;
    this.#counts.sentBytes += bytes.length;
    socket.write(bytes);
  }

  #startSegment(): void {
    for (const listener of this.#listeners) {
      const queued = listener.socket.writableLength;
      if (listener.playing) {
        if (queued <= this.#maxQueuedBytes) continue;
        listener.playing = false;
        listener.slowSince = this.#now();
        this.#counts.slowSkips++;
      } else if (queued === 0) {
        listener.playing = true;
        listener.slowSince = 0;
      } else if (listener.slowSince === 0) {
        listener.slowSince = this.#now();
      } else if (this.#now() - listener.slowSince > this.#maxSkippedMs) {
        this.#counts.slowCloses++;
        listener.socket.destroy();
      }
    }
  }

  #leave(listener: Listener): void {
    const last = this.#listeners.pop();
    if (last === undefined || last === listener) return;
    last.at = listener.at;
    this.#listeners[last.at] = last;
  }
}
