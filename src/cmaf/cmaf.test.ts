import { describe, expect, test } from "vitest";
import { Problem } from "../foundation/errors.ts";
import type { RoomEvent } from "../wire/events.ts";
import { renditionNames } from "../wire/rendition.ts";
import { fourcc, viewOf } from "./box.ts";
import { maxPacketBytes, mediaChunk, retime, withEvents } from "./chunk.ts";
import { maxEventsPerChunk } from "./emsg.ts";
import { initSegment, packetsPerChunk } from "./init.ts";
import { loopFile, openLoop } from "./loop.ts";
import { chunkSlot, maxChunkBytes, parseChunk } from "./parse.ts";

/** Packets that differ from each other and from those of another `seed`. */
const packets = (count: number, size: (i: number) => number, seed = 0): Uint8Array[] =>
  Array.from({ length: count }, (_, i) => Uint8Array.from({ length: size(i) }, (__, k) => seed + i * 7 + k));
const varied = (i: number): number => 40 + ((i * 13) % 60);
const events: readonly RoomEvent[] = [
  { t: "title", title: "Où? Là! 日本 🎙" },
  { t: "voices", at: [[], [["ana", 3]], [["ana", 9]]] },
];

const codeOf = (run: () => unknown): string => {
  try {
    run();
    return "none";
  } catch (thrown) {
    return thrown instanceof Problem ? thrown.code : String(thrown);
  }
};

/** The top-level boxes: type and size. */
function boxes(bytes: Uint8Array): [string, number][] {
  const found: [string, number][] = [];
  const view = viewOf(bytes);
  for (let at = 0; at < bytes.length; at += view.getUint32(at)) {
    found.push([new TextDecoder().decode(bytes.subarray(at + 4, at + 8)), view.getUint32(at)]);
  }
  return found;
}

