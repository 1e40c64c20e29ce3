import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { promisify } from "node:util";

/** Requests of one connection that may wait behind another one; a connection with more is closed. */
export const maxPipelined = 64;
/** The same where many requests wait for their turn: whoever waits for answers sends them one by one. */
export const maxPipelinedInRush = 8;
/** Whoever has asked for nothing for so long (ms) plays no segments: these connections are closed first when there is no room. */
export const idleAfterMs = 3000;
/**
 * That is halved at each look at which newcomers have been refused, down to this (ms): an idle client that is closed comes again
 * when it wants something, and who is refused wants something now.
 */
export const leastIdleMs = 750;
/** Who plays numbered segments asks every second or so, and has had some thousand bytes of each. */
const playsWithinMs = 6000;
const playsFromBytes = 16 * 1024;
/**
 * Descriptors that what goes on from here takes at most before it takes of the room for connections. Whoever fits the
 * number of connections to that of descriptors leaves these out.
 */
export const onwardRoom = 256;
/** From this share of the room on idle connections are closed, down to the other. */
const nearlyFull = 0.9;
const roomAgain = 0.8;

/** What happens to connections as such; numbers that only grow. */
export interface ConnectionCounts {
  /** Closed at once, because there were as many as there may be. */
  connectionsRefused: number;
  /** Closed to make room, because nothing had been asked for on them for a while. */
  idleCloses: number;
  /** Closed because too many requests waited behind another. */
  pipelineOverflow: number;
}

export interface ConnectionsOptions {
  readonly counts: ConnectionCounts;
  /** Connections in this process at once, all servers together. @default as many as come */
  readonly most?: number | undefined;
  /** How many descriptors are taken by something else now. @default none */
  readonly elsewhere?: (() => number) | undefined;
  /** Told of each connection behind TLS that is closed without a request: its handshake served nobody. @default nobody is */
  readonly onUnused?: ((socket: Socket) => void) | undefined;
  /** Closes up to `most` connections of others that have been idle since `before` (monotonic ms), and says how many. */
  readonly closeIdle?: ((most: number, before: number) => number) | undefined;
  /** Told of a connection that is closed because too many requests wait on it. */
  readonly onOverflow?: ((socket: Socket) => void) | undefined;
}

interface Visit {
  /** When it came, or asked last; monotonic ms, a little before. */
  at: number;
  /** The answer to the latest request. */
  latest: ServerResponse | undefined;
  /** Requests that came while another one was not answered, and are not answered yet. */
  behind: number;
  /** For how long (ms) it had stood still when it was last looked, and how many bytes had passed by then. */
  still: { readonly ms: number; readonly bytes: number } | undefined;
}

/**
 * The connections that Node's HTTP servers have, those that asked longest ago first. Their number has a cap, so that there
 * are always descriptors left for what those who play need; when it is nearly reached, idle ones make room.
 */
