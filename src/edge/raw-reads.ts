import { Socket } from "node:net";
import { maxHeadBytes } from "./deadlines.ts";

/** What came on a socket, at the front of a buffer that the next read overwrites. False: do not read on until `read(0)`. */
export type RawRead = (this: Socket, length: number, bytes: Buffer) => boolean;

type Slots = Record<symbol, unknown>;
interface ReadingHandle {
  useUserBuffer(buffer: Uint8Array): void;
}

/** Where all sockets read to, one after the other: `net` otherwise takes 64 KiB for each read and gives most of it back. */
const shared = Buffer.alloc(maxHeadBytes);

/**
 * `net.Socket` reads into a buffer of ours when it is made with `onread`, and there is no way to say so later. So the two
 * properties that it keeps this in are found once, on a socket made for that, by their values.
 */
const slots = ((): { readonly buffer: symbol; readonly hear: symbol } | undefined => {
  const hear = (): boolean => true;
  const probe = new Socket({ onread: { buffer: shared, callback: hear } }) as unknown as Slots;
  const find = (value: unknown): symbol | undefined =>
    Object.getOwnPropertySymbols(probe).find((symbol) => probe[symbol] === value);
  const [bufferSlot, hearSlot] = [find(shared), find(hear)];
  return bufferSlot && hearSlot && { buffer: bufferSlot, hear: hearSlot };
})();

/** Whether this Node lets sockets be read this way. */
export const canReadRaw = slots !== undefined;

/** Gives what comes on a socket of Node's to `hear` instead of `data` listeners; may be called again. `end` and `close` stay. */
export function readRaw(socket: Socket, hear: RawRead): void {
  if (slots === undefined) throw new Error("Sockets of this Node cannot be read raw.");
  const properties = socket as unknown as Slots & { readonly _handle?: ReadingHandle | null };
  properties[slots.hear] = hear;
  if (properties[slots.buffer] === shared) return;
  properties[slots.buffer] = shared;
  properties._handle?.useUserBuffer(shared);
}

/** Lets what comes on a socket go to its `data` listeners again. */
export const readAsStream = (socket: Socket): void => readRaw(socket, pushOn);

/** Reads what comes on a socket and throws it away. */
export const readNothing = (socket: Socket): void => readRaw(socket, throwAway);

function throwAway(): boolean {
  return true;
}

function pushOn(this: Socket, length: number, bytes: Buffer): boolean {
  return this.push(Buffer.from(bytes.subarray(0, length)));
}
