import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

/**
 * A passkey in software, for tests: what a browser and its authenticator do with our options (W3C Web Authentication
 * Level 3, sections 5.1.3, 5.1.4 and 6.1), with ES256 and attestation "none". Every field can be made wrong.
 */
export interface Wrong {
  readonly origin?: string;
  readonly rpId?: string;
  /** @default true */
  readonly verified?: boolean;
  readonly counter?: number;
  readonly userHandle?: string;
  readonly challenge?: string;
  readonly key?: KeyObject;
}

const sha256 = (bytes: string | Buffer): Buffer => createHash("sha256").update(bytes).digest();

/** The little of CBOR (RFC 8949) that is needed: an item's head, text, bytes, and maps of encoded pairs. */
const head = (major: number, value: number): Buffer =>
  value < 24
    ? Buffer.from([(major << 5) | value])
    : value < 256
      ? Buffer.from([(major << 5) | 24, value])
      : Buffer.from([(major << 5) | 25, value >> 8, value & 255]);
const integer = (value: number): Buffer => (value < 0 ? head(1, -1 - value) : head(0, value));
const text = (value: string): Buffer => Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
const bytes = (value: Buffer): Buffer => Buffer.concat([head(2, value.length), value]);
const map = (...pairs: readonly (readonly [Buffer, Buffer])[]): Buffer =>
  Buffer.concat([head(5, pairs.length), ...pairs.flat()]);

export class SoftwareAuthenticator {
  readonly id = randomBytes(16);
  readonly #keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  readonly #origin: string;
  #counter: number;
  #userHandle = "";

  /** @param counter where its signature counter begins; `undefined` for one that does not count */
  constructor(origin: string, counter?: number) {
    this.#origin = origin;
    this.#counter = counter ?? -1;
  }

  /** `navigator.credentials.create()` */
  create(
    options: {
      readonly challenge: string;
      readonly rp: { readonly id?: string };
      readonly user: { readonly id: string };
    },
    wrong: Wrong = {},
  ) {
    this.#userHandle = options.user.id;
    const { x = "", y = "" } = this.#keys.publicKey.export({ format: "jwk" });
    // COSE_Key (RFC 9053, section 7.1.1): EC2, ES256, P-256.
    const publicKey = map(
      [integer(1), integer(2)],
      [integer(3), integer(-7)],
      [integer(-1), integer(1)],
      [integer(-2), bytes(Buffer.from(x, "base64url"))],
      [integer(-3), bytes(Buffer.from(y, "base64url"))],
    );
    const length = Buffer.from([0, this.id.length]);
    const attested = Buffer.concat([Buffer.alloc(16), length, this.id, publicKey]);
    const authData = this.#authData(wrong.rpId ?? options.rp.id ?? "", 0x40, wrong, attested);
    const attestation = map([text("fmt"), text("none")], [text("attStmt"), map()], [text("authData"), bytes(authData)]);
    return this.#credential({
      clientDataJSON: this.#clientData("webauthn.create", options.challenge, wrong).toString("base64url"),
      attestationObject: attestation.toString("base64url"),
      transports: ["internal"],
    });
  }

  /** `navigator.credentials.get()` */
  get(options: { readonly challenge: string; readonly rpId?: string }, wrong: Wrong = {}) {
    if (this.#counter >= 0) this.#counter++;
    const authData = this.#authData(wrong.rpId ?? options.rpId ?? "", 0, wrong);
    const clientData = this.#clientData("webauthn.get", options.challenge, wrong);
    const signed = Buffer.concat([authData, sha256(clientData)]);
    return this.#credential({
      clientDataJSON: clientData.toString("base64url"),
      authenticatorData: authData.toString("base64url"),
      signature: sign("sha256", signed, wrong.key ?? this.#keys.privateKey).toString("base64url"),
      userHandle: wrong.userHandle ?? this.#userHandle,
    });
  }

  #credential<Response>(response: Response) {
    const id = this.id.toString("base64url");
    const type = "public-key" as const;
    return { id, rawId: id, type, authenticatorAttachment: "platform" as const, clientExtensionResults: {}, response };
  }

  #clientData(type: string, challenge: string, wrong: Wrong): Buffer {
    const origin = wrong.origin ?? this.#origin;
    return Buffer.from(JSON.stringify({ type, challenge: wrong.challenge ?? challenge, origin, crossOrigin: false }));
  }

  #authData(rpId: string, flags: number, wrong: Wrong, rest: Buffer = Buffer.alloc(0)): Buffer {
    const userPresent = 0x01;
    const userVerified = (wrong.verified ?? true) ? 0x04 : 0;
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(wrong.counter ?? Math.max(0, this.#counter));
    return Buffer.concat([sha256(rpId), Buffer.from([flags | userPresent | userVerified]), counter, rest]);
  }
}
