import { createHash, createPrivateKey, createPublicKey, hash, type KeyObject, sign, verify } from "node:crypto";
import type { EvidenceRecord } from "../wire/evidence.ts";

/** What comes before the first record. */
export const genesis = "0".repeat(64);
/** The longest line that is read, bytes. */
export const maxLineBytes = 256 * 1024;

/** One line of a chain: the hash (hexadecimal), the signature over it (base64url), and the body (JSON), between spaces. */
export interface SealedLine {
  readonly hash: string;
  readonly signature: string;
  readonly body: string;
}

/** PKCS#8 of an Ed25519 key is this and its 32 bytes (RFC 8410, section 7). */
const pkcs8Head = Buffer.from("302e020100300506032b657004220420", "hex");

/** The Ed25519 key (RFC 8032) that 32 secret bytes stand for. */
export const signingKey = (seed: Buffer): KeyObject =>
  createPrivateKey({ key: Buffer.concat([pkcs8Head, seed]), format: "der", type: "pkcs8" });

/** The public key as people keep it: PEM. */
export const publicPem = (key: KeyObject): string =>
  createPublicKey(key).export({ type: "spki", format: "pem" }).toString();

/** SHA-256 of a public key's SPKI, hexadecimal. */
export const fingerprint = (key: KeyObject): string => {
  const publicKey = key.type === "private" ? createPublicKey(key) : key;
  return createHash("sha256")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest("hex");
};

/** SHA-256 of the hash before (64 characters) and the body, hexadecimal: `printf %s "$previous$body" | sha256sum`. */
export const hashOf = (previous: string, body: string): string => hash("sha256", previous + body);

/** Seals a body behind the record whose hash is `previous`. A JSON text has no line feed of its own. */
export function seal(previous: string, body: string, key: KeyObject): SealedLine {
  const sum = hashOf(previous, body);
  return { hash: sum, signature: sign(null, Buffer.from(sum), key).toString("base64url"), body };
}

export const lineOf = ({ hash: sum, signature, body }: SealedLine): string => `${sum} ${signature} ${body}\n`;

/** Takes a line apart, without its line feed; `undefined` when it is none. */
export function parseLine(line: string): SealedLine | undefined {
  const [, sum, signature, body] = /^([0-9a-f]{64}) ([\w-]{86}) (\{.*\})$/.exec(line) ?? [];
  return sum && signature && body ? { hash: sum, signature, body } : undefined;
}

export const isSigned = ({ hash: sum, signature }: SealedLine, publicKey: KeyObject): boolean =>
  verify(null, Buffer.from(sum), publicKey, Buffer.from(signature, "base64url"));

/** What a line's body says, when it is a record at all; whether it is one that is known is not looked at. */
export function recordIn(body: string): EvidenceRecord | undefined {
  try {
    const record = JSON.parse(body) as Partial<EvidenceRecord>;
    const isOne = typeof record.n === "number" && typeof record.at === "number" && typeof record.t === "string";
    return isOne ? (record as EvidenceRecord) : undefined;
  } catch {
    return undefined;
  }
}
