import type { PublicStatus, ServiceLevel, StagePerson } from "./state.ts";

/**
 * The room's events as they ride on the timeline: each is one `emsg` box in front of a chunk, the same in every
 * rendition, and says what is true from that chunk on. `state.json` tells a newcomer the same facts.
 */
export type RoomEvent =
  /** Who is on stage, whole. */
  | { readonly t: "stage"; readonly people: readonly StagePerson[] }
  /** Who speaks: one entry per ~107 ms of the chunk (10 Hz), each a list of [id, level 0…9]; silence is an empty list. */
  | { readonly t: "voices"; readonly at: readonly (readonly (readonly [id: string, level: number])[])[] }
  | { readonly t: "status"; readonly status: PublicStatus; readonly hold: boolean }
  | { readonly t: "title"; readonly title: string }
  | { readonly t: "notice"; readonly text: string }
  | { readonly t: "count"; readonly listeners: number }
  | { readonly t: "level"; readonly level: ServiceLevel };

export type RoomEventType = RoomEvent["t"];

/** The scheme of our emsg boxes: AOM "Carriage of ID3 Timed Metadata in CMAF", section 3. */
export const emsgScheme = "https://aomedia.org/emsg/ID3";
/** The description of the ID3v2.4 TXXX frame whose text is one RoomEvent as JSON. */
export const id3Description = "rostra";
