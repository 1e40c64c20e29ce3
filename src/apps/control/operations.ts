import type * as v from "valibot";
import { createInviteSchema, createSpaceSchema, editSpaceSchema, spaceSchema } from "../../wire/api.ts";
import {
  authenticationResponseSchema,
  claimSchema,
  passwordSchema,
  registrationResponseSchema,
} from "../../wire/people.ts";
import {
  changeListSchema,
  hostTokenSchema,
  inviteSchema,
  meSchema,
  opsSchema,
  passkeyListSchema,
  registeredPasskeySchema,
  spaceListSchema,
} from "./answers.ts";

/** One operation of the public API: what `/api/openapi.json` says of it, and which methods an address has. */
export interface Operation {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE" | "OPTIONS";
  /** As Fastify writes it; `:name` stands for one part. */
  readonly path: string;
  readonly summary: string;
  /** Who may ask for it. */
  readonly who: "anyone" | "owner" | "owner or stage" | "invite or participant";
  readonly query?: Readonly<Record<string, string>>;
  /** A JSON body, or an SDP offer. */
  readonly body?: v.GenericSchema | "sdp" | undefined;
  readonly status: 200 | 201 | 204 | 101;
  /** The answer's body: JSON by its schema, any JSON, or text of a type. */
  readonly answer?: v.GenericSchema | "json" | "application/sdp" | "text/calendar";
  /** Statuses of the problems it may answer with, besides 429 and 503. */
  readonly problems?: readonly number[];
}

const space = "/api/v1/spaces/:space";

