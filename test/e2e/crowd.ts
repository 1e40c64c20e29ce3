import { createConnection, type Socket } from "node:net";
import { ChunkReader } from "./boxes.ts";

/** Connections of one source address: more make the kernel search long for a free port. */
const perAddress = 1500;
const chunkMs = 320;

/** The chunks of one rendition, as the first listener of each got them. */
class Canon {
  readonly #chunks = new Map<number, Buffer>();

  get(slot: number): Buffer | undefined {
    return this.#chunks.get(slot);
  }

  /** Keeps the first bytes of a slot; whether these are the same. */
  agrees(slot: number, bytes: Buffer): boolean {
    const known = this.#chunks.get(slot);
    if (known) return known.equals(bytes);
    this.#chunks.set(slot, Buffer.from(bytes));
    this.#chunks.delete(slot - 600);
    return true;
  }
}

/**
 * A listener as a player is one: it plays an endless response, goes to another edge when its own is gone, and asks there by
 * number for what it missed meanwhile. It checks that no chunk is missing or twice and that each has the bytes all others got.
 */
class CrowdListener {
  readonly #crowd: Crowd;
  readonly #address: string;
  readonly #since = performance.now();
  #edge: number;
  #socket: Socket | undefined;
  /** The chunk that comes next; undefined before the first. */
  next: number | undefined;
  moves = 0;
  #reader = new ChunkReader();
  #inBody = false;
  #head: Buffer = Buffer.alloc(0);
  /** Chunks that came while what is before them was being asked for by number. */
  #waiting: { readonly slot: number; readonly bytes: Buffer }[] | undefined;
  #isLeaving = false;

  constructor(crowd: Crowd, edge: number, address: string) {
    this.#crowd = crowd;
    this.#edge = edge;
    this.#address = address;
    this.#connect();
  }

  end(): void {
    this.#isLeaving = true;
    this.#socket?.destroy();
  }

