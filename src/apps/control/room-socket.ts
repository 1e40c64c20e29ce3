import * as v from "valibot";
import type { WebSocket } from "ws";
import { Problem } from "../../foundation/errors.ts";
import { internalProblem } from "../../foundation/link.ts";
import type { Log } from "../../foundation/log.ts";
import type { PriceDue } from "../../wire/price.ts";
import { type ClientMessage, clientMessageSchema, type ServerMessage } from "../../wire/signalling.ts";
import type { ActiveSpace } from "./active-space.ts";
import type { Payer } from "./price/price.ts";

/** The most bytes a message of a client may have. */
export const maxMessageBytes = 64 * 1024;
/** The most bytes that may wait to be read by one client; one that is slower is cut off and comes back. */
export const maxBacklogBytes = 256 * 1024;
/** Messages a client may send at once, and from then on each second. */
const burst = 40;
const perSecond = 20;
/** The most messages that wait while a join is under way. */
const maxEarly = 16;
/** How long a connection may stay without joining. */
export const joinWithinMs = 10_000;
/** How long a client may take to answer a close before it is cut off. */
export const closeWithinMs = 3000;

/** `joining` until the first message is answered. */
export type SocketState =
  | { readonly kind: "joining"; readonly early: ClientMessage[]; asked: boolean }
  | { readonly kind: "joined"; readonly space: ActiveSpace; readonly participant: string }
  | { readonly kind: "closed" };

/** Who opened a connection. */
export type Visitor = Omit<Payer, "payment">;

/** What a connection asks of the rooms it can join. */
export interface SocketOwner {
  join(socket: RoomSocket, message: Extract<ClientMessage, { t: "join" }>): Promise<void>;
  /** One message of somebody who has joined; what it throws is told to the client. */
  said(space: ActiveSpace, participant: string, message: ClientMessage, visitor: Visitor): void | Promise<void>;
  closed(socket: RoomSocket): void;
  readonly log: Log;
  /** Counts a message that was not taken. */
  refused(code: string): void;
}

/** One WebSocket of a room: reads, validates and paces what a client says. */
export class RoomSocket {
  readonly space: string;
  readonly #visitor: Visitor;
  readonly #socket: WebSocket;
  readonly #owner: SocketOwner;
  readonly #joinTimer: NodeJS.Timeout;
  state: SocketState = { kind: "joining", early: [], asked: false };
  #allowance = burst;
  #refilledAt = performance.now();
  #answered = true;
  /** What is said after a close is not heard. */
  #closing = false;
  #lastRoom = "";

