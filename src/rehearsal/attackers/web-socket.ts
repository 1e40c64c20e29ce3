import type { AttackCounts, AttackTarget } from "./contract.ts";
import { requestText } from "./target.ts";

/** Bytes of one message that are kept at most. */
const maxKept = 1024 * 1024;

/** RFC 6455, 11.8. */
export const opcode = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** The request that opens a Space's room (RFC 6455, 4.1). Its key is always the same: nobody checks that it is random. */
export const upgradeText = (target: AttackTarget): string =>
  requestText(target, `/api/v1/spaces/${target.space}/room`, {
    headers:
      "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n",
  });

/** One frame of a client (RFC 6455, 5.2), masked with zeros. `told`: the length it claims to have. */
export function frame(code: number, payload: string | Buffer, told = Buffer.byteLength(payload)): Buffer {
  const length = told < 126 ? [told] : told < 65_536 ? [126, told >> 8, told & 255] : [127, ...bigEndian(told)];
  const [first = 0, ...more] = length;
  return Buffer.concat([Buffer.from([0x80 | code, 0x80 | first, ...more, 0, 0, 0, 0]), Buffer.from(payload)]);
}

const bigEndian = (value: number): number[] => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return [...bytes];
};

/** Reads what a room says on one connection: counts the answer to the upgrade by its status, and a close by its code. */
export class RoomAnswers {
  readonly #counts: AttackCounts;
  readonly #said: ((text: string) => void) | undefined;
  #rest: Buffer = Buffer.alloc(0);
  #is: "head" | "frames" | "over" = "head";

  /** @param said a message came, whole */
  constructor(counts: AttackCounts, said?: (text: string) => void) {
    this.#counts = counts;
    this.#said = said;
  }

  read(bytes: Buffer): void {
    if (this.#is === "over") return;
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    if (this.#is === "head") this.#head();
    while (this.#is === "frames" && this.#frame());
    if (this.#rest.length > maxKept) this.#is = "over";
  }

  #head(): void {
    const end = this.#rest.indexOf("\r\n\r\n");
    if (end < 0) return;
    const status = /^HTTP\/1\.[01] (\d{3})/.exec(this.#rest.toString("latin1", 0, 20))?.[1] ?? "no HTTP";
    this.#count(status);
    this.#is = status === "101" ? "frames" : "over";
    this.#rest = this.#rest.subarray(end + 4);
  }

  #frame(): boolean {
    const rest = this.#rest;
    if (rest.length < 2) return false;
    const short = (rest[1] ?? 0) & 0x7f;
    const at = short === 126 ? 4 : short === 127 ? 10 : 2;
    if (rest.length < at) return false;
    const length = short === 126 ? rest.readUInt16BE(2) : short === 127 ? Number(rest.readBigUInt64BE(2)) : short;
    if (rest.length < at + length) return false;
    const payload = rest.subarray(at, at + length);
    const code = (rest[0] ?? 0) & 0x0f;
    if (code === opcode.close) this.#count(`closed ${length >= 2 ? payload.readUInt16BE(0) : 1005}`);
    else if (code === opcode.text) this.#said?.(payload.toString("utf8"));
    this.#rest = rest.subarray(at + length);
    return true;
  }

  #count(what: string): void {
    this.#counts.answered[what] = (this.#counts.answered[what] ?? 0) + 1;
  }
}
