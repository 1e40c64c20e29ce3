import type { ProblemDocument } from "../../src/foundation/errors.ts";
import type { Milliseconds } from "../../src/foundation/duration.ts";
import type { ClientMessage, RoomPerson, ServerMessage } from "../../src/wire/signalling.ts";
import type { PublicStatus, Role } from "../../src/wire/state.ts";
import { HandPayer } from "../price/hand-payer.ts";
import { retryDelay } from "./backoff.ts";
import { type Readable, Store } from "./store.ts";

/** The most messages kept while the room is out of reach; the oldest are dropped and counted. */
export const maxQueuedMessages = 32;

type Of<T extends ServerMessage["t"]> = Extract<ServerMessage, { t: T }>;
export type RoomProblem = Pick<ProblemDocument, "code" | "title" | "detail" | "action">;
export type Health = Omit<Of<"health">, "t">;

export type RoomState =
  | { readonly kind: "connecting"; readonly attempt: number }
  | {
      readonly kind: "joined";
      readonly you: string;
      readonly role: Role;
      readonly token: string;
      readonly limits: Of<"welcome">["limits"];
    }
  | { readonly kind: "waiting"; readonly attempt: number; readonly delay: Milliseconds }
  | { readonly kind: "refused"; readonly problem: RoomProblem | undefined }
  /** A host took this person out of the room. */
  | { readonly kind: "removed"; readonly by: string }
  | { readonly kind: "left" };

/** The room as last told; it stays while the connection is away. */
export interface RoomView {
  readonly status: PublicStatus;
  readonly hold: boolean;
  readonly notice: string;
  readonly people: readonly RoomPerson[];
}

/** What happens once and is not part of the room's state. */
export type RoomMoment = Of<"rejoin"> | Of<"invited"> | Of<"role"> | Of<"muted-by"> | Of<"removed"> | Of<"refused">;

/** Where the participant's token is kept: `sessionStorage`, so that a reload comes back to the same place. */
export type TokenStore = Pick<Storage, "getItem" | "setItem" | "removeItem">;

export interface RoomClientOptions {
  /** `wss://…/api/v1/spaces/{id}/room`. */
  readonly url: string;
  /** Names the stored token: one per Space. */
  readonly space: string;
  /** An invite or host token for the first join; afterwards the participant's stored token counts. */
  readonly token?: string | undefined;
  readonly name?: string | undefined;
  /** @default sessionStorage */
  readonly store?: TokenStore;
  /** @default opens a WebSocket */
  readonly openSocket?: (url: string) => WebSocket;
  /** @default Math.random */
  readonly random?: () => number;
  /** How long to wait before an attempt. @default retryDelay, as for those on stage */
  readonly delay?: typeof retryDelay;
}

export const tokenKey = (space: string): string => `rostra:participant:${space}`;

/** The server closes with these when the token is no good (4401) or the person may not be here (4403). */
const closedForGood = new Set([4401, 4403]);

/** One person's connection to a Space's room, remade when it breaks; a person keeps their place by their token. */
export class RoomClient {
  readonly #options: RoomClientOptions;
  readonly #store: TokenStore;
  readonly #state = new Store<RoomState>({ kind: "left" });
  readonly #view = new Store<RoomView | undefined>(undefined);
  readonly #voices = new Store<ReadonlyMap<string, number>>(new Map());
  readonly #health = new Store<Health | undefined>(undefined);
  readonly #onMoment = new Set<(moment: RoomMoment) => void>();
  readonly #queue: ClientMessage[] = [];
  readonly #wake = (): void => this.#tryNow();
  readonly #payer = new HandPayer((price) => this.#deliver({ t: "hand", raised: true, ...(price ? { price } : {}) }));
  #dropped = 0;
  #attempts = 0;
  #token: string | undefined;
  #name: string | undefined;
  #socket: WebSocket | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #refusal: RoomProblem | undefined;

  constructor(options: RoomClientOptions) {
    this.#options = options;
    this.#store = options.store ?? sessionStorage;
    this.#name = options.name;
    this.#token = options.token;
  }

  get state(): Readable<RoomState> {
    return this.#state;
  }
  get view(): Readable<RoomView | undefined> {
    return this.#view;
  }
  /** Who speaks now, with a level 0…9. */
  get voices(): Readable<ReadonlyMap<string, number>> {
    return this.#voices;
  }
  get health(): Readable<Health | undefined> {
    return this.#health;
  }
  /** What to show while a raised hand's price is paid; empty when there is nothing to say. */
  get paying(): Readable<string> {
    return this.#payer.words;
  }
  /** How many messages were dropped because the room was out of reach for too long. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Calls `run` for what happens once, until the function returned is called. */
  onMoment(run: (moment: RoomMoment) => void): () => void {
    this.#onMoment.add(run);
    return () => void this.#onMoment.delete(run);
  }

