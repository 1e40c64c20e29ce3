import { createHmac, createSecretKey, hash, type KeyObject, randomFillSync, timingSafeEqual } from "node:crypto";
import type { Ticket } from "../wire/tickets.ts";

/** For how long a seat is good, seconds: longer than nearly all Spaces. Who plays when it ends goes on playing. */
export const seatSeconds = 4 * 3600;
/** For how long after the hour, or after its holder came, a place is good, seconds. */
export const placeSeconds = 3 * 3600;
/** A ticket may be of a clock that is this far ahead, seconds. */
const aheadSeconds = 60;
/** Of how many Spaces the hash is kept. */
const maxHashes = 4096;

/**
 * Byte by byte: version, kind, 8 of the SHA-256 of the Space's id, 4 of the time (seconds since 1970), 8 of the nonce, 4 of the
 * group, and 16 of the HMAC-SHA-256 (RFC 2104, truncated as in its section 5) of all before. 42 bytes are 56 characters of base64url
 * (RFC 4648, 5) with no bit to spare: a ticket has one spelling. How it is signed is not said in it, so nobody can say otherwise.
 */
const layout = { version: 0, kind: 1, space: 2, at: 10, nonce: 14, group: 22, mac: 26, end: 42 } as const;
const version = 1;
const kinds = { place: 1, seat: 2 } as const;
const spelling = /^[A-Za-z0-9_-]{56}$/;

/** Writes and reads the tickets of one installation. Neither takes more than some microseconds, and nothing is kept. */
export class Tickets {
  readonly #key: KeyObject;
  readonly #group: Buffer;
  readonly #hashes = new Map<string, Buffer>();
  /** Random bytes for nonces, drawn for many at once. */
  readonly #random = Buffer.alloc(2048);
  #drawn = this.#random.length;

  /** @param key 32 bytes, the same at all edges of the installation */
  constructor(key: Uint8Array) {
    this.#key = createSecretKey(key);
    this.#group = createHmac("sha256", this.#key).update("group").digest().subarray(0, 4);
  }

  /** 16 hexadecimal digits. */
  nonce(): string {
    if (this.#drawn >= this.#random.length) {
      randomFillSync(this.#random);
      this.#drawn = 0;
    }
    return this.#random.toString("hex", this.#drawn, (this.#drawn += 8));
  }

  write({ kind, space, at, nonce }: Omit<Ticket, "group">): string {
    const bytes = Buffer.allocUnsafe(layout.end);
    bytes[layout.version] = version;
    bytes[layout.kind] = kinds[kind];
    this.#spaceHash(space).copy(bytes, layout.space);
    bytes.writeUInt32BE(at, layout.at);
    bytes.write(nonce, layout.nonce, 8, "hex");
    this.#group.copy(bytes, layout.group);
    this.#mac(bytes).copy(bytes, layout.mac, 0, 16);
    return bytes.toString("base64url");
  }

  /**
   * What a ticket says; `undefined` when it is not one of ours, of another kind or Space, or not of its time.
   * @param now seconds since 1970
   * @param hour of a place: from when its time is counted, if its holder came before
   */
  read(text: string, kind: Ticket["kind"], space: string, now: number, hour = 0): Ticket | undefined {
    if (!spelling.test(text)) return undefined;
    const bytes = Buffer.from(text, "base64url");
    if (bytes.length !== layout.end) return undefined;
    if (!timingSafeEqual(this.#mac(bytes).subarray(0, 16), bytes.subarray(layout.mac))) return undefined;
    if (bytes[layout.version] !== version || bytes[layout.kind] !== kinds[kind]) return undefined;
    if (!this.#spaceHash(space).equals(bytes.subarray(layout.space, layout.at))) return undefined;
    const at = bytes.readUInt32BE(layout.at);
    const ends = kind === "seat" ? at + seatSeconds : Math.max(at, hour) + placeSeconds;
    if (at > now + aheadSeconds || now >= ends) return undefined;
    const nonce = bytes.toString("hex", layout.nonce, layout.group);
    return { kind, space, at, nonce, group: bytes.toString("hex", layout.group, layout.mac) };
  }

  #mac(bytes: Buffer): Buffer {
    return createHmac("sha256", this.#key).update(bytes.subarray(0, layout.mac)).digest();
  }

  #spaceHash(space: string): Buffer {
    const known = this.#hashes.get(space);
    if (known) return known;
    if (this.#hashes.size >= maxHashes) this.#hashes.clear();
    const made = hash("sha256", space, "buffer").subarray(0, 8);
    this.#hashes.set(space, made);
    return made;
  }
}
