import * as v from "valibot";

/** Signing in: the bodies of the routes under `/api/v1` for owners. Lengths are borders against abuse, not the rules. */

const password = v.pipe(v.string(), v.minLength(1), v.maxLength(1024));
/** Bytes as base64url, as WebAuthn's JSON has them. */
const base64url = (most: number) =>
  v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]*={0,2}$/, "base64url"), v.maxLength(most));

/** `POST /owner/claim` */
export const claimSchema = v.strictObject({
  token: v.pipe(v.string(), v.minLength(1), v.maxLength(200)),
  name: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(80)),
});
export type Claim = v.InferInput<typeof claimSchema>;

/** `POST /owner/password` and `POST /session` */
export const passwordSchema = v.strictObject({ password });
export type PasswordBody = v.InferInput<typeof passwordSchema>;

const transports = v.pipe(v.array(v.pipe(v.string(), v.maxLength(32))), v.maxLength(16));
const attachment = v.optional(v.picklist(["platform", "cross-platform"]));
/** Extensions that a browser answers though none were asked for are not read. */
const extensions = v.optional(v.looseObject({}), {});

/** `POST /passkeys/register/verify`: `RegistrationResponseJSON` of WebAuthn Level 3, section 5.1.8. */
export const registrationResponseSchema = v.object({
  id: base64url(2048),
  rawId: base64url(2048),
  type: v.literal("public-key"),
  authenticatorAttachment: attachment,
  clientExtensionResults: extensions,
  response: v.object({
    clientDataJSON: base64url(8192),
    attestationObject: base64url(32_768),
    transports: v.optional(transports),
  }),
});

/** `POST /passkeys/login/verify`: `AuthenticationResponseJSON` of the same section. */
export const authenticationResponseSchema = v.object({
  id: base64url(2048),
  rawId: base64url(2048),
  type: v.literal("public-key"),
  authenticatorAttachment: attachment,
  clientExtensionResults: extensions,
  response: v.object({
    clientDataJSON: base64url(8192),
    authenticatorData: base64url(8192),
    signature: base64url(4096),
    userHandle: v.pipe(
      v.nullish(base64url(256)),
      v.transform((handle) => handle ?? undefined),
    ),
  }),
});

/** `GET /passkeys`: one of the owner's passkeys. Times are ISO 8601. */
export interface PasskeyInfo {
  readonly id: string;
  readonly createdAt: string;
  readonly lastUsedAt: string | null;
}

/** Answer of `POST /passkeys/register/verify`. */
export interface RegisteredPasskey {
  readonly id: string;
}
