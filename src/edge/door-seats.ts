import type { Socket } from "node:net";
import type { ListenerKey } from "./audience.ts";

/** How many seats of those who fetch numbered segments are remembered; the first gives way. */
export const maxNumberedSeats = 20_000;

const seat = Symbol("seat");
type Seated = Socket & { [seat]?: string };

/** Which seats are held at this edge now: one connection has a seat, or one listener by numbered segments. */
export class DoorSeats {
  readonly #sockets = new Map<string, Socket>();
  readonly #numbered = new Map<string, ListenerKey>();

  get size(): number {
    return this.#sockets.size;
  }

  isHeld(nonce: string): boolean {
    return this.#sockets.has(nonce);
  }

  /** Whoever shows a seat last has it: a player comes back before its dead connection is known to be dead. */
  take(nonce: string, socket: Socket): void {
    const before = this.#sockets.get(nonce);
    this.#sockets.set(nonce, socket);
    (socket as Seated)[seat] = nonce;
    if (before !== undefined && before !== socket) before.destroy();
  }

  /** A connection is closed, or another process has it. */
  left(socket: Socket): void {
    const nonce = (socket as Seated)[seat];
    if (nonce !== undefined && this.#sockets.get(nonce) === socket) this.#sockets.delete(nonce);
  }

  /** Who fetches numbered segments with a seat; `undefined` when nobody is known to. */
  numbered(nonce: string): ListenerKey | undefined {
    return this.#numbered.get(nonce);
  }

  /** Somebody fetches numbered segments with it from now on, and no connection has it any more. */
  takeNumbered(nonce: string, key: ListenerKey): void {
    this.#sockets.get(nonce)?.destroy();
    this.#numbered.delete(nonce);
    if (this.#numbered.size >= maxNumberedSeats)
      for (const first of this.#numbered.keys()) {
        this.#numbered.delete(first);
        break;
      }
    this.#numbered.set(nonce, key);
  }
}
