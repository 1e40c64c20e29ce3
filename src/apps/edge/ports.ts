import { createServer, type Server } from "node:net";
import { acceptQueues, addQueue } from "../../edge/accept-queues.ts";
import { errno, Problem } from "../../foundation/errors.ts";
import type { Log } from "../../foundation/log.ts";
import { type BareHandle, handleOf, type Peers } from "./peers.ts";

/** Connections that the kernel keeps until they are accepted, if `net.core.somaxconn` allows as many. */
export const backlog = 65_535;
/**
 * The same of each of a port's queues, where it has many: 8,192 together. Whoever is behind more waits longer than the second after
 * which their system asks again anyway.
 */
export const queueBacklog = 128;
/** For how long a predecessor may take to lend its ports, ms. */
const lentWithinMs = 3000;

export interface PortsOptions {
  readonly log: Log;
  /** Where processes can pass each other sockets. */
  readonly peers?: Peers | undefined;
  /** Whether there is a predecessor to ask. @default false */
  readonly succeeds?: boolean | undefined;
  /** Milliseconds for which it may take to lend its ports. @default lentWithinMs */
  readonly lentWithin?: number;
  /** Queues of each port in this process, where the system can share one. @default acceptQueues */
  readonly queues?: number;
}

/**
 * The ports an edge process listens on. Those that a predecessor has are taken over from it, the listening sockets
 * themselves: a port that is opened anew beside it, as workers share one, would lose what the kernel keeps for the old
 * socket when that is closed, connections that are complete and those in their handshake.
 */
export class Ports {
  readonly #options: PortsOptions;
  readonly #open = new Map<string, Server>();
  #lent: Promise<Map<string, BareHandle>> | undefined;

  constructor(options: PortsOptions) {
    this.#options = options;
    options.peers?.hear("lend-ports", () => this.#lend());
  }

  get #backlog(): number {
    return (this.#options.queues ?? acceptQueues) > 1 ? queueBacklog : backlog;
  }

  /** @param name under which a successor finds it */
  async open(name: string, server: Server, { host, port }: { host: string; port: number }): Promise<void> {
    const handle = (await this.#inherited()).get(name);
    try {
      const isShared =
        (handle && (await this.#listenOn(server, handle))) || (await listen(server, host, port, this.#backlog));
      if (isShared) await this.#openQueues(name, server, { host, port });
    } catch (failure) {
      throw new Problem({
        status: 500,
        code: "port-not-available",
        title: "The public port cannot be opened",
        detail: `Listening on ${host}:${port} failed: ${errno(failure) ?? "unknown"}.`,
        action: "Give another port with PORT, or stop what uses this one.",
        cause: failure,
      });
    }
    this.#open.set(name, server);
    this.#options.log.info("listening", { name, host, port, inherited: handle !== undefined });
  }

  /** Adds the port's further queues; those that a predecessor has are taken over from it as the port itself. */
  async #openQueues(name: string, server: Server, { host, port }: { host: string; port: number }): Promise<void> {
    const inherited = await this.#inherited();
    for (let i = 2; i <= (this.#options.queues ?? acceptQueues); i++) {
      const queue = createServer();
      const handle = inherited.get(`${name} ${i}`);
      try {
        if (!handle || !(await this.#listenOn(queue, handle))) await listen(queue, host, port, this.#backlog);
      } catch (failure) {
        // Those that there are do, only more slowly in a rush.
        return this.#options.log.warn("queue-not-opened", { name, queues: i - 1, reason: errno(failure) });
      }
      if (!addQueue(server, queue)) return;
      this.#open.set(`${name} ${i}`, queue);
    }
  }

  async #listenOn(server: Server, handle: BareHandle): Promise<boolean> {
    try {
      await listening(server, () => server.listen(handle, this.#backlog));
      return true;
    } catch (failure) {
      this.#options.log.warn("port-not-inherited", { error: failure });
      handle.close();
      return false;
    }
  }

  #lend(): void {
    const { peers } = this.#options;
    for (const [name, server] of this.#open) {
      const handle = handleOf(server);
      if (handle) peers?.say("successor", { t: "port", name }, handle);
    }
    peers?.say("successor", { t: "ports-lent" });
  }

  /** Asks the predecessor once; without one, or when it does not answer, there is nothing to inherit. */
  #inherited(): Promise<Map<string, BareHandle>> {
    this.#lent ??= new Promise((resolve) => {
      const { peers, succeeds, log, lentWithin = lentWithinMs } = this.#options;
      const handles = new Map<string, BareHandle>();
      if (!succeeds || !peers?.canPass) return resolve(handles);
      const timer = setTimeout(() => {
        log.warn("ports-not-lent");
        resolve(handles);
      }, lentWithin);
      peers.hear("port", ({ name }, handle) => handle && handles.set(String(name), handle));
      peers.hear("ports-lent", () => {
        clearTimeout(timer);
        resolve(handles);
      });
      peers.say("predecessor", { t: "lend-ports" });
    });
    return this.#lent;
  }
}

/** True when the port can be opened once more beside this. */
async function listen(server: Server, host: string, port: number, queue: number): Promise<boolean> {
  try {
    await listening(server, () => server.listen({ host, port, backlog: queue, reusePort: true }));
    return true;
  } catch (failure) {
    // Where the system cannot share a port among processes, one edge has it alone.
    if (errno(failure) !== "ENOTSUP") throw failure;
    await listening(server, () => server.listen({ host, port, backlog }));
    return false;
  }
}

function listening(server: Server, begin: () => void): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.once("listening", () => {
    server.off("error", reject);
    resolve();
  });
  begin();
  return promise;
}
