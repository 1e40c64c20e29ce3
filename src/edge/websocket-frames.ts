/**
 * Follows one direction of a WebSocket (RFC 6455, 5.2) by its frames' heads alone, to know where another frame may be put
 * in between. Nothing is kept of what the frames hold.
 */
export class FrameEnds {
  /** Bytes still to come of the frame whose head has been read. */
  #rest = 0;
  /** A head of which not everything has come yet; at most 14 bytes. */
  #head: number[] = [];

  /** Whether everything so far ends where a frame ends. */
  get atEnd(): boolean {
    return this.#rest === 0 && this.#head.length === 0;
  }

  push(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#rest > 0) {
        const taken = Math.min(this.#rest, bytes.length - at);
        this.#rest -= taken;
        at += taken;
        continue;
      }
      this.#head.push(bytes[at++] as number);
      const length = payloadLength(this.#head);
      if (length === undefined) continue;
      this.#rest = length;
      this.#head = [];
    }
  }
}

/** The length of the payload behind a head; `undefined` while the head is not whole. */
function payloadLength(head: readonly number[]): number | undefined {
  const second = head[1];
  if (second === undefined) return undefined;
  const short = second & 0x7f;
  const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
  const maskBytes = second & 0x80 ? 4 : 0;
  if (head.length < 2 + lengthBytes + maskBytes) return undefined;
  if (lengthBytes === 0) return short;
  return head.slice(2, 2 + lengthBytes).reduce((sum, byte) => sum * 256 + byte, 0);
}

/** A close frame from a server (unmasked): 1012, the service restarts (IANA's registry of close codes). */
export const serviceRestart: Buffer = Buffer.from([0x88, 0x02, 1012 >> 8, 1012 & 0xff]);
