/** A media element fed through Media Source, or ManagedMediaSource where that is what there is (iOS 17.1 and later). */
export interface Sink {
  /** Hands bytes to the decoder; resolves when they are taken. Rejects when the decoder refuses them. */
  append(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Seconds buffered ahead of the playhead; negative when the playhead waits before the first range. */
  ahead(): number;
  /** Where what is buffered ends, in media seconds; NaN when nothing is. */
  end(): number;
  /** The start of the first range that begins after `time`. */
  rangeAfter(time: number): number | undefined;
  /** Nothing more comes: what is buffered plays out, then the element says `ended`. */
  finish(): void;
  /** Takes nothing more; the element keeps its source until it is given another. */
  close(): void;
}

/** Seconds kept behind the playhead; the rest is given back, so that memory stays flat for hours. */
export const keepBehindSeconds = 20;
/** Trimming starts when this much lies behind. */
const trimAtSeconds = 40;

interface MediaSourceLike extends EventTarget {
  readonly readyState: string;
  /** ManagedMediaSource only: false while the system wants no more bytes. */
  readonly streaming?: boolean;
  addSourceBuffer(type: string): SourceBuffer;
  endOfStream(): void;
}
export interface MediaSourceClass {
  new (): MediaSourceLike;
  isTypeSupported(type: string): boolean;
}

/** The Media Source class of this browser, the plain one first: the managed one may throw buffered sound away. */
export function mediaSourceClass(scope: object = globalThis): MediaSourceClass | undefined {
  const found = scope as { MediaSource?: MediaSourceClass; ManagedMediaSource?: MediaSourceClass };
  return found.MediaSource ?? found.ManagedMediaSource;
}

/**
 * Attaches a new media source to `audio`; call within the user's click, and `audio.play()` after it.
 *
 * @param type MIME type with codecs
 */
export function openSink(audio: HTMLAudioElement, type: string, Source: MediaSourceClass): Sink {
  const source = new Source();
  // A media source is an EventTarget of one kind; the class may be the managed one, which the DOM types do not know.
  const url = URL.createObjectURL(source as unknown as MediaSource);
  let cancel = (_why: Error): void => {};

  /** Waits for an event of the source; ends with the sink. */
  const heard = (event: string): Promise<unknown> =>
    new Promise((resolve, reject) => {
      cancel = reject;
      source.addEventListener(event, resolve, { once: true });
    });
  const opened = heard("sourceopen").then(() => source.addSourceBuffer(type));
  opened.catch(() => {}); // whoever appends is told
  // Without this a managed media source stays closed, unless there is an AirPlay alternative.
  audio.disableRemotePlayback = true;
  audio.src = url;

  /** Runs one operation of the buffer to its end; one at a time. */
  const update = (buffer: SourceBuffer, run: () => void): Promise<unknown> =>
    new Promise((resolve, reject) => {
      cancel = reject;
      buffer.onupdateend = resolve;
      buffer.onerror = () => reject(new Error("the decoder refused the bytes"));
      run();
    });

  const ranges = (): TimeRanges => audio.buffered;
  const end = (): number => (ranges().length ? ranges().end(ranges().length - 1) : NaN);

  async function trim(buffer: SourceBuffer, keep: number): Promise<void> {
    const upTo = audio.currentTime - keep;
    if (ranges().length && ranges().start(0) < upTo) await update(buffer, () => buffer.remove(0, upTo));
  }

  return {
    async append(bytes) {
      const buffer = await opened;
      if (source.streaming === false) await heard("startstreaming");
      try {
        await update(buffer, () => buffer.appendBuffer(bytes));
      } catch (refused) {
        if ((refused as Error).name !== "QuotaExceededError") throw refused;
        await trim(buffer, 1);
        await update(buffer, () => buffer.appendBuffer(bytes));
      }
      if (ranges().length && audio.currentTime - ranges().start(0) > trimAtSeconds)
        await trim(buffer, keepBehindSeconds);
    },
    ahead() {
      const at = audio.currentTime;
      const all = ranges();
      for (let i = 0; i < all.length; i++) if (all.start(i) <= at + 0.05 && at <= all.end(i)) return all.end(i) - at;
      return all.length && all.end(all.length - 1) < at ? 0 : -1;
    },
    end,
    rangeAfter(time) {
      const all = ranges();
      for (let i = 0; i < all.length; i++) if (all.start(i) > time) return all.start(i);
      return undefined;
    },
    finish() {
      if (source.readyState === "open") source.endOfStream();
    },
    close() {
      cancel(new Error("closed"));
      URL.revokeObjectURL(url);
    },
  };
}
