import { Socket } from "node:net";
import type { Adoption } from "../../edge/adoption.ts";
import type { Position } from "../../edge/fan-out.ts";
import type { ChannelName, Successor } from "../../edge/hand-over.ts";
import type { Log } from "../../foundation/log.ts";
import { type BareHandle, handleOf, type Peers } from "./peers.ts";

/** What a process and its successor must both speak to hand listeners over; of different ones, listeners are drained. */
const version = 1;
/** For how long a successor may take to have renditions at hand, ms. */
const preparedWithinMs = 5000;

/** The successor as the process that it replaces talks to it: over the supervisor, one message for each listener. */
export class SuccessorOverPeers implements Successor {
  readonly #peers: Peers;
  #underWay = 0;
  #gone = false;
  #names: readonly ChannelName[] = [];

  constructor(peers: Peers) {
    this.#peers = peers;
    peers.hear("seated", ({ count }) => (this.#underWay -= Number(count)));
    peers.hear("successor-gone", () => (this.#gone = true));
  }

  get underWay(): number {
    return this.#underWay;
  }

  get gone(): boolean {
    return this.#gone || !this.#peers.canPass;
  }

  prepare(names: readonly ChannelName[]): Promise<readonly boolean[]> {
    this.#names = names;
    const { promise, resolve } = Promise.withResolvers<readonly boolean[]>();
    const timer = setTimeout(() => resolve([]), preparedWithinMs);
    this.#peers.hear("prepared", ({ ready }) => {
      clearTimeout(timer);
      resolve(Array.isArray(ready) ? (ready as boolean[]) : []);
    });
    this.#peers.say("successor", { t: "prepare", version, names });
    return promise;
  }

  give(name: ChannelName, at: Position, socket: Socket, refused: () => void): void {
    const handle = handleOf(socket);
    if (!handle) return;
    // What the client does from now on is for the successor to see.
    socket.pause();
    this.#underWay++;
    this.#peers.say("successor", { t: "seat", name: this.#names.indexOf(name), at }, handle, (failure) => {
      // Destroyed is only this process's copy; the connection stays with whoever has the other.
      if (!failure) return void socket.destroy();
      this.#underWay--;
      refused();
    });
  }
}

/** Lets a process take the listeners of the one whose place it has. */
export function takeSeats(peers: Peers, adoption: Adoption, log: Log): void {
  let names: readonly ChannelName[] = [];
  let seated = 0;
  peers.hear("prepare", (message) => {
    names = message["version"] === version ? (message["names"] as readonly ChannelName[]) : [];
    void adoption.prepare(names).then((ready) => peers.say("predecessor", { t: "prepared", ready }));
  });
  peers.hear("seat", ({ name: index, at }, handle) => {
    // Told once for all that came in one turn of the loop.
    if (seated++ === 0) {
      setImmediate(() => {
        peers.say("predecessor", { t: "seated", count: seated });
        seated = 0;
      });
    }
    const name = names[Number(index)];
    if (!handle) return log.warn("seat-without-socket");
    if (!name) return handle.close();
    adoption.adopt(name, at as Position, socketOf(handle));
  });
}

const socketOf = (handle: BareHandle): Socket =>
  new Socket({ handle, readable: true, writable: true } as unknown as ConstructorParameters<typeof Socket>[0]);
