import type { SendHandle } from "node:child_process";
import type { Socket } from "node:net";

/** Who else there is: who comes after a process, who was before it, and all others that serve what it does. */
export type Peer = "successor" | "predecessor" | "siblings";

/** Something said to a peer: its type, and whatever belongs to it. */
export interface PeerMessage {
  readonly t: string;
  readonly [member: string]: unknown;
}

/** A bare handle of libuv: a socket, or a port, that nobody reads from or accepts on yet. */
export interface BareHandle {
  close(): void;
}

type Hear = (message: PeerMessage, handle: BareHandle | undefined) => void;

/**
 * What a process says to its successor and its predecessor, sockets and all, and to its siblings: over the channel to their supervisor, which
 * passes it on. Where there is none, everything said is lost.
 */
export class Peers {
  readonly #process: NodeJS.Process;
  readonly #hearers = new Map<string, Hear>();

  constructor(process_: NodeJS.Process) {
    this.#process = process_;
    process_.on("message", (message: PeerMessage, handle: unknown) =>
      this.#hearers.get(message.t)?.(message, handle as BareHandle | undefined),
    );
  }

  /** Whether sockets can be passed at all: not on Windows, where a listening one in two processes blocks both. */
  get canPass(): boolean {
    return this.#process.platform !== "win32" && this.#process.connected;
  }

  /** One hearer for each type of message. */
  hear(type: string, hear: Hear): void {
    this.#hearers.set(type, hear);
  }

  /** `done` is called once it is on its way, with an error when it could not be sent. */
  say(to: Peer, message: PeerMessage, handle?: BareHandle, done: (failure: Error | null) => void = () => {}): void {
    if (!this.#process.connected) return done(new Error("the supervisor is gone"));
    this.#process.send?.({ to, ...message }, handle as SendHandle | undefined, {}, done);
  }
}

/**
 * The handle of a socket or a server. Sent as it is and not as the socket or server it belongs to: those would be read from, or
 * accepted on, by the supervisor that they pass through.
 */
export const handleOf = (owner: Socket | import("node:net").Server): BareHandle | undefined =>
  (owner as unknown as { readonly _handle?: BareHandle | null })._handle ?? undefined;
