import { argon2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { Problem } from "../foundation/errors.ts";
import { obvious } from "./obvious-passwords.ts";

/** Argon2id (RFC 9106): memory in KiB, passes over it, lanes. About 0.1 s on one core, above OWASP's 19 MiB and 2 passes. */
export interface Cost {
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
}
export const cost: Cost = { memory: 47_104, passes: 2, parallelism: 1 };

/** NIST SP 800-63B, section 5.1.1.2: length and a list of the obvious, no rules of composition. In characters. */
export const shortest = 10;
export const longest = 256;
/** The most memory a stored hash may ask for, in KiB. */
const mostMemory = 262_144;
const tagBytes = 32;
const saltBytes = 16;

/** Each takes 46 MiB and a core: one at a time, and a short line behind it. */
export const maxWaiting = 8;

const derive = promisify(argon2);

/** Passwords, hashed one at a time. */
export class Passwords {
  readonly #cost: Cost;
  /** What a wrong account is compared with, so that it takes as long as a wrong password. */
  readonly #decoy: string;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(given: Cost = cost) {
    this.#cost = given;
    this.#decoy = phc(given, randomBytes(saltBytes), randomBytes(tagBytes));
  }

  /** A PHC string. Throws `weak-password` for one that must not be used. */
  async hash(password: string, not: readonly string[] = []): Promise<string> {
    checkPassword(password, not);
    const salt = randomBytes(saltBytes);
    return phc(this.#cost, salt, await this.#derive(password, salt, this.#cost, tagBytes));
  }

  /** Whether the password is the one of the PHC string; without one, false after as long. */
  async verify(password: string, stored: string | null | undefined): Promise<boolean> {
    const parsed = readPhc(stored ?? this.#decoy) ?? readPhc(this.#decoy);
    if (!parsed || password.length > longest * 4) return false;
    const tag = await this.#derive(password, parsed.salt, parsed.cost, parsed.tag.length);
    return timingSafeEqual(tag, parsed.tag) && typeof stored === "string" && readPhc(stored) !== undefined;
  }

  async #derive(
    password: string,
    nonce: Buffer,
    { memory, passes, parallelism }: Cost,
    bytes: number,
  ): Promise<Buffer> {
    if (this.#waiting > maxWaiting) {
      throw new Problem({
        status: 503,
        code: "sign-in-busy",
        title: "Too many people sign in at this moment",
        detail: `${this.#waiting} passwords are being checked or wait for it.`,
        action: "Try again in a few seconds, or use a passkey.",
        retryAfter: 2,
      });
    }
    this.#waiting++;
    const before = this.#last;
    const message = password.normalize("NFKC");
    const mine = before.then(() =>
      derive("argon2id", { message, nonce, parallelism, tagLength: bytes, memory, passes }),
    );
    this.#last = mine.catch(() => {});
    try {
      return await mine;
    } finally {
      this.#waiting--;
    }
  }
}

/** Throws `weak-password` unless the password may be used. `not`: words of the account that it must not be. */
export function checkPassword(password: string, not: readonly string[] = []): void {
  const length = Array.from(password.normalize("NFKC")).length;
  if (length < shortest) throw weak(`It has ${length} characters; at least ${shortest} are needed.`);
  if (length > longest) throw weak(`It has ${length} characters; at most ${longest} are taken.`);
  if (obvious(password, not)) throw weak("It is one of those that are tried first.");
}

const weak = (detail: string): Problem =>
  new Problem({
    status: 422,
    code: "weak-password",
    title: "This password cannot be used",
    detail,
    action: "Take a longer one that nobody would guess: four words at random will do. Any characters are fine.",
    pointer: "/password",
  });

const base64 = (bytes: Buffer): string => bytes.toString("base64").replaceAll("=", "");

/** The PHC string format, https://github.com/P-H-C/phc-string-format. Version 19 is Argon2 1.3. */
const phc = ({ memory, passes, parallelism }: Cost, salt: Buffer, tag: Buffer): string =>
  `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${base64(salt)}$${base64(tag)}`;

function readPhc(text: string): { readonly cost: Cost; readonly salt: Buffer; readonly tag: Buffer } | undefined {
  const match =
    /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/.exec(
      text,
    );
  if (!match) return undefined;
  const [memory, passes, parallelism] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (memory > mostMemory || parallelism < 1 || passes < 1 || memory < 8 * parallelism) return undefined;
  const [salt, tag] = [Buffer.from(match[4] ?? "", "base64"), Buffer.from(match[5] ?? "", "base64")];
  return { cost: { memory, passes, parallelism }, salt, tag };
}
