import { emsgScheme, id3Description, type RoomEvent } from "../../src/wire/events.ts";
import { chunkMs } from "../../src/wire/timeline.ts";

/** An event and the media time in seconds from which on it is true. */
export interface TimedEvent {
  readonly at: number;
  readonly event: RoomEvent;
}

/** Events wait here until the sound has come to them; more than this at once is no room of ours, the oldest go. */
export const maxWaitingEvents = 1000;

const utf8 = new TextDecoder();

/** The end of the zero-terminated text at `from`, after its zero. */
const after = (bytes: Uint8Array, from: number): number => bytes.indexOf(0, from) + 1 || bytes.length;

/**
 * The room event of an `emsg` version 1 (ISO/IEC 23009-1 section 5.10.3.3) whose message is an ID3v2.4 tag with one TXXX
 * frame (AOM "Carriage of ID3 Timed Metadata in CMAF"); `undefined` for anybody else's box.
 */
export function readEvent(box: Uint8Array): TimedEvent | undefined {
  const view = new DataView(box.buffer, box.byteOffset, box.length);
  const scheme = after(box, 32);
  if (box.length < 40 || box[8] !== 1 || utf8.decode(box.subarray(32, scheme - 1)) !== emsgScheme) return undefined;
  const tag = after(box, scheme);
  // The tag's header and the frame's are 10 bytes each; then a byte of encoding, the description, the text.
  const text = after(box, tag + 21);
  if (utf8.decode(box.subarray(tag + 21, text - 1)) !== id3Description) return undefined;
  let size = 0;
  for (const seven of box.subarray(tag + 14, tag + 18)) size = size * 128 + seven;
  try {
    const event = JSON.parse(utf8.decode(box.subarray(text, tag + 20 + size))) as RoomEvent;
    return { at: (view.getUint32(16) * 2 ** 32 + view.getUint32(20)) / view.getUint32(12), event };
  } catch {
    return undefined;
  }
}

/** Splits a `voices` event into its steps, so that rings move at 10 Hz; the others stay as they are. */
function steps({ at, event }: TimedEvent): TimedEvent[] {
  if (event.t !== "voices") return [{ at, event }];
  const step = chunkMs / 1000 / event.at.length;
  return event.at.map((voices, i) => ({ at: at + i * step, event: { t: "voices", at: [voices] } }));
}

export interface EventTrack {
  add(events: readonly TimedEvent[]): void;
  /** The events that the sound has reached at `time`, in order; of `voices` only the latest. */
  due(time: number): RoomEvent[];
  clear(): void;
}

/** Holds events back until the sound they belong to is heard. */
export function createEventTrack(): EventTrack {
  let waiting: TimedEvent[] = [];
  return {
    add(events) {
      waiting = [...waiting, ...events.flatMap(steps)].toSorted((a, b) => a.at - b.at).slice(-maxWaitingEvents);
    },
    due(time) {
      const count = waiting.findIndex(({ at }) => at > time);
      const now = waiting.splice(0, count < 0 ? waiting.length : count).map(({ event }) => event);
      const voices = now.findLastIndex(({ t }) => t === "voices");
      return now.filter(({ t }, i) => t !== "voices" || i === voices);
    },
    clear() {
      waiting = [];
    },
  };
}
