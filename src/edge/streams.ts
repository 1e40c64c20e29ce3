import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Problem } from "../foundation/errors.ts";
import type { RenditionName } from "../wire/rendition.ts";
import type { Audience } from "./audience.ts";
import type { Witness } from "./census.ts";
import type { Channels } from "./channels.ts";
import type { Directory, SpaceEntry } from "./directory.ts";
import { seatOf } from "./door.ts";
import type { Doorkeeper } from "./doorkeeper.ts";
import { type KnownRequest, KnownRequests } from "./known-requests.ts";
import { readNothing } from "./raw-reads.ts";
import { overloaded, sendRefusal } from "./respond.ts";
import { streamHeaders } from "./stream-head.ts";
import { takeSocket } from "./takeover.ts";

/** How many listeners on endless responses one edge takes. */
export const maxListeners = 100_000;

export interface StreamsOptions {
  readonly directory: Directory;
  readonly channels: Channels;
  readonly audience: Audience;
  readonly keeper: Doorkeeper;
  readonly counts: { joins: number; knownJoins: number; streamOverflow: number };
  /** @default nobody is told */
  readonly witness?: Witness | undefined;
  /** The address of whoever asks. */
  readonly address: (request: IncomingMessage) => string;
  /** @default maxListeners */
  readonly maxListeners?: number | undefined;
}

/** A request for an endless response, on its way to become one. */
interface Joining {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly entry: SpaceEntry;
  readonly rendition: RenditionName;
  /** Of the seat that they showed. */
  readonly nonce: string | undefined;
}

/** Requests for `stream.mp4`: each becomes a listener. */
export class Streams {
  /** Those that have come; see `Arrivals`. */
  readonly known = new KnownRequests();
  readonly #options: StreamsOptions;
  readonly #most: number;
  #joining: Joining[] = [];

  constructor(options: StreamsOptions) {
    this.#options = options;
    this.#most = options.maxListeners ?? maxListeners;
  }

  handle(
    request: IncomingMessage,
    response: ServerResponse,
    entry: SpaceEntry,
    { space, rendition }: { readonly space: string; readonly rendition: RenditionName },
  ): void {
    if (entry.over) return sendRefusal(response, noSound("ended", "It has ended", "Play the replay, if there is one."));
    if (!hasSound(entry, rendition)) {
      const action = "Look at state.json for when it opens.";
      return sendRefusal(response, noSound("not-open-yet", "It has no sound yet", action, 1));
    }
    const { keeper } = this.#options;
    const nonce = keeper.isShut(entry) ? keeper.admit(request, entry) : undefined;
    if (request.method === "HEAD") return void response.writeHead(200, streamHeaders).end();
    if (this.#isFull()) {
      this.#options.counts.streamOverflow++;
      return sendRefusal(response, overloaded("listeners", this.#most, 2));
    }
    const { headers } = request;
    const hasBody = headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined;
    // A response that waits behind another on its connection has no socket to take.
    if (hasBody || response.socket === null) {
      const problem = new Problem({
        status: 400,
        code: "stream-needs-own-connection",
        title: "An endless response needs a connection of its own",
        detail: hasBody ? "The request has a body." : "The request was pipelined behind one that is not answered yet.",
        action: "Send one GET without a body on a new connection.",
      });
      return sendRefusal(response, problem, { connection: "close" });
    }
    // A seat is one listener's.
    if (seatOf(request) === undefined) this.known.learn(request, space, rendition);
    // The parser of this request is on the stack; it can be let go of when it is not.
    if (this.#joining.push({ request, response, entry, rendition, nonce }) === 1) setImmediate(this.#joinAll);
  }

  /** Begins an endless response on a socket that is read raw and was answered nothing; false when it must be refused. */
  join(socket: Socket, { space, rendition, headers }: KnownRequest): boolean {
    const entry = this.#options.directory.find(space);
    if (!entry || entry.over || !hasSound(entry, rendition) || this.#isFull()) return false;
    if (this.#options.keeper.isShut(entry)) return false;
    readNothing(socket);
    const { counts, witness, address } = this.#options;
    counts.knownJoins++;
    witness?.asked(address({ socket, headers } as IncomingMessage));
    this.#begin(socket, entry, rendition, { socket, headers });
    return true;
  }

  /** All who came in one turn of the loop. */
  readonly #joinAll = (): void => {
    const joining = this.#joining;
    this.#joining = [];
    for (const { request, response, entry, rendition, nonce } of joining) {
      if (response.destroyed || request.socket.destroyed) continue;
      this.#begin(takeSocket(request, response), entry, rendition, request, nonce);
    }
  };

  #begin(socket: Socket, entry: SpaceEntry, rendition: RenditionName, asked: Asked, nonce?: string): void {
    const { audience, channels, counts, address, witness, keeper } = this.#options;
    counts.joins++;
    const { id } = entry.state;
    // An address depends on nothing else of a request.
    const from = address(asked as IncomingMessage);
    witness?.joined(from);
    audience.heard(id, audience.key(id, from, asked.headers["user-agent"] ?? ""));
    channels.get(entry, rendition).join(socket, keeper.seat(id, socket, nonce));
  }

  #isFull(): boolean {
    return this.#options.channels.listeners >= this.#most;
  }
}

/** What is known of who asks. */
type Asked = Pick<IncomingMessage, "socket" | "headers">;

const hasSound = (entry: SpaceEntry, rendition: RenditionName): boolean =>
  entry.init(rendition) !== undefined && entry.state.epochMs !== null;

const noSound = (code: string, title: string, action: string, retryAfter?: number): Problem =>
  new Problem({
    status: 404,
    code,
    title,
    detail: "There is no live sound here now.",
    action,
    ...(retryAfter === undefined ? {} : { retryAfter }),
  });
