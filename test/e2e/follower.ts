import { createConnection, type Socket } from "node:net";
import { ChunkReader } from "./boxes.ts";

/** What all followers heard first, by slot, for the others to be compared with. */
export class Reference {
  readonly #chunks = new Map<number, Buffer>();
  /** Slots that somebody heard otherwise than the first. */
  readonly different = new Set<number>();

  hear(slot: number, bytes: Buffer): void {
    const first = this.#chunks.get(slot);
    if (first === undefined) this.#chunks.set(slot, Buffer.from(bytes));
    else if (!first.equals(bytes)) this.different.add(slot);
  }
}

/**
 * A listener of `stream.mp4` that does what players do when their connection ends: it comes again at once, and goes on with
 * what it has not had. Every chunk is checked: that none is missing, and that it is what the others heard.
 */
export class Follower {
  /** How many connections it has had. */
  connections = 0;
  /** The first and the latest slot that were heard. */
  first: number | undefined;
  latest: number | undefined;
  /** Slots that did not follow the one before. */
  readonly gaps: string[] = [];
  /** Connections that were reset, refused, or answered other than 200. */
  readonly failures: string[] = [];
  readonly #port: number;
  readonly #path: string;
  readonly #localAddress: string;
  readonly #reference: Reference;
  #socket: Socket | undefined;
  #ended = false;

  constructor(port: number, path: string, localAddress: string, reference: Reference) {
    this.#port = port;
    this.#path = path;
    this.#localAddress = localAddress;
    this.#reference = reference;
    this.#connect();
  }

  end(): void {
    this.#ended = true;
    this.#socket?.destroy();
  }

  #connect(): void {
    this.connections++;
    const socket = createConnection({ port: this.#port, host: "127.0.0.1", localAddress: this.#localAddress });
    this.#socket = socket;
    const reader = new ChunkReader();
    let head: Buffer | undefined = Buffer.alloc(0);
    const take = (data: Buffer): void => {
      let body = data;
      if (head !== undefined) {
        head = Buffer.concat([head, data]);
        const end = head.indexOf("\r\n\r\n");
        if (end < 0) return;
        if (!head.toString("latin1", 0, end).startsWith("HTTP/1.1 200"))
          throw new Error(head.toString("latin1", 0, 60));
        body = head.subarray(end + 4);
        head = undefined;
      }
      for (const { slot, bytes } of reader.push(body)) this.#hear(slot, bytes);
    };
    socket.on("data", (data: Buffer) => {
      try {
        take(data);
      } catch (thrown) {
        this.failures.push(String(thrown));
        socket.destroy();
      }
    });
    socket.on("error", (error) => this.failures.push(error.message));
    socket.on("close", () => {
      if (!this.#ended) setTimeout(() => this.#ended || this.#connect(), Math.random() * 50);
    });
    socket.write(`GET ${this.#path} HTTP/1.1\r\nHost: localhost:${this.#port}\r\n\r\n`);
  }

  #hear(slot: number, bytes: Buffer): void {
    this.first ??= slot;
    // After a new connection the latest segment comes once more.
    if (this.latest !== undefined && slot <= this.latest) return;
    if (this.latest !== undefined && slot !== this.latest + 1) this.gaps.push(`${this.latest} → ${slot}`);
    this.latest = slot;
    this.#reference.hear(slot, bytes);
  }
}
