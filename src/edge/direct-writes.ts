import type { Socket } from "node:net";

/** What a socket's native side must offer for a direct write. */
interface StreamHandle {
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
type WithHandle = Socket & { readonly _handle?: Partial<StreamHandle> | null };

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
  #Request: (new () => WriteRequest) | undefined;
  #spare: WriteRequest | undefined;
  /** How many writes went straight to the kernel. */
  direct = 0;

  /** Writes `bytes`, which must not change any more; on a socket that has ended nothing happens. */
  write(socket: Socket, bytes: Buffer): Written {
    if (!socket.writable) return "ended";
    const handle = (socket as WithHandle)._handle;
    if (this.#spare === undefined || !isDirect(socket, handle)) {
      if (this.#Request === undefined && isDirect(socket, handle)) this.#learn(handle);
      socket.write(bytes);
      return queuedBytes(socket) > 0 ? "queued" : "sent";
    }
    if (handle.writeBuffer(this.#spare, bytes) !== 0) {
      socket.destroy();
      return "ended";
    }
    this.direct++;
    if (handle.writeQueueSize === 0) return "sent";
    this.#queued(socket, handle, bytes, this.#spare);
    return "queued";
  }

  /** libuv keeps the request and its bytes until the kernel has taken the rest. */
  #queued(socket: Socket, handle: StreamHandle, bytes: Buffer, request: WriteRequest): void {
    request.handle = handle;
    request.buffer = bytes;
    request.socket = socket;
    this.#spare = this.#request();
  }

  #request(): WriteRequest | undefined {
    if (this.#Request === undefined) return undefined;
    const request = new this.#Request();
    request.oncomplete = complete;
    return request;
  }

  /** Sees the class of the request that the next ordinary write makes. */
  #learn(handle: StreamHandle): void {
    const learnt = (request: object): void => {
      this.#Request = request.constructor as new () => WriteRequest;
      this.#spare = this.#request();
    };
    handle.writeBuffer = (request, bytes) => {
      // The handle's own is behind this one, on its prototype.
      Reflect.deleteProperty(handle, "writeBuffer");
      learnt(request);
      return handle.writeBuffer(request, bytes);
    };
  }
}

/** Bytes that wait in this process for a socket: in its own queue, or in its handle's. */
export function queuedBytes(socket: Socket): number {
  const own = socket.writableLength;
  return own > 0 ? own : ((socket as WithHandle)._handle?.writeQueueSize ?? 0);
}

const isDirect = (socket: Socket, handle: WithHandle["_handle"]): handle is StreamHandle =>
  typeof handle?.writeBuffer === "function" &&
  handle.writeQueueSize === 0 &&
  socket.writableLength === 0 &&
  !("encrypted" in socket);

/** As `net.Socket` does: what had to wait has gone, or the connection is broken. */
function complete(this: WriteRequest, status: number): void {
  if (status < 0) this.socket?.destroy();
  else this.socket?.emit("drain");
}
