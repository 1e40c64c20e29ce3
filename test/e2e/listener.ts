import { createHash } from "node:crypto";
import { createConnection, type Socket } from "node:net";
import { ChunkReader } from "./boxes.ts";

/** A plain listener of `stream.mp4`: reads, checks the sequence, keeps a hash of every whole segment. */
export class StreamListener {
  readonly segments = new Map<number, string>();
  /** What went wrong: slots that did not follow the one before. */
  readonly gaps: string[] = [];
  error: string | undefined;
  bytes = 0;
  readonly #socket: Socket;
  readonly #reader = new ChunkReader();
  #head: Buffer = Buffer.alloc(0);
  #inBody = false;
  #last: number | undefined;
  #parts: Buffer[] = [];

  constructor(url: string, path: string, localAddress?: string) {
    const { port } = new URL(url);
    this.#socket = createConnection({
      port: Number(port),
      host: "127.0.0.1",
      ...(localAddress === undefined ? {} : { localAddress }),
    });
    this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`);
    this.#socket.on("data", (data: Buffer) => this.#take(data));
    this.#socket.on("error", (error) => (this.error ??= error.message));
    this.#socket.on("close", () => (this.error ??= this.#ended ? undefined : "the connection ended"));
  }

  #ended = false;

  end(): void {
    this.#ended = true;
    this.#socket.destroy();
  }

  #take(data: Buffer): void {
    try {
      let body = data;
      if (!this.#inBody) {
        this.#head = Buffer.concat([this.#head, data]);
        const end = this.#head.indexOf("\r\n\r\n");
        if (end < 0) return;
        const status = this.#head.toString("latin1", 0, end).split("\r\n")[0] ?? "";
        if (!status.startsWith("HTTP/1.1 200")) throw new Error(status);
        body = this.#head.subarray(end + 4);
        this.#inBody = true;
      }
      this.bytes += body.length;
      for (const { slot, bytes } of this.#reader.push(body)) {
        if (this.#last !== undefined && slot !== this.#last + 1) this.gaps.push(`${this.#last} → ${slot}`);
        this.#last = slot;
        const part = slot % 3;
        if (part === 0) this.#parts = [];
        this.#parts.push(bytes);
        if (part === 2 && this.#parts.length === 3) {
          const hash = createHash("sha256");
          for (const one of this.#parts) hash.update(one);
          this.segments.set(Math.floor(slot / 3), hash.digest("hex"));
        }
      }
    } catch (thrown) {
      this.error ??= String(thrown);
      this.end();
    }
  }
}