describe("chunks", () => {
  test.each(renditionNames)("CM-1 a chunk of %s is read back as it was written", (rendition) => {
    for (const slot of [0, 1, 5_592_406, 2 ** 31, 29_999_999_999]) {
      const sound = packets(packetsPerChunk(rendition), varied);
      const bytes = mediaChunk({ rendition, slot, packets: sound, events });
      const read = parseChunk(bytes);
      expect(read.slot).toBe(slot);
      expect(read.events).toEqual(events);
      expect(read.packets).toEqual(sound);
      expect(read.codec).toBe(rendition === "aac-64k" ? "aac" : "opus");
      expect(bytes.subarray(read.dataAt, read.dataEnd)).toEqual(new Uint8Array(Buffer.concat(sound)));
      expect(boxes(bytes).map(([type]) => type)).toEqual(["emsg", "emsg", "moof", "mdat"]);
    }
  });

  test("CM-2 packets of one size need 100 bytes about them, others 96 and four each", () => {
    const same = packets(16, () => 80);
    expect(mediaChunk({ rendition: "opus-32k", slot: 7, packets: same, events: [] }).length).toBe(16 * 80 + 100);
    const other = packets(16, varied);
    const bytes = other.reduce((sum, packet) => sum + packet.length, 0);
    expect(mediaChunk({ rendition: "opus-32k", slot: 7, packets: other, events: [] }).length).toBe(bytes + 96 + 64);
  });

  test("CM-3 a wrong number of packets, an empty or too large packet, too many events and a huge event are refused", () => {
    const chunk = { rendition: "opus-32k", slot: 1, packets: packets(16, varied), events: [] } as const;
    expect(codeOf(() => mediaChunk({ ...chunk, packets: packets(15, varied) }))).toBe("bad-chunk");
    expect(codeOf(() => mediaChunk({ ...chunk, packets: packets(16, (i) => i) }))).toBe("bad-chunk");
    expect(codeOf(() => mediaChunk({ ...chunk, packets: packets(16, () => maxPacketBytes + 1) }))).toBe("bad-chunk");
    const many = Array.from({ length: maxEventsPerChunk + 1 }, () => ({ t: "level", level: 0 }) as const);
    expect(codeOf(() => mediaChunk({ ...chunk, events: many }))).toBe("bad-chunk");
    const huge = { t: "notice", text: "x".repeat(20_000) } as const;
    expect(codeOf(() => mediaChunk({ ...chunk, events: [huge] }))).toBe("bad-chunk");
  });

  test("CM-4 a retimed chunk is what the packets give in the other slot", () => {
    for (const size of [varied, (): number => 80]) {
      const sound = packets(16, size);
      const first = mediaChunk({ rendition: "opus-32k", slot: 3, packets: sound, events });
      const expected = mediaChunk({
        rendition: "opus-32k",
        slot: 400_000_000,
        packets: sound,
        events: events.slice(1),
      });
      expect(retime(first, 400_000_000, events.slice(1))).toEqual(expected);
    }
  });

  test("CM-5 events put before a chunk keep their order and get ids of their own", () => {
    const bytes = mediaChunk({ rendition: "aac-64k", slot: 9, packets: packets(15, varied), events });
    const more = withEvents(bytes, 9, [{ t: "count", listeners: 12 }]);
    expect(parseChunk(more).events).toEqual([{ t: "count", listeners: 12 }, ...events]);
    expect(more.subarray(more.length - bytes.length)).toEqual(bytes);
    const ids = boxes(more)
      .filter(([type]) => type === "emsg")
      .map((_, i, all) => viewOf(more).getUint32(all.slice(0, i).reduce((sum, [, size]) => sum + size, 0) + 28));
    expect(new Set(ids).size).toBe(3);
    expect(withEvents(bytes, 9, [])).toBe(bytes);
  });

  test("CM-6 an emsg box is as the AOM specification has it: version 1, one ID3v2.4 tag with one TXXX frame", () => {
    const bytes = mediaChunk({ rendition: "aac-64k", slot: 2, packets: packets(15, varied), events: events.slice(1) });
    const size = viewOf(bytes).getUint32(0);
    const json = JSON.stringify(events[1]);
    const frame = [0x03, ...Buffer.from("rostra\0"), ...Buffer.from(json)];
    const tag = [
      ...Buffer.from("ID3"),
      4,
      0,
      0,
      0,
      0,
      0,
      frame.length + 10,
      ...Buffer.from("TXXX"),
      0,
      0,
      0,
      frame.length,
      0,
      0,
      ...frame,
    ];
    const head = [
      ...Buffer.from("emsg"),
      1,
      0,
      0,
      0,
      0,
      0,
      0xbb,
      0x80,
      0,
      0,
      0,
      0,
      0,
      0,
      0x78,
      0,
      0xff,
      0xff,
      0xff,
      0xff,
      0,
      0,
      0,
      128,
    ];
    expect([...bytes.subarray(4, size)]).toEqual([...head, ...Buffer.from("https://aomedia.org/emsg/ID3\0\0"), ...tag]);
  });
});

