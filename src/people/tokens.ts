import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** An opaque token of 256 random bits, base64url. */
export const newToken = (): string => randomBytes(32).toString("base64url");

/** What is stored of a token: SHA-256, base64url. A token has so much entropy that it needs no salt and no slow hash. */
export const tokenHash = (token: string): string => createHash("sha256").update(token).digest("base64url");

export const newId = (): string => randomBytes(12).toString("base64url");

/** HMAC-SHA256 over several values; JSON keeps their borders apart. */
const seal = (key: Buffer, ...values: readonly (string | number)[]): Buffer =>
  createHmac("sha256", key).update(JSON.stringify(values)).digest();

const macBytes = 32;
const nonceBytes = 16;
const expiryBytes = 6;

/**
 * A challenge that proves by itself that this server made it, for what, and until when: expiry, nonce, HMAC. So asking
 * for one stores nothing, and strangers who ask for millions fill nothing.
 */
export function newChallenge(key: Buffer, purpose: string, expiresAt: number): Buffer<ArrayBuffer> {
  const expiry = Math.round(expiresAt);
  const nonce = randomBytes(nonceBytes);
  const head = Buffer.alloc(expiryBytes);
  head.writeUIntBE(expiry, 0, expiryBytes);
  return Buffer.concat([head, nonce, seal(key, "challenge", purpose, expiry, nonce.toString("hex"))]);
}

/** When the challenge expires; `undefined` when it is not ours, not for this purpose, or expired. */
export function challengeExpiry(key: Buffer, purpose: string, challenge: string, now: number): number | undefined {
  const bytes = Buffer.from(challenge, "base64url");
  if (bytes.length !== expiryBytes + nonceBytes + macBytes) return undefined;
  const expiry = bytes.readUIntBE(0, expiryBytes);
  const nonce = bytes.subarray(expiryBytes, expiryBytes + nonceBytes);
  const mac = seal(key, "challenge", purpose, expiry, nonce.toString("hex"));
  if (!timingSafeEqual(mac, bytes.subarray(expiryBytes + nonceBytes))) return undefined;
  return expiry > now ? expiry : undefined;
}

/** A token that a device keeps after its user signed in there: an id and an HMAC, nothing is stored of it here. */
export function newDevice(key: Buffer): string {
  const id = newId();
  return `${id}.${seal(key, "device", id).toString("base64url")}`;
}

/** The device's id; `undefined` when the token is not ours. */
export function deviceId(key: Buffer, token: string | undefined): string | undefined {
  const [id, mac, rest] = (token ?? "").split(".");
  if (!id || !mac || rest !== undefined) return undefined;
  const given = Buffer.from(mac, "base64url");
  const due = seal(key, "device", id);
  return given.length === due.length && timingSafeEqual(given, due) ? id : undefined;
}