export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #servers: Server[] = [];
  readonly #visits = new Map<Duplex, Visit>();
  #now = performance.now();
  /** After how long idle ones are closed now when there is no room. */
  #idleMs = idleAfterMs;
  #refusedBefore = 0;
  /** All connections of the servers when it was last looked, those that HTTP has let go of as well. */
  open = 0;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  /** @param event with which the server has a connection that is ready for HTTP */
  watch(server: Server, event: "connection" | "secureConnection"): void {
    const { most, counts, onUnused } = this.#options;
    this.#servers.push(server);
    if (most !== undefined) server.maxConnections = most;
    server.on("drop", () => counts.connectionsRefused++);
    // Also called when HTTP is told that the socket is closed because it is somebody else's now.
    const forget = (socket: Duplex): void => void this.#visits.delete(socket);
    const isUnused = (socket: Socket): boolean =>
      event === "secureConnection" && this.#visits.get(socket)?.latest === undefined && this.#visits.has(socket);
    function closed(this: Socket): void {
      if (isUnused(this)) onUnused?.(this);
      forget(this);
    }
    server.on(event, (socket: Socket) => {
      this.#visits.set(socket, { at: this.#now, latest: undefined, behind: 0, still: undefined });
      socket.on("close", closed);
    });
  }

  /** Notes a request; false when its connection had to be closed. `isRush`: many wait for their turn. */
  asked({ socket }: IncomingMessage, response: ServerResponse, isRush = false): boolean {
    const visit = this.#visits.get(socket);
    if (!visit) return !socket.destroyed;
    // Those who asked last are last.
    this.#visits.delete(socket);
    this.#visits.set(socket, visit);
    visit.at = this.#now;
    visit.latest = response;
    if (response.socket !== null) return true;
    if (visit.behind >= (isRush ? maxPipelinedInRush : maxPipelined)) {
      this.refuse(socket);
      // What came with it is not looked at any more.
      this.#visits.delete(socket);
      socket.destroy();
      return false;
    }
    visit.behind++;
    response.once("close", () => visit.behind--);
    return true;
  }

  /** Notes that too many requests came on a connection, which whoever calls this closes. */
  refuse(socket: Socket): void {
    this.#options.counts.pipelineOverflow++;
    this.#options.onOverflow?.(socket);
  }

  /** Whether an answer is being written: bytes of another one would become part of it. */
  isAnswering(socket: Duplex): boolean {
    const visit = this.#visits.get(socket);
    if (!visit?.latest) return false;
    return visit.behind > 0 || (visit.latest.headersSent && !visit.latest.writableFinished);
  }

  /**
   * Whether a connection that has stood still for `ms` more only waits for its answer, and has not for `most` in all. A
   * client that is owed bytes does not wait for us.
   */
  isWaiting(socket: Socket, ms: number, most: number): boolean {
    const visit = this.#visits.get(socket);
    if (!visit?.latest || visit.latest.writableFinished || visit.latest.destroyed || socket.writableLength > 0)
      return false;
    const bytes = socket.bytesRead + socket.bytesWritten;
    const before = visit.still?.bytes === bytes ? visit.still.ms : 0;
    visit.still = { ms: before + ms, bytes };
    return before + ms < most;
  }

  /** Sockets on which somebody seems to play: something was asked for lately, and some segments' bytes have gone to it. */
  *playing(): Generator<Socket> {
    for (const [socket, { at, latest }] of this.#visits)
      if (latest && this.#now - at < playsWithinMs && (socket as Socket).bytesWritten >= playsFromBytes)
        yield socket as Socket;
  }

  /** It is no HTTP any more. */
  left(socket: Duplex): void {
    this.#visits.delete(socket);
  }

  /** Looks how many there are, and makes room. To be called some times a second. */
  async sweep(now: number): Promise<void> {
    this.#now = now;
    const counted = await Promise.all(this.#servers.map((server) => promisify(server.getConnections.bind(server))()));
    this.open = counted.reduce((sum, count) => sum + count, 0);
    const { most, elsewhere, counts, closeIdle } = this.#options;
    if (most === undefined) return;
    const room = Math.max(0, most - Math.max(0, (elsewhere?.() ?? 0) - onwardRoom));
    for (const [i, server] of this.#servers.entries())
      server.maxConnections = Math.max(0, room - (this.open - (counted[i] ?? 0)));
    const isRoomy = this.open <= room * nearlyFull;
    if (counts.connectionsRefused > this.#refusedBefore) this.#idleMs = Math.max(leastIdleMs, this.#idleMs / 2);
    else if (isRoomy) this.#idleMs = Math.min(idleAfterMs, this.#idleMs * 2);
    this.#refusedBefore = counts.connectionsRefused;
    if (isRoomy) return;
    const before = now - this.#idleMs;
    const tooMany = Math.ceil(this.open - room * roomAgain);
    const closed = this.#closeIdle(tooMany, before);
    counts.idleCloses += closed + (closeIdle?.(tooMany - closed, before) ?? 0);
  }

  #closeIdle(most: number, before: number): number {
    let closed = 0;
    for (const [socket, { at, latest }] of this.#visits) {
      if (closed >= most || at > before) break;
      if (latest && !latest.writableFinished && !latest.destroyed) continue;
      socket.destroy();
      closed++;
    }
    return closed;
  }
}