describe("reading what strangers send", () => {
  const good = mediaChunk({ rendition: "opus-16k", slot: 77, packets: packets(16, varied), events });

  test("CM-7 a chunk cut at any byte, or with anything behind it, is bad-chunk", () => {
    for (let at = 0; at < good.length; at++) expect(codeOf(() => parseChunk(good.subarray(0, at)))).toBe("bad-chunk");
    expect(codeOf(() => parseChunk(new Uint8Array([...good, 0])))).toBe("bad-chunk");
    expect(codeOf(() => parseChunk(new Uint8Array(maxChunkBytes + 1)))).toBe("bad-chunk");
  });

  test("CM-7 a chunk with any one byte of its boxes changed is bad-chunk or another whole chunk, never another error", () => {
    const { dataAt } = parseChunk(good);
    const accepted: number[] = [];
    for (let at = 0; at < dataAt; at++) {
      for (const mask of [0x01, 0x80, 0xff]) {
        const bytes = good.slice();
        bytes[at] = (bytes[at] ?? 0) ^ mask;
        const code = codeOf(() => parseChunk(bytes));
        expect(["bad-chunk", "none"]).toContain(code);
        if (code === "none") accepted.push(at);
      }
    }
    // What may change unseen: an event's duration and id, and the letters within its JSON.
    const moof = parseChunk(good).moofAt;
    expect(accepted.filter((at) => at >= moof)).toEqual([]);
  });

  test("CM-13 the slot is told without reading the events, and what is not exactly a chunk is refused all the same", () => {
    for (const rendition of renditionNames) {
      const bytes = mediaChunk({ rendition, slot: 31, packets: packets(packetsPerChunk(rendition), varied), events });
      expect(chunkSlot(bytes)).toEqual({ slot: 31, codec: rendition === "aac-64k" ? "aac" : "opus" });
      const newer = Buffer.from(bytes);
      newer.write('"title"', newer.indexOf('"title"'), "latin1");
      newer.write("weath", newer.indexOf('"title"') + 1, "latin1");
      expect(codeOf(() => parseChunk(newer))).toBe("bad-chunk");
      expect(chunkSlot(newer).slot).toBe(31);
      for (let cut = 0; cut < bytes.length; cut++)
        expect(codeOf(() => chunkSlot(bytes.subarray(0, cut)))).toBe("bad-chunk");
      expect(codeOf(() => chunkSlot(Buffer.concat([bytes, bytes])))).toBe("bad-chunk");
    }
    expect(codeOf(() => chunkSlot(new Uint8Array(maxChunkBytes + 1)))).toBe("bad-chunk");
  });

  test("CM-7 random bytes are bad-chunk", () => {
    let state = 9;
    for (let round = 0; round < 500; round++) {
      const bytes = Uint8Array.from({ length: round }, () => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
        return state >>> 24;
      });
      expect(codeOf(() => parseChunk(bytes))).toBe("bad-chunk");
    }
  });

  test("CM-8 an event of another slot or of no known kind is bad-chunk", () => {
    const plain = mediaChunk({ rendition: "opus-16k", slot: 77, packets: packets(16, varied), events: [] });
    expect(codeOf(() => parseChunk(withEvents(plain, 78, events)))).toBe("bad-chunk");
    const unknown = withEvents(plain, 77, [{ t: "sing" } as unknown as RoomEvent]);
    expect(codeOf(() => parseChunk(unknown))).toBe("bad-chunk");
  });
});

describe("loops", () => {
  const chunkOf = (slot: number): Uint8Array =>
    mediaChunk({ rendition: "aac-64k", slot, packets: packets(15, varied, slot), events: [] });
  const file = loopFile(
    "aac-64k",
    Array.from({ length: 6 }, (_, slot) => chunkOf(slot)),
  );

  test("CM-9 a loop gives for each slot the packets of its place in the loop, with the slot's events", () => {
    const loop = openLoop("aac-64k", file);
    expect(loop.chunks).toBe(6);
    for (const slot of [0, 5, 6, 1_000_003]) {
      const chunk = parseChunk(loop.holdChunk(slot, events));
      expect(chunk.slot).toBe(slot);
      expect(chunk.events).toEqual(events);
      expect(chunk.packets).toEqual(packets(15, varied, slot % 6));
    }
  });

  test("CM-9 a file of another rendition, cut, or not of whole segments is refused", () => {
    expect(codeOf(() => openLoop("opus-32k", file))).toBe("bad-chunk");
    expect(codeOf(() => openLoop("aac-64k", file.subarray(0, -1)))).toBe("bad-chunk");
    expect(codeOf(() => openLoop("aac-64k", loopFile("aac-64k", [chunkOf(0), chunkOf(1)])))).toBe("bad-chunk");
    expect(codeOf(() => openLoop("aac-64k", initSegment("aac-64k")))).toBe("bad-chunk");
    expect(codeOf(() => openLoop("aac-64k", new Uint8Array()))).toBe("bad-chunk");
  });
});

test("CM-10 an init segment is ftyp and moov, and its boxes hold exactly what they say", () => {
  const containers = new Set(["moov", "trak", "mdia", "minf", "dinf", "stbl", "mvex"].map(fourcc));
  for (const rendition of renditionNames) {
    const init = initSegment(rendition);
    expect(boxes(init).map(([type]) => type)).toEqual(["ftyp", "moov"]);
    const walk = (bytes: Uint8Array): void => {
      const view = viewOf(bytes);
      let at = 0;
      while (at < bytes.length) {
        const size = view.getUint32(at);
        expect(size).toBeGreaterThanOrEqual(8);
        if (containers.has(view.getUint32(at + 4))) walk(bytes.subarray(at + 8, at + size));
        at += size;
      }
      expect(at).toBe(bytes.length);
    };
    walk(init);
  }
});