export const operations: readonly Operation[] = [
  {
    method: "GET",
    path: "/api/v1/spaces",
    summary: "Public Spaces: live, then upcoming, then over (latest first).",
    who: "anyone",
    query: {
      limit: "At most this many, 1 to 200; 50 when left out.",
      status: "Only those of this status.",
      all: "`true`, for the owner: unlisted and cancelled ones too.",
    },
    status: 200,
    answer: spaceListSchema,
    problems: [400, 401],
  },
  {
    method: "POST",
    path: "/api/v1/spaces",
    summary: "Makes a Space. Without `startAt` its lobby opens at once.",
    who: "owner",
    body: createSpaceSchema,
    status: 201,
    answer: spaceSchema,
    problems: [400, 401, 403, 409, 413, 415],
  },
  {
    method: "GET",
    path: space,
    summary: "One Space, by its id or slug.",
    who: "anyone",
    status: 200,
    answer: spaceSchema,
    problems: [404],
  },
  {
    method: "PATCH",
    path: space,
    summary: "Changes what is said of a Space, or when it begins.",
    who: "owner",
    body: editSpaceSchema,
    status: 200,
    answer: spaceSchema,
    problems: [400, 401, 403, 404, 409, 413, 415],
  },
  {
    method: "POST",
    path: `${space}/start`,
    summary: "Goes live now, with the next segment.",
    who: "owner or stage",
    status: 200,
    answer: spaceSchema,
    problems: [401, 403, 404, 409],
  },
  {
    method: "POST",
    path: `${space}/end`,
    summary: "Ends the Space.",
    who: "owner or stage",
    status: 200,
    answer: spaceSchema,
    problems: [401, 403, 404, 409],
  },
  {
    method: "POST",
    path: `${space}/cancel`,
    summary: "Cancels a Space that has not been live.",
    who: "owner",
    status: 200,
    answer: spaceSchema,
    problems: [401, 403, 404, 409],
  },
  {
    method: "GET",
    path: `${space}/changes`,
    summary: "The recorded changes of the Space's life, oldest first.",
    who: "owner",
    status: 200,
    answer: changeListSchema,
    problems: [401, 404],
  },
  {
    method: "POST",
    path: `${space}/host-token`,
    summary: "The owner's own token for the Space's room.",
    who: "owner",
    status: 200,
    answer: hostTokenSchema,
    problems: [401, 403, 404, 409],
  },
  {
    method: "POST",
    path: `${space}/invites`,
    summary: "Makes an invite link to the stage.",
    who: "owner or stage",
    body: createInviteSchema,
    status: 201,
    answer: inviteSchema,
    problems: [400, 401, 403, 404, 409, 413, 415],
  },
  {
    method: "GET",
    path: `${space}/calendar.ics`,
    summary: "The Space as a calendar event (RFC 5545).",
    who: "anyone",
    status: 200,
    answer: "text/calendar",
    problems: [404],
  },
  {
    method: "GET",
    path: `${space}/room`,
    summary: "The WebSocket of the room; docs/protocol.md describes its messages.",
    who: "anyone",
    status: 101,
  },
  {
    method: "POST",
    path: `${space}/whip`,
    summary: "WHIP (RFC 9725): an SDP offer becomes a media session on the stage.",
    who: "invite or participant",
    query: { transport: "`tcp` when UDP is blocked." },
    body: "sdp",
    status: 201,
    answer: "application/sdp",
    problems: [400, 401, 403, 404, 409, 413, 415],
  },
  {
    method: "OPTIONS",
    path: `${space}/whip`,
    summary: "CORS and Accept-Post for WHIP clients.",
    who: "anyone",
    status: 204,
  },
  {
    method: "DELETE",
    path: `${space}/whip/:session`,
    summary: "Ends a media session.",
    who: "invite or participant",
    status: 200,
    problems: [401, 403, 404],
  },
  { method: "OPTIONS", path: `${space}/whip/:session`, summary: "CORS for WHIP clients.", who: "anyone", status: 204 },
  { method: "GET", path: "/api/v1/me", summary: "Who is signed in.", who: "anyone", status: 200, answer: meSchema },
  {
    method: "POST",
    path: "/api/v1/owner/claim",
    summary: "Uses the one-time owner link; answers with a session cookie.",
    who: "anyone",
    body: claimSchema,
    status: 204,
    problems: [400, 403, 404, 410, 413, 415],
  },
  {
    method: "POST",
    path: "/api/v1/owner/password",
    summary: "Sets the owner's password.",
    who: "owner",
    body: passwordSchema,
    status: 204,
    problems: [400, 401, 403, 413, 415],
  },
  {
    method: "POST",
    path: "/api/v1/session",
    summary: "Signs in with the password; answers with a session cookie.",
    who: "anyone",
    body: passwordSchema,
    status: 204,
    problems: [400, 401, 403, 413, 415],
  },
  { method: "DELETE", path: "/api/v1/session", summary: "Signs out.", who: "anyone", status: 204, problems: [403] },
  {
    method: "GET",
    path: "/api/v1/passkeys",
    summary: "The owner's passkeys.",
    who: "owner",
    status: 200,
    answer: passkeyListSchema,
    problems: [401],
  },
  {
    method: "DELETE",
    path: "/api/v1/passkeys/:id",
    summary: "Removes a passkey.",
    who: "owner",
    status: 204,
    problems: [401, 403, 404],
  },
  {
    method: "POST",
    path: "/api/v1/passkeys/register/options",
    summary: "WebAuthn: what a new passkey is made from.",
    who: "owner",
    status: 200,
    answer: "json",
    problems: [401, 403],
  },
  {
    method: "POST",
    path: "/api/v1/passkeys/register/verify",
    summary: "WebAuthn: takes a new passkey.",
    who: "owner",
    body: registrationResponseSchema,
    status: 201,
    answer: registeredPasskeySchema,
    problems: [400, 401, 403, 409, 413, 415],
  },
  {
    method: "POST",
    path: "/api/v1/passkeys/login/options",
    summary: "WebAuthn: a challenge to sign in with.",
    who: "anyone",
    status: 200,
    answer: "json",
    problems: [403],
  },
  {
    method: "POST",
    path: "/api/v1/passkeys/login/verify",
    summary: "WebAuthn: signs in; answers with a session cookie.",
    who: "anyone",
    body: authenticationResponseSchema,
    status: 204,
    problems: [400, 401, 403, 413, 415],
  },
  {
    method: "GET",
    path: "/api/v1/ops",
    summary: "Processes, Spaces and listeners, for the ops page.",
    who: "owner",
    status: 200,
    answer: opsSchema,
    problems: [401],
  },
  {
    method: "GET",
    path: "/api/openapi.json",
    summary: "This description.",
    who: "anyone",
    status: 200,
    answer: "json",
  },
];

const patterns = operations.map(({ method, path }) => ({
  method,
  pattern: new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/:[a-z]+/g, "[^/]+")}$`),
}));

/** The methods of an address, none when there is no such address. */
export const methodsOf = (path: string): readonly string[] =>
  patterns.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