  #connect(): void {
    const { urls, path } = this.#crowd.options;
    this.#reader = new ChunkReader();
    this.#inBody = false;
    this.#waiting = undefined;
    this.#head = Buffer.alloc(0);
    const port = Number(new URL(urls[this.#edge] ?? "").port);
    const socket = createConnection({ port, host: "127.0.0.1", localAddress: this.#address });
    this.#socket = socket;
    socket.write(`GET ${path}/stream.mp4 HTTP/1.1\r\nHost: here\r\n\r\n`);
    socket.on("data", (data: Buffer) => this.#take(data));
    socket.on("error", () => {});
    socket.on("close", () => this.#socket === socket && this.#move());
  }

  #move(): void {
    if (this.#isLeaving) return;
    this.moves++;
    this.#edge = (this.#edge + 1) % this.#crowd.options.urls.length;
    setTimeout(() => this.#isLeaving || this.#connect(), 50 + Math.random() * 100);
  }

  #take(data: Buffer): void {
    let body = data;
    if (!this.#inBody) {
      this.#head = Buffer.concat([this.#head, data]);
      const end = this.#head.indexOf("\r\n\r\n");
      if (end < 0) return;
      if (!this.#head.toString("latin1", 0, 12).startsWith("HTTP/1.1 200")) {
        this.#socket?.destroy();
        return;
      }
      body = this.#head.subarray(end + 4);
      this.#inBody = true;
    }
    body = this.#alike(body);
    if (body.length === 0) return;
    try {
      for (const { slot, bytes } of this.#reader.push(body)) this.#chunk(slot, bytes);
    } catch (thrown) {
      this.#crowd.faults.push(String(thrown));
      this.#socket?.destroy();
    }
  }

  /** Takes what is byte for byte what another listener got, which costs next to nothing; gives what is left to be read. */
  #alike(body: Buffer): Buffer {
    if (this.next === undefined || this.#waiting || this.#reader.isWithin) return body;
    let at = 0;
    for (;;) {
      const known = this.#crowd.canon.get(this.next);
      const end = at + (known?.length ?? Infinity);
      if (!known || end > body.length || known.compare(body, at, end) !== 0) break;
      this.#took(this.next);
      at = end;
    }
    return at === 0 ? body : body.subarray(at);
  }

  #chunk(slot: number, bytes: Buffer): void {
    if (this.#waiting) {
      this.#waiting.push({ slot, bytes });
      return;
    }
    this.next ??= slot;
    // A newcomer to an edge is given its latest segment again.
    if (slot < this.next) {
      if (!this.#crowd.canon.agrees(slot, bytes)) this.#crowd.faults.push(`slot ${slot} is another one now`);
      return;
    }
    if (slot > this.next) {
      if (this.moves === 0) this.#crowd.faults.push(`slot ${slot} came where ${this.next} had to`);
      this.#waiting = [{ slot, bytes }];
      void this.#fill(Math.floor(slot / 3));
      return;
    }
    this.#play(slot, bytes);
  }

  #play(slot: number, bytes: Buffer): void {
    const { canon, faults } = this.#crowd;
    if (!canon.agrees(slot, bytes)) faults.push(`slot ${slot} has other bytes`);
    this.#took(slot);
  }

  #took(slot: number): void {
    // What a newcomer is given first is of the past.
    if (this.moves > 0 || performance.now() - this.#since > 1500) this.#crowd.arrived(slot);
    this.next = slot + 1;
  }

  /** Asks by number for the segments before `before` that it does not have whole. */
  async #fill(before: number): Promise<void> {
    const { urls, path } = this.#crowd.options;
    const waiting = this.#waiting;
    for (let n = Math.floor((this.next ?? 0) / 3); n < before; n++) {
      const answer = await fetch(`${urls[this.#edge]}${path}/${n}.m4s`).catch(() => undefined);
      const bytes = Buffer.from((await answer?.arrayBuffer().catch(() => undefined)) ?? new ArrayBuffer(0));
      this.#crowd.filled++;
      if (answer?.ok) {
        for (const chunk of new ChunkReader().push(bytes))
          if (chunk.slot === this.next) this.#play(chunk.slot, chunk.bytes);
      } else this.#crowd.faults.push(`segment ${n} could not be had: ${answer?.status ?? "no answer"}`);
    }
    // It may have moved on meanwhile, and begun anew.
    if (waiting === undefined || this.#waiting !== waiting) return;
    this.#waiting = undefined;
    // What could not be had is a fault already; it goes on behind that.
    this.next = Math.max(this.next ?? 0, waiting[0]?.slot ?? 0);
    for (const { slot, bytes } of waiting) this.#chunk(slot, bytes);
  }
}

export interface CrowdOptions {
  /** Edges that players know of. */
  readonly urls: readonly string[];
  /** `/live/{space}/{rendition}`. */
  readonly path: string;
  readonly epochMs: number;
}

/** Many listeners in one process. */
export class Crowd {
  readonly options: CrowdOptions;
  readonly canon = new Canon();
  readonly faults: string[] = [];
  /** Segments that were asked for by number after a move. */
  filled = 0;
  readonly #listeners: CrowdListener[] = [];
  /** How long after its end the latest chunk came to anybody, ms, since it was asked last. */
  #worstMs = 0;

  constructor(options: CrowdOptions) {
    this.options = options;
  }

  /**
   * Adds listeners, in turn at each of the first `edges` edges.
   * @param from the address they all have. @default as many as it takes
   */
  join(count: number, edges: number, from?: string): void {
    for (let i = 0; i < count; i++) {
      const address = `127.0.0.${2 + Math.floor(this.#listeners.length / perAddress)}`;
      this.#listeners.push(new CrowdListener(this, i % edges, from ?? address));
    }
  }

  get size(): number {
    return this.#listeners.length;
  }

  get moves(): number {
    return this.#listeners.reduce((sum, { moves }) => sum + moves, 0);
  }

  /** The chunk that the last of all waits for. */
  get slowest(): number {
    return Math.min(...this.#listeners.map(({ next }) => next ?? 0));
  }

  arrived(slot: number): void {
    const late = Date.now() - (this.options.epochMs + (slot + 1) * chunkMs);
    if (late > this.#worstMs) this.#worstMs = late;
  }

  /** How late the latest chunk was for anybody since this was asked last, ms. */
  worst(): number {
    const worst = this.#worstMs;
    this.#worstMs = 0;
    return worst;
  }

  end(): void {
    for (const listener of this.#listeners) listener.end();
  }
}
