import type { IncomingMessage } from "node:http";
import type { Server, Socket } from "node:net";
import { Problem } from "../foundation/errors.ts";
import { peerAddress, speaksForOthers, type Trust } from "./client-address.ts";
import { interpose } from "./first-bytes.ts";
import { beyondGapMs, Pace, spentGapMs } from "./pace.ts";
import { refuseRaw } from "./raw-answer.ts";

/** What a client did that costs this server something and the client nothing. */
export type Misdeed =
  | "bad-request"
  | "slow-request"
  | "undrained"
  | "failed-handshake"
  | "refused"
  | "spare"
  | "flood"
  | "unused-handshake";

/** Whoever decides which connections may come. It knows addresses and what they did, and nothing of HTTP. */
export interface Guard {
  /** A new connection: it may come, is told to come later, or is closed. It may be looked at until it is closed. */
  arrive(address: string, connection: Socket): "yes" | "later" | "drop";
  /** The same for one request of a client behind a proxy that is believed. */
  admit(address: string): "yes" | "later" | "drop";
  /** True when the address has done so much that its connection is to be closed. */
  saw(address: string, what: Misdeed): boolean;
  /** How many connections of an address have behaved lately. */
  behavedAt(address: string): number;
  /** Another edge of the installation speaks from this address. */
  vouch(address: string): void;
  /** Called some times a second; monotonic ms. */
  tick(now: number): void;
}

/** How many that have to wait are told so within a second; above it they are closed. */
export const maxTold = 500;
/** So many refused requests a connection may have sent when its address has spent its budget; then it is closed. */
export const maxRefusals = 16;

/** How a guard is asked where connections come in. */
export class Gate {
  readonly #guard: Guard;
  readonly #trust: Trust;
  readonly #refusals = new WeakMap<Socket, number>();
  /** How often each connection asks; `null` for those that speak for others. */
  readonly #paces = new WeakMap<Socket, Pace | null>();
  #told = 0;
  #tellsFrom = 0;

  constructor(guard: Guard, trust: Trust) {
    this.#guard = guard;
    this.#trust = trust;
  }

  /** To be called before whatever says who is at the other end is put before the server. */
  watch(server: Server, speaks: "http" | "tls"): void {
    interpose(server, (socket, goOn) => {
      const address = peerAddress(socket);
      // Many are behind it, and who they are is known when they ask.
      if (speaksForOthers(this.#trust, address)) return goOn();
      const decision = this.#guard.arrive(address, socket);
      if (decision === "yes") return goOn();
      if (decision === "drop" || speaks === "tls" || !this.#tells()) return void socket.destroy();
      socket.on("error", () => socket.destroy());
      refuseRaw(socket, slowDown());
    });
  }

  /** What a request is told when its client, who is behind a proxy, may not ask now. */
  refusal(request: IncomingMessage, address: (request: IncomingMessage) => string): Problem | undefined {
    if (!speaksForOthers(this.#trust, peerAddress(request.socket))) return undefined;
    return this.#guard.admit(address(request)) === "yes" ? undefined : slowDown();
  }

  /** How often a connection asks: that of whoever's request this is. Undefined for a proxy or an edge, behind which many ask. */
  paceOf(request: IncomingMessage): Pace | undefined {
    const { socket } = request;
    let pace = this.#paces.get(socket);
    if (pace === undefined) {
      const address = peerAddress(socket);
      const isMany =
        address === "unknown" || speaksForOthers(this.#trust, address) || (this.#trust.isEdge?.(request) ?? false);
      this.#paces.set(socket, (pace = isMany ? null : new Pace()));
    }
    return pace ?? undefined;
  }

  /** For how long a request has to wait; 0 for all but those of who asks more than pages and players do. */
  wait(request: IncomingMessage, address: (request: IncomingMessage) => string): number {
    const pace = this.paceOf(request);
    const now = performance.now();
    return pace === undefined || pace.isKept(now) ? 0 : this.waitBeyond(pace, now, address(request));
  }

  /** The same for a request of which it is known already that it is beyond its connection's pace. */
  waitBeyond(pace: Pace, now: number, address: string): number {
    return pace.wait(now, this.#guard.saw(address, "flood") ? spentGapMs : beyondGapMs);
  }

  /** A request was refused. Closes the connection when it and its address have had too many of these. */
  refused(request: IncomingMessage, address: string): void {
    const isSpent = this.#guard.saw(address, "refused");
    const { socket } = request;
    const refusals = (this.#refusals.get(socket) ?? 0) + 1;
    this.#refusals.set(socket, refusals);
    if (isSpent && refusals >= maxRefusals && !speaksForOthers(this.#trust, peerAddress(socket))) socket.destroySoon();
  }

  /** What somebody did whose connection is there, or was. */
  saw(socket: Socket, what: Misdeed): void {
    const address = peerAddress(socket);
    if (address !== "unknown" && !speaksForOthers(this.#trust, address)) this.#guard.saw(address, what);
  }

  tick(now: number): void {
    this.#guard.tick(now);
  }

  #tells(): boolean {
    const now = performance.now();
    if (now - this.#tellsFrom >= 1000) [this.#told, this.#tellsFrom] = [0, now];
    return ++this.#told <= maxTold;
  }
}

/** Different for each, so that they do not all come back at once. */
const slowDown = (): Problem =>
  new Problem({
    status: 429,
    code: "slow-down",
    title: "Too much goes wrong with connections from your network",
    detail:
      "Connections from your address, or from those around it, did so much that new ones have to wait. Who plays goes on.",
    action: "Try again after the time that Retry-After names. Behind an address that many share some always come in.",
    retryAfter: 1 + Math.floor(Math.random() * 4),
  });
