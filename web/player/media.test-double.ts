import { mediaChunk } from "../../src/cmaf/chunk.ts";
import { initSegment } from "../../src/cmaf/init.ts";
import type { RoomEvent } from "../../src/wire/events.ts";
import { createReader } from "./fragments.ts";
import type { MediaSourceClass } from "./sink.ts";

/** For tests: a browser's media element and Media Source that keep what was appended as ranges and play on demand. */
export const chunkSeconds = 0.32;

const packets = Array.from({ length: 16 }, (_, i) => new Uint8Array(20).fill(i));

/** A chunk as the stage makes it. */
export const chunk = (slot: number, events: readonly RoomEvent[] = []): Uint8Array =>
  mediaChunk({ rendition: "opus-32k", slot, packets, events });
export const init = (): Uint8Array => initSegment("opus-32k");

export function bytes(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

type Range = [from: number, to: number];

class FakeBuffer extends EventTarget {
  onupdateend: (() => void) | null = null;
  onerror: (() => void) | null = null;
  ranges: Range[] = [];
  /** Appends to refuse as full, and to refuse as broken. */
  full = 0;
  broken = 0;
  onBroken = (): void => {};
  readonly removed: Range[] = [];

  appendBuffer(data: Uint8Array<ArrayBuffer>): void {
    if (this.full > 0) {
      this.full--;
      throw new DOMException("full", "QuotaExceededError");
    }
    if (this.broken > 0) {
      this.broken--;
      this.onBroken();
      queueMicrotask(() => this.onerror?.());
      return;
    }
    for (const { slot } of createReader()(data).fragments) {
      const [from, to] = [slot * chunkSeconds, (slot + 1) * chunkSeconds];
      const last = this.ranges.at(-1);
      if (last && Math.abs(last[1] - from) < 0.01) last[1] = to;
      else this.ranges.push([from, to]);
    }
    queueMicrotask(() => this.onupdateend?.());
  }

  remove(from: number, to: number): void {
    this.removed.push([from, to]);
    this.ranges = this.ranges.map(([a, b]): Range => [Math.max(a, to), b]).filter(([a, b]) => a < b);
    queueMicrotask(() => this.onupdateend?.());
  }
}

export class FakeMediaSource extends EventTarget {
  static supported: (type: string) => boolean = () => true;
  static isTypeSupported(type: string): boolean {
    return FakeMediaSource.supported(type);
  }
  readyState = "closed";
  readonly buffer = new FakeBuffer();
  audio: FakeAudio | undefined;

  addSourceBuffer(): SourceBuffer {
    return this.buffer as unknown as SourceBuffer;
  }
  endOfStream(): void {
    this.readyState = "ended";
    if (this.audio) this.audio.finished = true;
  }
}
export const FakeSourceClass = FakeMediaSource as unknown as MediaSourceClass;

const sources = new Map<string, FakeMediaSource>();
URL.createObjectURL = (source) => {
  const url = `blob:fake-${sources.size}`;
  sources.set(url, source as unknown as FakeMediaSource);
  return url;
};

export class FakeAudio extends EventTarget {
  currentTime = 0;
  playbackRate = 1;
  paused = true;
  seeking = false;
  ended = false;
  finished = false;
  disableRemotePlayback = false;
  error: MediaError | null = null;
  source: FakeMediaSource | undefined;
  /** What `play()` is refused with. */
  refusal: Error | undefined;
  hls = false;
  #src = "";

  get src(): string {
    return this.#src;
  }
  set src(url: string) {
    this.#src = url;
    this.currentTime = 0;
    this.finished = false;
    this.error = null;
    this.source = sources.get(url);
    const { source } = this;
    if (!source) return;
    source.audio = this;
    source.buffer.onBroken = () => (this.error = { code: 3 } as MediaError);
    queueMicrotask(() => {
      source.readyState = "open";
      source.dispatchEvent(new Event("sourceopen"));
    });
  }
  get buffered(): TimeRanges {
    const ranges = this.source?.buffer.ranges ?? [];
    return {
      length: ranges.length,
      start: (i) => ranges[i]?.[0] ?? NaN,
      end: (i) => ranges[i]?.[1] ?? NaN,
    };
  }
  canPlayType(): CanPlayTypeResult {
    return this.hls ? "maybe" : "";
  }
  async play(): Promise<void> {
    if (this.refusal) throw this.refusal;
    this.paused = false;
  }
  pause(): void {
    this.paused = true;
  }
  load(): void {}
  removeAttribute(): void {
    this.#src = "";
    this.source = undefined;
  }
  say(type: "playing" | "waiting" | "pause" | "ended" | "error"): void {
    this.dispatchEvent(new Event(type));
  }
}
export const asElement = (audio: FakeAudio): HTMLAudioElement => audio as unknown as HTMLAudioElement;

/** A response whose body is written by the test, ended or broken at will. */
export class FakeStream {
  readonly response: Response;
  #control: ReadableStreamDefaultController<Uint8Array> | undefined;
  constructor(...first: readonly Uint8Array[]) {
    this.response = new Response(new ReadableStream({ start: (control) => void (this.#control = control) }));
    if (first.length) this.write(...first);
  }
  write(...parts: readonly Uint8Array[]): void {
    this.#control?.enqueue(bytes(...parts));
  }
  end(): void {
    this.#control?.close();
  }
  break(): void {
    this.#control?.error(new TypeError("network error"));
    this.#control = undefined;
  }
}
