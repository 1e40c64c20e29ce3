import { type EpochMs, type Milliseconds, minutes } from "../foundation/duration.ts";
import { Problem } from "../foundation/errors.ts";
import type { RoomPerson } from "../wire/signalling.ts";
import type { Role, StagePerson, StageRole } from "../wire/state.ts";

/** Somebody in the room: seated on the stage, or in the audience with the wish to be. */
export type Member = Seated | Attending;

interface Person {
  readonly id: string;
  readonly name: string;
  /** The invite they came with; it is spent when they are removed. */
  readonly invite: string | null;
  /** Open WebSockets. */
  readonly sockets: number;
}
export interface Seated extends Person {
  readonly place: "stage";
  readonly role: StageRole;
  readonly muted: boolean;
  readonly media: Media;
  /** Since when neither socket nor media is there; null while one is. The place is kept for `placeKept` from then. */
  readonly awaySince: EpochMs | null;
}
export interface Attending extends Person {
  readonly place: "audience";
  /** When the hand went up; null when it is down. */
  readonly handAt: EpochMs | null;
  /** The role they are asked to the stage with. */
  readonly offered: StageRole | null;
}

/** `none`: has not sent sound yet, and the audience is not told of them. `recording`: a synthetic speaker. */
export type Media =
  | { readonly kind: "none" }
  | { readonly kind: "connected" }
  | { readonly kind: "away" }
  | { readonly kind: "recording"; readonly recording: string };

/** How long a place on the stage is kept for somebody whose connection is away. */
export const placeKept: Milliseconds = minutes(2);
/** The most people in one room: those on stage and those who joined it to raise a hand. Listening needs no place here. */
export const maxMembers = 2000;
/** The most hands that are up at a time. */
export const maxHands = 500;
/** The most removed people and spent invites that are remembered; the oldest are forgotten first. */
export const maxRemembered = 500;
export const maxNameLength = 80;
/** The Space's owner as a participant: host by right, and removed by nobody. */
export const ownerParticipant = "owner";

export const isSeated = (member: Member): member is Seated => member.place === "stage";
export const roleOf = (member: Member): Role => (isSeated(member) ? member.role : "listener");
/** Whether their sound can reach the programme now. */
export const isOnAir = (member: Seated): boolean =>
  member.media.kind === "connected" || member.media.kind === "recording";
/** Whether they can act now: with a socket, or heard. */
export const isHere = (member: Member): boolean => member.sockets > 0 || (isSeated(member) && isOnAir(member));

/** As the audience sees somebody on stage. */
export const stagePerson = (member: Seated): StagePerson => ({
  id: member.id,
  name: member.name,
  role: member.role,
  muted: member.muted,
  present: isOnAir(member),
});

export const roomPerson = (member: Member): RoomPerson =>
  isSeated(member)
    ? { ...stagePerson(member), handRaised: false, handAt: null, offered: null }
    : {
        id: member.id,
        name: member.name,
        role: "listener",
        muted: true,
        present: member.sockets > 0,
        handRaised: member.handAt !== null,
        handAt: member.handAt,
        offered: member.offered,
      };

/** A name as it is shown: one line, no control or direction-changing characters, NFC, at most `maxNameLength` long. */
export function shownName(...wanted: readonly (string | null | undefined)[]): string {
  for (const one of wanted) {
    const clean = (one ?? "")
      .normalize("NFC")
      .replace(/[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, " ")
      .replace(/\s+/gu, " ")
      .trim();
    if (clean !== "") return Array.from(clean).slice(0, maxNameLength).join("").slice(0, maxNameLength);
  }
  return "Guest";
}

export const memberUnknown = (id: string): Problem =>
  new Problem({
    status: 404,
    code: "member-unknown",
    title: "There is nobody of that id in the room",
    detail: `"${id}" is not in the room, or has left it.`,
    action: "Look at the latest list of people.",
  });

export const notAllowed = (role: Role, what: string): Problem =>
  new Problem({
    status: 403,
    code: "not-allowed",
    title: "Your role does not allow that",
    detail: `A ${role} may not ${what}.`,
    action: "Ask the host.",
  });

export const stageFull = (limit: number): Problem =>
  new Problem({
    status: 409,
    code: "stage-full",
    title: "The stage is full",
    detail: `All ${limit} places on the stage are taken.`,
    action: "Ask the host to free a place, then try again.",
  });

export const cohostsFull = (limit: number): Problem =>
  new Problem({
    status: 409,
    code: "cohosts-full",
    title: "There are enough co-hosts",
    detail: `All ${limit} places for co-hosts are taken.`,
    action: "Make one of the co-hosts a speaker first.",
  });

export const removedFromRoom = (): Problem =>
  new Problem({
    status: 403,
    code: "removed",
    title: "You were removed from this room",
    detail: "A host removed you from the stage or the room of this Space.",
    action: "You can still listen.",
  });

export const inviteSpent = (): Problem =>
  new Problem({
    status: 403,
    code: "invite-spent",
    title: "The invite cannot be used any more",
    detail: "Somebody who came with it, or who made it, was removed or moved down; it takes nobody in since.",
    action: "Ask the host for a new invite.",
  });

export const roomFull = (): Problem =>
  new Problem({
    status: 503,
    code: "room-full",
    title: "The room is full",
    detail: `${maxMembers} people are in the room already.`,
    action: "You can go on listening, for which no place in the room is needed; try again in a minute.",
    retryAfter: 60,
  });

export const handsFull = (): Problem =>
  new Problem({
    status: 503,
    code: "hands-full",
    title: "Too many hands are up",
    detail: `${maxHands} hands are up already.`,
    action: "Try again in a minute.",
    retryAfter: 60,
  });
