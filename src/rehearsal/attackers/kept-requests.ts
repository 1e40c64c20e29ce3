import type { Socket } from "node:net";
import { Answers } from "./answers.ts";
import type { AttackCounts } from "./contract.ts";
import type { RawConnections } from "./raw-connections.ts";

/**
 * Requests on kept connections, each once the answer before it is whole. Up to `most` are opened before one is used again, then they
 * take turns, those that have rested longest first. One that the target closes is opened anew with the next request.
 */
export class KeptRequests {
  readonly #connections: RawConnections;
  readonly #counts: AttackCounts;
  readonly #most: number;
  readonly #free = new Set<Socket>();
  #open = 0;

  constructor(connections: RawConnections, counts: AttackCounts, most: number) {
    this.#connections = connections;
    this.#counts = counts;
    this.#most = most;
  }

  /** Sends one request, as it is; false when all connections wait for an answer. */
  ask(bytes: string | Buffer): boolean {
    if (this.#open < this.#most) {
      this.#openWith(bytes);
      return true;
    }
    for (const socket of this.#free) {
      this.#free.delete(socket);
      if (socket.destroyed) continue;
      this.#connections.send(socket, bytes);
      return true;
    }
    return false;
  }

  #openWith(bytes: string | Buffer): void {
    this.#open++;
    let answers: Answers | undefined;
    const socket = this.#connections.open({
      opened: () => {
        answers = new Answers(this.#counts, () => this.#free.add(socket));
        this.#connections.send(socket, bytes);
      },
      data: (part) => answers?.read(part),
      gone: () => {
        this.#open--;
        this.#free.delete(socket);
      },
    });
  }
}
