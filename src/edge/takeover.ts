import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

const discard = (): void => {};
/** Hears errors on sockets whose end `close` tells. */
export const quiet = (): void => {};
/** A client that closes its sending side has hung up: what is queued is still sent. */
export function hangUp(this: Socket): void {
  this.end();
}
type Hear = (...values: never[]) => void;
/** By socket: what listens for its `close` and is not the HTTP server's. */
const ownClose = new WeakMap<Socket, ReadonlySet<unknown>>();

/** Called before the HTTP server gets a socket that itself hears its `close`, as one of TLS does: `takeSocket` leaves that in place. */
export const keepCloseListeners = (socket: Socket): void =>
  void ownClose.set(socket, new Set(socket.rawListeners("close")));

/** What Node's HTTP server listens for on a socket; net.Socket itself has no need of its own listeners among these. */
const httpEvents = ["data", "end", "drain", "timeout", "error"] as const;

/**
 * Takes a request's socket away from Node's HTTP server, which then keeps nothing of it: no request, response, parser or
 * timer. Bytes written before belong to the response. Nobody hears the socket any more.
 *
 * Call it outside of the request's own event (the parser is on the stack there), for a request without a body. The HTTP
 * server frees what it holds for a connection when it hears `close`, so it is told so: there is no public way to hand a
 * socket over except an upgrade, which a plain GET is not.
 */
export function detachSocket(request: IncomingMessage, response: ServerResponse): Socket {
  const { socket } = request;
  response.detachSocket(socket);
  const own = ownClose.get(socket);
  const hearClose = socket.rawListeners("close").filter((hear) => !own?.has(hear)) as Hear[];
  // A listener for data makes the HTTP server give the handle's bytes back to the socket.
  socket.on("data", discard);
  for (const event of httpEvents) socket.removeAllListeners(event);
  for (const hear of hearClose) socket.removeListener("close", hear);
  // It tells the request, where nobody hears it, with an error whose stack trace would be a sixth of the cost of a join.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    for (const hear of hearClose) Reflect.apply(hear, socket, [false]);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  socket.setTimeout(0);
  return socket;
}

/**
 * Takes a request's socket for what is only written to. What the client still sends is read and thrown away, errors are
 * quiet (`close` tells), and a client that closes its sending side has hung up: what is queued is still sent.
 */
export function takeSocket(request: IncomingMessage, response: ServerResponse): Socket {
  const socket = detachSocket(request, response);
  settle(socket);
  return socket;
}

/** Makes a socket one that is only written to; see `takeSocket`. */
export function settle(socket: Socket): void {
  socket.on("data", discard);
  socket.on("error", quiet);
  socket.on("end", hangUp);
  socket.setTimeout(0);
  socket.setNoDelay(true);
  socket.resume();
}
