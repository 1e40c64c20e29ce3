import type { Role, StageRole } from "../wire/state.ts";

/** By what right somebody comes in. */
export type Entry =
  | { readonly by: "guest"; readonly id: string; readonly name?: string | undefined }
  /** The invite names the role; `id` is new, but for a host's invite, which always means the same participant. */
  | {
      readonly by: "invite";
      readonly id: string;
      readonly invite: string;
      /** Who made the invite; undefined when that was the owner. */
      readonly invitedBy?: string | undefined;
      readonly role: StageRole;
      readonly name?: string | undefined;
    }
  /** Somebody who was here before. */
  | { readonly by: "participant"; readonly id: string; readonly name?: string | undefined }
  /** The Space's owner: host by right. */
  | { readonly by: "owner"; readonly id: string; readonly name?: string | undefined }
  /** A synthetic speaker. */
  | {
      readonly by: "recording";
      readonly id: string;
      readonly name: string;
      readonly role: StageRole;
      readonly recording: string;
    };

/** What one member is told, besides the room's new state. */
export interface Notice {
  readonly to: string;
  readonly what:
    | { readonly t: "invited"; readonly role: StageRole }
    | { readonly t: "role"; readonly role: Role }
    | { readonly t: "muted-by"; readonly by: string }
    | { readonly t: "removed"; readonly by: string };
}

/** What outlives a restart. */
export interface RoomMemory {
  readonly seats: readonly {
    readonly id: string;
    readonly name: string;
    readonly role: StageRole;
    readonly muted: boolean;
    readonly invite: string | null;
  }[];
  readonly removed: readonly string[];
  readonly spentInvites: readonly string[];
}