  join(): void {
    const kind = this.#state.get().kind;
    if (kind === "connecting" || kind === "joined" || kind === "waiting") return;
    this.#attempts = 0;
    globalThis.addEventListener?.("online", this.#wake);
    this.#connect();
  }

  /** Sends now, or once the room is reached again. The last word on a thing replaces the earlier one in the queue. */
  send(message: ClientMessage): void {
    if (message.t === "hand") this.#payer.begin();
    this.#deliver(message);
  }

  #deliver(message: ClientMessage): void {
    if (this.#state.get().kind === "joined") {
      this.#socket?.send(JSON.stringify(message));
      return;
    }
    if (message.t === "rename") this.#name = message.name;
    const repeated = this.#queue.findIndex((one) => one.t === message.t && replaces.has(one.t));
    if (repeated >= 0) this.#queue.splice(repeated, 1);
    this.#queue.push(message);
    if (this.#queue.length > maxQueuedMessages) {
      this.#queue.shift();
      this.#dropped++;
    }
  }

  /** Gives the place up for good. Safe to call twice. */
  leave(): void {
    const kind = this.#state.get().kind;
    if (kind === "joined") this.send({ t: "leave" });
    this.#store.removeItem(tokenKey(this.#options.space));
    // Why somebody is out already stays true.
    if (kind !== "removed" && kind !== "refused") this.#stop({ kind: "left" });
  }

  /** Closes the connection and keeps the place, as when the page is closed. */
  detach(): void {
    this.#stop({ kind: "left" });
  }

  #connect(): void {
    const attempt = ++this.#attempts;
    this.#state.set({ kind: "connecting", attempt });
    this.#refusal = undefined;
    const open = this.#options.openSocket ?? ((url: string) => new WebSocket(url));
    const socket = open(this.#options.url);
    this.#socket = socket;
    const isCurrent = (): boolean => this.#socket === socket;
    socket.addEventListener("open", () => {
      if (!isCurrent()) return;
      const token = this.#token ?? this.#store.getItem(tokenKey(this.#options.space)) ?? undefined;
      socket.send(
        JSON.stringify({
          t: "join",
          ...(token === undefined ? {} : { token }),
          ...(this.#name === undefined ? {} : { name: this.#name }),
        } satisfies ClientMessage),
      );
    });
    socket.addEventListener("message", (event: MessageEvent<unknown>) => {
      if (isCurrent() && typeof event.data === "string") this.#read(event.data);
    });
    socket.addEventListener("close", (event) => {
      if (isCurrent()) this.#closed(event.code);
    });
  }

  #read(text: string): void {
    let message: ServerMessage;
    try {
      message = JSON.parse(text) as ServerMessage;
    } catch {
      return;
    }
    switch (message.t) {
      case "welcome":
        this.#welcomed(message);
        break;
      case "room":
        this.#view.set({
          status: message.status,
          hold: message.hold,
          notice: message.notice,
          people: message.people,
        });
        break;
      case "voices":
        this.#voices.set(new Map(message.v));
        break;
      case "health":
        this.#health.set(message);
        break;
      case "role":
        this.#newRole(message);
        break;
      case "removed":
        this.#store.removeItem(tokenKey(this.#options.space));
        this.#tell(message);
        this.#stop({ kind: "removed", by: message.by });
        break;
      case "refused":
        if (this.#payer.refused(message.problem)) break;
        this.#refusal = message.problem;
        this.#tell(message);
        break;
      case "rejoin":
      case "invited":
      case "muted-by":
        this.#tell(message);
        break;
      default:
      // A newer server may say more than this page knows.
    }
  }

  #welcomed(message: Of<"welcome">): void {
    this.#attempts = 0;
    this.#token = undefined;
    this.#store.setItem(tokenKey(this.#options.space), message.token);
    const { you, role, token, limits } = message;
    this.#state.set({ kind: "joined", you, role, token, limits });
    for (const waiting of this.#queue.splice(0)) this.#socket?.send(JSON.stringify(waiting));
  }

  #newRole(message: Of<"role">): void {
    this.#store.setItem(tokenKey(this.#options.space), message.token);
    const state = this.#state.get();
    if (state.kind === "joined") this.#state.set({ ...state, role: message.role, token: message.token });
    this.#tell(message);
  }

  #closed(code: number): void {
    this.#socket = undefined;
    this.#forget();
    if (closedForGood.has(code)) {
      this.#store.removeItem(tokenKey(this.#options.space));
      this.#stop({ kind: "refused", problem: this.#refusal });
      return;
    }
    const attempt = Math.max(1, this.#attempts);
    const delay = (this.#options.delay ?? retryDelay)(attempt, this.#options.random);
    this.#state.set({ kind: "waiting", attempt, delay });
    this.#timer = setTimeout(() => this.#connect(), delay);
  }

  #tryNow(): void {
    if (this.#state.get().kind !== "waiting") return;
    clearTimeout(this.#timer);
    this.#connect();
  }

  #stop(state: RoomState): void {
    clearTimeout(this.#timer);
    this.#payer.cancel();
    globalThis.removeEventListener?.("online", this.#wake);
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close(1000);
    this.#forget();
    this.#queue.length = 0;
    this.#state.set(state);
  }

  /** What is true for a moment only. */
  #forget(): void {
    this.#voices.set(new Map());
    this.#health.set(undefined);
  }

  #tell(moment: RoomMoment): void {
    for (const run of this.#onMoment) run(moment);
  }
}

/** Messages of which only the last one counts. */
const replaces: ReadonlySet<ClientMessage["t"]> = new Set(["rename", "mute", "hand", "step-up", "notice"]);
