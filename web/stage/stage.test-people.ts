import type { RoomPerson } from "../../src/wire/signalling.ts";

/** Somebody in a room, for tests: a speaker who is there and not muted, unless told otherwise. */
export const somebody = (id: string, more: Partial<RoomPerson> = {}): RoomPerson => ({
  id,
  name: `Name of ${id}`,
  role: "speaker",
  muted: false,
  present: true,
  handRaised: false,
  handAt: null,
  offered: null,
  ...more,
});
