import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Problem } from "../foundation/errors.ts";
import { overloaded } from "./respond.ts";
import type { Sliced, Slices } from "./slices.ts";

/** Requests that wait for their slice at most, of each kind; one more is refused. */
export const maxBacklog = 5000;

const isJoin = (url: string): boolean => url.includes("/stream.mp4");

/** With so many that wait there are more than there is time for. */
const rushFrom = 2000;

interface Waiting {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Requests of one kind, answered one after the other in time slices. */
class Queue implements Sliced {
  readonly #answer: (request: IncomingMessage, response: ServerResponse) => void;
  #waiting: Waiting[] = [];
  #at = 0;

  constructor(answer: (request: IncomingMessage, response: ServerResponse) => void) {
    this.#answer = answer;
  }

  get size(): number {
    return this.#waiting.length - this.#at;
  }

  push(one: Waiting): void {
    this.#waiting.push(one);
  }

  step(isOver: () => boolean): boolean {
    for (let one = this.#waiting[this.#at]; one; one = this.#waiting[this.#at]) {
      this.#at++;
      if (!one.response.destroyed) this.#answer(one.request, one.response);
      if (isOver()) break;
    }
    if (this.#at < this.#waiting.length) {
      if (this.#at < maxBacklog) return false;
      this.#waiting.splice(0, this.#at);
      this.#at = 0;
      return false;
    }
    this.#waiting = [];
    this.#at = 0;
    return true;
  }
}

/** What happens to requests that wait; a number that only grows. */
export interface BacklogCounts {
  /** Refused, because too many waited. */
  backlogOverflow: number;
}

export interface BacklogOptions {
  readonly slices: Slices;
  readonly counts: BacklogCounts;
  readonly answer: (request: IncomingMessage, response: ServerResponse) => void;
  /** Whether another edge of this installation asks. */
  readonly isEdge: (request: IncomingMessage) => boolean;
}

/**
 * In which order requests are answered when there are more than there is time for: who joins, and another edge, at once; all others
 * have a share of the loop together, and in it those that are first on their connection, later ones, and those for control have
 * turns. Nobody sends the next request before the last one is answered, or is closed for it: so as many come as are answered, the
 * loop's turns stay short, and whoever connects is heard soon. With time for all, each is answered in the turn in which it came.
 */
export class Backlog {
  readonly #options: BacklogOptions;
  readonly #first: Queue;
  readonly #later: Queue;
  readonly #control: Queue;
  readonly #asked = new WeakSet<Socket>();

  constructor(options: BacklogOptions) {
    this.#options = options;
    [this.#first, this.#later, this.#control] = [
      new Queue(options.answer),
      new Queue(options.answer),
      new Queue(options.answer),
    ];
  }

  get size(): number {
    return this.#first.size + this.#later.size + this.#control.size;
  }

  /** Whether so many wait that it takes its time. */
  get isRush(): boolean {
    return this.size >= rushFrom;
  }

  /** Answers a request, now or later; gives a refusal when too many wait. */
  take(request: IncomingMessage, response: ServerResponse): Problem | undefined {
    const { answer, counts, isEdge, slices } = this.#options;
    const { url = "", socket } = request;
    if (isJoin(url) || isEdge(request)) {
      answer(request, response);
      return undefined;
    }
    const isFirst = !this.#asked.has(socket);
    if (isFirst) this.#asked.add(socket);
    const queue = url.startsWith("/api/") ? this.#control : isFirst ? this.#first : this.#later;
    if (queue.size >= maxBacklog) {
      counts.backlogOverflow++;
      return overloaded("requests that wait for an answer", maxBacklog);
    }
    queue.push({ request, response });
    slices.later(queue);
    return undefined;
  }
}
