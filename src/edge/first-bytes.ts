import type { Server, Socket } from "node:net";

/** What a server itself does with a connection, where steps have been put before. */
const beneath = new WeakMap<Server, readonly unknown[]>();

/**
 * Puts a step before what a server does with each new connection. The step calls `goOn` when the server may have the
 * socket, or ends it. The last step that was put before comes first.
 */
export function interpose(server: Server, step: (socket: Socket, goOn: () => void) => void): void {
  const hear = server.listeners("connection");
  if (!beneath.has(server)) beneath.set(server, hear);
  server.removeAllListeners("connection");
  server.on("connection", (socket) => {
    step(socket, () => {
      for (const one of hear) Reflect.apply(one, server, [socket]);
    });
  });
}

/** Gives a server a socket that it has had before: the steps are behind it. */
export function giveAgain(server: Server, socket: Socket): void {
  const hear = (beneath.get(server) ?? server.listeners("connection")) as ((socket: Socket) => void)[];
  for (const one of hear) Reflect.apply(one, server, [socket]);
}

/** What is to become of a connection by its first bytes: how many of them are taken away, or that there must be more of them. */
export type Verdict =
  | { readonly kind: "more" }
  | { readonly kind: "take"; readonly bytes: number }
  | { readonly kind: "refuse"; readonly refuse: (socket: Socket) => void };

export interface FirstBytes {
  /** Milliseconds until they must have come. */
  readonly withinMs: number;
  /** Judges all that has come. */
  readonly look: (bytes: Buffer) => Verdict;
  /** The connection goes on, with all bytes in it that were not taken. */
  readonly taken: () => void;
  /** They did not come in time. */
  readonly late: () => void;
}

/**
 * Reads the first bytes of a connection that nobody else reads yet. Bytes that are not taken are put back, so whoever gets
 * the socket reads them first. A connection that ends before, fails, or is late is closed, and nothing is called but `late`.
 */
export function readFirst(socket: Socket, { withinMs, look, taken, late }: FirstBytes): void {
  let had: Buffer = Buffer.alloc(0);
  const fail = (): void => void socket.destroy();
  const leave = (): void => {
    clearTimeout(timer);
    socket.removeListener("readable", read);
    socket.removeListener("end", fail);
    socket.removeListener("close", leave);
    socket.removeListener("error", fail);
  };
  const read = (): void => {
    for (let part: Buffer | null; (part = socket.read() as Buffer | null) !== null;)
      had = had.length === 0 ? part : Buffer.concat([had, part]);
    if (had.length === 0) return;
    const verdict = look(had);
    if (verdict.kind === "more") return;
    leave();
    if (verdict.kind === "refuse") {
      socket.on("error", fail);
      return verdict.refuse(socket);
    }
    if (verdict.bytes < had.length) socket.unshift(had.subarray(verdict.bytes));
    taken();
  };
  const timer = setTimeout(() => {
    late();
    socket.destroy();
  }, withinMs);
  socket.on("readable", read);
  socket.on("end", fail);
  socket.on("close", leave);
  socket.on("error", fail);
}
