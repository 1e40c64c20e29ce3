import type { PublicStatus } from "../../src/wire/state.ts";
import type { MediaState } from "./media-connection.ts";
import type { MicrophoneState } from "./microphone.ts";
import type { RoomState, RoomView } from "./room-client.ts";

/** What a person on stage must know at every moment: does the audience hear me? */
export type Air =
  /** The audience hears what the microphone hears. */
  | { readonly kind: "on-air" }
  /** Live, and this microphone is silent. */
  | { readonly kind: "muted"; readonly by: "self" | "system" }
  /** Live, and there is no microphone. */
  | { readonly kind: "no-microphone" }
  /** Those on stage hear each other; the audience gets hold audio until the Space goes live. */
  | { readonly kind: "green-room" }
  /** Live, but the audience gets hold audio now. */
  | { readonly kind: "hold" }
  /** The room is out of reach and media goes on: most likely heard, as before. */
  | { readonly kind: "room-away" }
  /** Not heard by anybody, whatever the Space does: the connection is not there. */
  | { readonly kind: "offline" }
  /** The stage takes nobody yet: the lobby is not open. */
  | { readonly kind: "early" }
  /** In the room without a seat on the stage. */
  | { readonly kind: "audience" }
  | { readonly kind: "over"; readonly status: PublicStatus };

/**
 * Tells it from what is known for certain. Media must be connected and the room joined before anybody is said to be on
 * air; and nobody is said not to be heard while their media goes on.
 */
export function airOf(
  view: RoomView | undefined,
  room: RoomState,
  media: MediaState,
  microphone: MicrophoneState,
): Air {
  if (view && (view.status === "ended" || view.status === "cancelled")) return { kind: "over", status: view.status };
  if (room.kind === "joined" && room.role === "listener") return { kind: "audience" };
  if (view?.status === "scheduled" && room.kind === "joined" && media.kind !== "connected") return { kind: "early" };
  if (!view || media.kind !== "connected") return { kind: "offline" };
  if (room.kind !== "joined") return { kind: "room-away" };
  if (view.status !== "live") return { kind: "green-room" };
  if (view.hold) return { kind: "hold" };
  if (microphone.kind !== "open") return { kind: "no-microphone" };
  if (microphone.muted !== "no") return { kind: "muted", by: microphone.muted };
  return { kind: "on-air" };
}
