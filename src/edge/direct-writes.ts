import type { Socket } from "node:net";

/** The native side of a socket, as far as a direct write needs it. */
export interface StreamHandle {
  writeBuffer(request: object, bytes: Uint8Array): number;
  /** Bytes that the kernel has not taken yet. */
  readonly writeQueueSize: number;
}
interface WriteRequest {
  handle?: StreamHandle;
  buffer?: Uint8Array;
  oncomplete?: (this: WriteRequest, status: number) => void;
  socket?: Socket;
}
type WithHandle = Socket & { readonly _handle?: StreamHandle | null };

/** Whether the kernel has taken all, some of it waits in this process, or the socket has ended. */
export type Written = "sent" | "queued" | "ended";

/**
 * Writes whole buffers to many sockets. `net.Socket.write` makes a request object and goes through its queue each time,
 * though the kernel nearly always takes everything at once, and then libuv needs no request. So one request object is
 * kept, and handed to each socket's handle; only when something stays queued it belongs to that write, and the next one
 * is made. While anything is queued, and where the handle is not as expected (another Node, TLS), it is `socket.write`.
 *
 * The class of request objects is learnt from the first ordinary write. Nothing else here is private to Node but the
 * handle's two members; a test holds that they are taken, so that a Node without them is noticed and not merely slower.
 */
export class DirectWrites {
  /** The class of the handles that are written so, and of the requests that they take. */
  #Handle: unknown;
  #Request: (new () => WriteRequest) | undefined;
  #spare: WriteRequest | undefined;
  /** Handles that have not got rid of a direct write yet. */
  readonly #busy = new Set<StreamHandle>();
  /** How many writes went straight to the kernel. */
  direct = 0;

  /** A socket's handle when it can be written directly now; for `send`, until that says anything else than "sent". */
  handle(socket: Socket): StreamHandle | undefined {
    const handle = (socket as WithHandle)._handle;
    if (!handle || handle.constructor !== this.#Handle || socket.writableLength > 0) return undefined;
    return this.#busy.size > 0 && this.#busy.has(handle) ? undefined : handle;
  }

  /** Writes `bytes`, which must not change any more, to a handle. "failed" when it is closed, closing or broken. */
  send(handle: StreamHandle, socket: Socket, bytes: Buffer): "sent" | "queued" | "failed" {
    const request = (this.#spare ??= this.#request());
    if (request === undefined || handle.writeBuffer(request, bytes) !== 0) return "failed";
    this.direct++;
    if (handle.writeQueueSize === 0) return "sent";
    // libuv keeps the request and its bytes until the kernel has taken the rest.
    Object.assign(request, { handle, buffer: bytes, socket });
    this.#busy.add(handle);
    this.#spare = undefined;
    return "queued";
  }

  /** Writes `bytes`, which must not change any more; on a socket that has ended nothing happens. */
  write(socket: Socket, bytes: Buffer): Written {
    if (!socket.writable) return "ended";
    const handle = this.handle(socket);
    if (handle === undefined) {
      if (this.#Request === undefined) this.#learn(socket);
      socket.write(bytes);
      return queuedBytes(socket) > 0 ? "queued" : "sent";
    }
    const sent = this.send(handle, socket, bytes);
    if (sent !== "failed") return sent;
    socket.destroy();
    return "ended";
  }

  #request(): WriteRequest | undefined {
    if (this.#Request === undefined) return undefined;
    const request = new this.#Request();
    const busy = this.#busy;
    request.oncomplete = function complete(status) {
      const { handle, socket } = this;
      if (handle) busy.delete(handle);
      // As `net.Socket` does it: what had to wait has gone, or the connection is broken.
      if (status < 0) socket?.destroy();
      else socket?.emit("drain");
    };
    return request;
  }

  /** Sees the class of the request that the next ordinary write makes. */
  #learn(socket: Socket): void {
    const handle = (socket as WithHandle)._handle;
    if (typeof handle?.writeBuffer !== "function" || handle.writeQueueSize !== 0 || "encrypted" in socket) return;
    handle.writeBuffer = (request, bytes) => {
      // The handle's own is behind this one, on its prototype.
      Reflect.deleteProperty(handle, "writeBuffer");
      this.#Request = request.constructor as new () => WriteRequest;
      this.#Handle = handle.constructor;
      return handle.writeBuffer(request, bytes);
    };
  }
}

/** Bytes that wait in this process for a socket: in its own queue, or in its handle's. */
export function queuedBytes(socket: Socket): number {
  const own = socket.writableLength;
  return own > 0 ? own : ((socket as WithHandle)._handle?.writeQueueSize ?? 0);
}
