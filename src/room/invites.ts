import { JWTClaimValidationFailed, JWTExpired } from "jose/errors";
import { SignJWT } from "jose/jwt/sign";
import { jwtVerify } from "jose/jwt/verify";
import { type EpochMs, type Milliseconds, minutes } from "../foundation/duration.ts";
import { Problem } from "../foundation/errors.ts";
import { roles, type StageRole } from "../wire/state.ts";
import { maxNameLength } from "./member.ts";

/**
 * The two tokens of a room, JWTs (RFC 7519) signed with HS256 by `jose`. The audience is the Space's id, the `typ`
 * header tells which of the two it is, so that neither passes for the other; the algorithm is pinned.
 */
export type Token = InviteToken | ParticipantToken;

/** Takes somebody new in, with a role. */
export interface InviteToken {
  readonly kind: "invite";
  readonly space: string;
  /** Its number; 12 characters of a–z and 2–7. */
  readonly id: string;
  readonly role: StageRole;
  readonly name: string | undefined;
  /** The participant who made it; undefined when that was the owner. */
  readonly by: string | undefined;
}
/** Brings somebody back to their own place, and is the Bearer token of their WHIP session. */
export interface ParticipantToken {
  readonly kind: "participant";
  readonly space: string;
  readonly participant: string;
  /** A name to begin with. */
  readonly name: string | undefined;
}

const inviteType = "rostra-invite+jwt";
const participantType = "rostra-participant+jwt";
/** How long a participant's token is good: longer than any Space lasts. */
export const participantTokenLife: Milliseconds = minutes(48 * 60);
const algorithm = "HS256";

/** Signs and reads the tokens of all Spaces of a server. `key`: at least 32 secret bytes. */
export class Invites {
  readonly #key: Uint8Array;
  readonly #now: () => EpochMs;

  constructor(key: Uint8Array, now: () => EpochMs) {
    if (key.length < 32) throw new RangeError(`the key of the invites has ${key.length} bytes; it needs 32`);
    this.#key = key;
    this.#now = now;
  }

  /** An invite that expires `life` from now. */
  invite(
    space: string,
    invite: { id: string; role: StageRole; name?: string | undefined; by?: string | undefined },
    life: Milliseconds,
  ): Promise<string> {
    const name = invite.name ? { name: invite.name } : {};
    const by = invite.by === undefined ? {} : { by: invite.by };
    return this.#sign(inviteType, space, { role: invite.role, ...name, ...by, jti: invite.id }, life);
  }

  /** A token that expires `participantTokenLife` from now. */
  participant(space: string, participant: string, name?: string): Promise<string> {
    return this.#sign(participantType, space, { sub: participant, ...(name ? { name } : {}) }, participantTokenLife);
  }

  /**
   * Reads a token for `space`; expired, made for another Space, or not ours are Problems of their own. Where the Space
   * is a rehearsal, invites to the one it rehearses are good here too.
   */
  async read(token: string, space: string, rehearsalOf: string | null = null): Promise<Token> {
    try {
      const { payload, protectedHeader } = await jwtVerify(token, this.#key, {
        algorithms: [algorithm],
        audience: rehearsalOf === null ? space : [space, rehearsalOf],
        currentDate: new Date(this.#now()),
        requiredClaims: ["exp", "aud"],
      });
      const { sub, jti, role, name: claimed, by } = payload as Record<string, unknown>;
      const name = typeof claimed === "string" ? claimed.slice(0, maxNameLength) : undefined;
      if (protectedHeader.typ === participantType && isShort(sub)) {
        if (payload.aud !== space) throw inviteOtherSpace();
        return { kind: "participant", space, participant: sub, name };
      }
      if (protectedHeader.typ === inviteType && isShort(jti) && isStageRole(role)) {
        return { kind: "invite", space, id: jti, role, name, by: isShort(by) ? by : undefined };
      }
      throw inviteInvalid("It is signed by this server, but it is neither an invite nor a participant's token.");
    } catch (thrown) {
      throw thrown instanceof Problem ? thrown : refusal(thrown);
    }
  }

  #sign(typ: string, space: string, claims: Record<string, unknown>, life: Milliseconds): Promise<string> {
    const now = Math.floor(this.#now() / 1000);
    return new SignJWT(claims)
      .setProtectedHeader({ alg: algorithm, typ })
      .setAudience(space)
      .setIssuedAt(now)
      .setExpirationTime(now + Math.ceil(life / 1000))
      .sign(this.#key);
  }
}

/** The participant that an invite of the host's place always means. */
export const hostParticipant = (invite: string): string => `${invite}-host`;

const isShort = (value: unknown): value is string =>
  typeof value === "string" && value.length > 0 && value.length <= 64;

const isStageRole = (value: unknown): value is StageRole =>
  value !== "listener" && (roles as readonly unknown[]).includes(value);

function refusal(thrown: unknown): Problem {
  if (thrown instanceof JWTExpired) {
    const at = new Date(Number(thrown.payload.exp) * 1000).toISOString();
    return new Problem({
      status: 401,
      code: "invite-expired",
      title: "The invite has expired",
      detail: `It was good until ${at}.`,
      action: "Ask the host for a new invite.",
    });
  }
  if (thrown instanceof JWTClaimValidationFailed && thrown.claim === "aud" && thrown.reason === "check_failed") {
    return inviteOtherSpace();
  }
  return inviteInvalid("It was not made by this server, or it has been changed.", thrown);
}

const inviteOtherSpace = (): Problem =>
  new Problem({
    status: 403,
    code: "invite-other-space",
    title: "The invite is for another Space",
    detail: "It was made for another Space than the one it is used in.",
    action: "Open the link as it was sent to you, or ask the host for an invite to this Space.",
  });

const inviteInvalid = (detail: string, cause?: unknown): Problem =>
  new Problem({
    status: 401,
    code: "invite-invalid",
    title: "The invite is not valid",
    detail,
    action: "Open the whole link as it was sent to you, or ask the host for a new invite.",
    cause,
  });
