import type { Server } from "node:net";

/**
 * How many queues of new connections one process has for a port. libuv accepts one connection of each in a turn of the loop, and a
 * turn is long when thousands ask for something at once: with one queue a newcomer waits for as many turns as there are
 * connections before it. With so many it is a few milliseconds of each turn at most that go into accepting.
 */
export const acceptQueues = 64;

const further = new WeakMap<Server, Server[]>();

/**
 * Adds a queue to a server that listens: what is accepted from it is the server's in every way, and counts against its
 * `maxConnections`. False, and the queue is closed, where this Node does not let it be.
 *
 * @param queue a server that listens on the same port, and that nobody hears
 */
export function addQueue(server: Server, queue: Server): boolean {
  // A handle tells whose it is by a symbol; what it accepts is given to that one.
  const handle = (queue as unknown as { readonly _handle?: Record<symbol, unknown> | null })._handle;
  const owner = handle && Object.getOwnPropertySymbols(handle).find((symbol) => handle[symbol] === queue);
  if (!owner) {
    queue.close();
    return false;
  }
  handle[owner] = server;
  const queues = further.get(server) ?? [];
  further.set(server, queues);
  queues.push(queue);
  return true;
}

/** To be called with the server's own `close`: no more is accepted. Safe twice. */
export function closeQueues(server: Server): void {
  for (const queue of further.get(server)?.splice(0) ?? []) queue.close();
}
