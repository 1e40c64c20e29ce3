import * as v from "valibot";
import { maxPaymentChars, type PriceDue } from "./price.ts";
import type { PublicStatus, Role, StagePerson } from "./state.ts";

/**
 * The WebSocket of a Space for those on stage and those who raise a hand: `/api/v1/spaces/{id}/room`. The client's first
 * message is `join`; the server answers `welcome` (or a `refused` with a problem, and closes with 4401 or 4403).
 */
const person = v.pipe(v.string(), v.minLength(1), v.maxLength(64));

export const clientMessageSchema = v.variant("t", [
  /** `token`: an invite or a participant's token; without one, a guest who may raise a hand. */
  v.object({
    t: v.literal("join"),
    token: v.optional(v.pipe(v.string(), v.maxLength(4096))),
    name: v.optional(v.pipe(v.string(), v.maxLength(80))),
  }),
  v.object({ t: v.literal("rename"), name: v.pipe(v.string(), v.minLength(1), v.maxLength(80)) }),
  v.object({ t: v.literal("mute"), muted: v.boolean() }),
  /** `price`: what answers the challenge that came with `price-due` (`wire/price.ts`). */
  v.object({
    t: v.literal("hand"),
    raised: v.boolean(),
    price: v.optional(v.pipe(v.string(), v.maxLength(maxPaymentChars))),
  }),
  /** Host and co-hosts, about another: */
  v.object({ t: v.literal("mute-other"), id: person }),
  v.object({ t: v.literal("remove"), id: person }),
  v.object({ t: v.literal("set-role"), id: person, role: v.picklist(["cohost", "speaker", "listener"]) }),
  /** The host gives the host's place away and becomes a co-host. */
  v.object({ t: v.literal("hand-over"), id: person }),
  /** Somebody brought up comes to the stage, or declines. */
  v.object({ t: v.literal("step-up"), accept: v.boolean() }),
  v.object({ t: v.literal("notice"), text: v.pipe(v.string(), v.maxLength(500)) }),
  v.object({ t: v.literal("leave") }),
]);
export type ClientMessage = v.InferOutput<typeof clientMessageSchema>;

/** A member of the room: on stage, or a listener who has joined the room to raise a hand. */
export interface RoomPerson extends Omit<StagePerson, "role"> {
  readonly role: Role;
  readonly handRaised: boolean;
  /** When the hand went up, ms since 1970: hands are shown first come first. */
  readonly handAt: number | null;
  /** Asked to the stage, not yet there. */
  readonly offered: Role | null;
}

export type ServerMessage =
  | {
      readonly t: "welcome";
      readonly you: string;
      readonly role: Role;
      /** Bearer token for WHIP and for coming back to the same place. Keep it in sessionStorage. */
      readonly token: string;
      readonly limits: { readonly cohosts: number; readonly speakers: number };
    }
  /** The room, whole, after each change. To listeners only the stage and themselves. */
  | {
      readonly t: "room";
      readonly status: PublicStatus;
      readonly hold: boolean;
      readonly notice: string;
      readonly people: readonly RoomPerson[];
    }
  /** 10 Hz: [id, level 0…9] of those who speak. */
  | { readonly t: "voices"; readonly v: readonly (readonly [id: string, level: number])[] }
  /** Your media session is gone or the stage restarted: POST a new offer. */
  | { readonly t: "rejoin"; readonly why: "stage-restarted" | "session-lost" }
  /** You are asked to the stage with this role. */
  | { readonly t: "invited"; readonly role: Role }
  | { readonly t: "role"; readonly role: Role; readonly token: string }
  | { readonly t: "muted-by"; readonly by: string }
  | { readonly t: "removed"; readonly by: string }
  /** The programme's health, for the desk, every second: ms behind the clock, sessions' loss. */
  | {
      readonly t: "health";
      readonly onAir: boolean;
      readonly lagMs: number;
      readonly lost: number;
      readonly listeners: number;
      readonly delayMs: number | null;
      readonly sessions: readonly {
        readonly participant: string;
        readonly lossPercent: number;
        readonly jitterMs: number;
      }[];
    }
  | {
      readonly t: "refused";
      readonly problem: {
        readonly code: string;
        readonly title: string;
        readonly detail: string;
        readonly action: string;
        /** With `price-due`: the challenge, and how long to wait instead. */
        readonly price?: PriceDue;
      };
    };
