import { randomInt } from "node:crypto";
import type { Entry } from "../../room/entry.ts";
import { hostParticipant, type Token } from "../../room/invites.ts";
import { ownerParticipant } from "../../room/member.ts";

const alphabet = "abcdefghijklmnopqrstuvwxyz234567";

/** A random name of `length` characters of a–z and 2–7 (five bits each). */
export const randomName = (length: number): string =>
  Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join("");

/** An invite's number, and a Space's id: 60 random bits. */
export const newId = (): string => randomName(12);

/** The mark in the ids of those who came by WHIP alone. */
const whipMark = "w";

/** What the ids of those begin with who came without a token. */
const guestMark = "guest-";

/** Whether a participant came without a token. */
export const isGuestId = (participant: string): boolean => participant.startsWith(guestMark);

/** By what right the bearer of a token comes into the room; without a token, as a guest. */
export function entryOf(token: Token | undefined, name: string | undefined, via: "page" | "whip"): Entry {
  if (!token) return { by: "guest", id: `${guestMark}${randomName(8)}`, name };
  const shown = name ?? token.name;
  if (token.kind === "participant") {
    return { by: token.participant === ownerParticipant ? "owner" : "participant", id: token.participant, name: shown };
  }
  const own = `${token.id}-${via === "whip" ? whipMark : "p"}${randomName(7)}`;
  const id = token.role === "host" ? hostParticipant(token.id) : own;
  return { by: "invite", id, invite: token.id, invitedBy: token.by, role: token.role, name: shown };
}

/** Whether a participant came with this invite, by WHIP alone: such a client has no other token to come back with. */
export const cameByWhip = (participant: string, invite: string): boolean =>
  participant.startsWith(`${invite}-${whipMark}`);

/** The number of the invite that a participant's id was made from. */
export const inviteOf = (participant: string): string | null => /^([a-z2-7]{12})-/.exec(participant)?.[1] ?? null;
