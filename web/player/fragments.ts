import { samplesPerChunk } from "../../src/wire/timeline.ts";
import { readEvent, type TimedEvent } from "./events.ts";

/** One chunk of 320 ms as Media Source takes it: `moof` and `mdat`, its events read out. */
export interface Fragment {
  /** The chunk's number since the epoch: it plays from `slot · 0.32` seconds on. */
  readonly slot: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly events: readonly TimedEvent[];
}

/** What came out of the bytes so far, in order. */
export interface Parts {
  /** `ftyp` and `moov`, when they went by. */
  readonly init: Uint8Array<ArrayBuffer> | undefined;
  readonly fragments: readonly Fragment[];
}

/** A top-level box larger than this is no audio of ours: the reader gives up instead of collecting. */
export const maxBoxBytes = 1 << 20;

const typeAt = (bytes: Uint8Array, at: number): string => String.fromCharCode(...bytes.subarray(at + 4, at + 8));
const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

export function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** The content of the first box of this type among the children that start at `from`. */
function child(bytes: Uint8Array, type: string, from = 8): Uint8Array | undefined {
  const view = viewOf(bytes);
  for (let at = from; at + 8 <= bytes.length;) {
    const size = view.getUint32(at);
    if (size < 8) return undefined;
    if (typeAt(bytes, at) === type) return bytes.subarray(at, at + size);
    at += size;
  }
  return undefined;
}

/** `baseMediaDecodeTime` of a `moof` (ISO/IEC 14496-12 section 8.8.12) as a slot. */
function slotOf(moof: Uint8Array): number {
  const traf = child(moof, "traf");
  const tfdt = traf && child(traf, "tfdt");
  if (!tfdt) throw new Error("a moof without tfdt");
  const view = viewOf(tfdt);
  const time = tfdt[8] ? view.getUint32(12) * 2 ** 32 + view.getUint32(16) : view.getUint32(12);
  return Math.round(time / samplesPerChunk);
}

/**
 * Reads a stream of top-level boxes (ISO/IEC 14496-12 section 4.2) however it is cut: the function returned takes the
 * next bytes and gives what they complete. Throws on bytes that are no boxes; the connection is then of no more use.
 */
export function createReader(): (bytes: Uint8Array) => Parts {
  let rest: Uint8Array = new Uint8Array();
  let head: Uint8Array | undefined;
  let moof: Uint8Array | undefined;
  let events: TimedEvent[] = [];
  return (more) => {
    rest = rest.length ? join([rest, more]) : more;
    let init: Uint8Array<ArrayBuffer> | undefined;
    const fragments: Fragment[] = [];
    let at = 0;
    while (at + 8 <= rest.length) {
      const size = viewOf(rest).getUint32(at);
      const type = typeAt(rest, at);
      if (size < 8 || size > maxBoxBytes) throw new Error(`box ${type} of ${size} bytes`);
      if (at + size > rest.length) break;
      const box = rest.subarray(at, at + size);
      at += size;
      if (type === "ftyp") head = box;
      else if (type === "moov") init = join(head ? [head, box] : [box]);
      else if (type === "emsg") {
        const event = readEvent(box);
        if (event) events.push(event);
      } else if (type === "moof") moof = box;
      else if (type === "mdat" && moof) {
        fragments.push({ slot: slotOf(moof), bytes: join([moof, box]), events });
        moof = undefined;
        events = [];
      }
    }
    rest = rest.slice(at);
    return { init, fragments };
  };
}