  constructor(socket: WebSocket, space: string, visitor: Visitor, owner: SocketOwner) {
    this.#socket = socket;
    this.#owner = owner;
    this.space = space;
    this.#visitor = visitor;
    this.#joinTimer = setTimeout(() => this.close(1008, "nobody joined"), joinWithinMs);
    socket.on("message", (data, isBinary) => this.#read(isBinary ? undefined : (data as Buffer).toString("utf8")));
    socket.on("ping", () => this.#beaten());
    socket.on("pong", () => {
      if (this.#answered) this.#beaten();
      this.#answered = true;
    });
    // An error is always followed by `close`.
    socket.on("error", () => {});
    socket.on("close", () => this.#gone());
  }

  get address(): string {
    return this.#visitor.address;
  }

  /** True while it is open and has not asked to join. */
  get idle(): boolean {
    return this.state.kind === "joining" && !this.state.asked && !this.#closing;
  }

  /** To be called after `state` has become `joined`: says what was waiting. */
  joined(space: ActiveSpace, participant: string): void {
    const early = this.state.kind === "joining" ? this.state.early : [];
    clearTimeout(this.#joinTimer);
    this.state = { kind: "joined", space, participant };
    for (const message of early) this.#say(message);
  }

  send(message: ServerMessage): void {
    this.sendText(JSON.stringify(message));
  }

  sendText(text: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.bufferedAmount > maxBacklogBytes) {
      this.#owner.refused("too-slow");
      this.#socket.terminate();
    } else this.#socket.send(text);
  }

  /** Tells the room, unless it is what this client was told last. */
  sendRoom(text: string): void {
    if (text === this.#lastRoom) return;
    this.#lastRoom = text;
    this.sendText(text);
  }

  refuse(problem: Problem): void {
    const { code, title, detail, action } = problem.toDocument();
    this.#owner.refused(code);
    const price = problem.extension?.["price"] as PriceDue | undefined;
    this.send({ t: "refused", problem: { code, title, detail, action, ...(price ? { price } : {}) } });
  }

  close(code: number, why: string): void {
    this.#closing = true;
    this.#socket.close(code, why);
  }

  /** Closes the connection of somebody who is not in the room any more: its end is no news to the room. */
  dismiss(code: number, why: string): void {
    this.state = { kind: "closed" };
    this.close(code, why);
  }

  terminate(): void {
    this.#socket.terminate();
  }

  /** Asks whether the other side is still there; one that has not answered the last time is cut off. */
  ping(): void {
    if (!this.#answered) {
      this.#socket.terminate();
      return;
    }
    this.#answered = false;
    this.#socket.ping();
  }

  #read(text: string | undefined): void {
    if (this.state.kind === "closed" || this.#closing) return;
    if (!this.#maySay()) {
      this.#flooded();
      return;
    }
    const message = parse(text);
    if (message instanceof Problem) {
      this.refuse(message);
      if (this.state.kind === "joining") this.close(4403, message.code);
      return;
    }
    if (this.state.kind === "joined") this.#say(message);
    else if (!this.state.asked) this.#join(message);
    else if (this.state.early.length < maxEarly) this.state.early.push(message);
    else this.#flooded();
  }

  /** A ping of the client's, or an answer to none of ours: each is work, and counts as a message. */
  #beaten(): void {
    if (this.state.kind !== "closed" && !this.#closing && !this.#maySay()) this.#flooded();
  }

  #flooded(): void {
    this.refuse(tooManyMessages());
    this.close(1008, "too many messages");
  }

  #join(message: ClientMessage): void {
    if (message.t !== "join") {
      this.refuse(messageInvalid("The first message has to be `join`.", "/t"));
      this.close(4403, "not-joined");
      return;
    }
    if (this.state.kind === "joining") this.state.asked = true;
    this.#owner.join(this, message).catch((thrown: unknown) => {
      const problem = this.#problem(thrown);
      this.refuse(problem);
      this.close(closeCode(problem.status), problem.code);
    });
  }

  #say(message: ClientMessage): void {
    if (this.state.kind !== "joined") return;
    const { space, participant } = this.state;
    const say = async (): Promise<void> => this.#owner.said(space, participant, message, this.#visitor);
    say().catch((thrown: unknown) => this.refuse(this.#problem(thrown)));
  }

  #problem(thrown: unknown): Problem {
    if (thrown instanceof Problem) return thrown;
    this.#owner.log.error("message-failed", { space: this.space, error: thrown });
    return internalProblem();
  }

  #maySay(): boolean {
    const now = performance.now();
    this.#allowance = Math.min(burst, this.#allowance + ((now - this.#refilledAt) / 1000) * perSecond);
    this.#refilledAt = now;
    if (this.#allowance < 1) return false;
    this.#allowance--;
    return true;
  }

  #gone(): void {
    clearTimeout(this.#joinTimer);
    this.#owner.closed(this);
    this.state = { kind: "closed" };
  }
}

/** 4401: the token is no good; 4403: not here; 1013: come back later. */
export const closeCode = (status: number): number =>
  status === 401 ? 4401 : status === 429 || status >= 500 ? 1013 : 4403;

function parse(text: string | undefined): ClientMessage | Problem {
  let value: unknown;
  try {
    if (text === undefined) return messageInvalid("It is binary; messages are JSON text.");
    value = JSON.parse(text);
  } catch {
    return messageInvalid("It cannot be read as JSON.");
  }
  const parsed = v.safeParse(clientMessageSchema, value);
  if (parsed.success) return parsed.output;
  const issue = parsed.issues[0];
  const pointer = (issue.path ?? []).map((item) => `/${String(item.key)}`).join("");
  return messageInvalid(issue.message, pointer);
}

const messageInvalid = (detail: string, pointer?: string): Problem =>
  new Problem({
    status: 400,
    code: "message-invalid",
    title: "The message cannot be understood",
    detail: pointer ? `At "${pointer}": ${detail}` : detail,
    action: "Send messages as docs/protocol.md describes them.",
    ...(pointer === undefined ? {} : { pointer }),
  });

const tooManyMessages = (): Problem =>
  new Problem({
    status: 429,
    code: "too-many-messages",
    title: "Too many messages",
    detail: `More than ${burst} messages at once, ${perSecond} a second, or ${maxEarly} before the join was answered.`,
    action: "Send less; the connection may be made anew.",
    retryAfter: 1,
  });
