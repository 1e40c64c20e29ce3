import type { Random } from "../model/random.ts";

/** All that can be mixed into a rehearsal (`rostra rehearse --attack NAME=STRENGTH`). */
export const attackerNames = [
  "request-flood",
  "cache-busting",
  "wild-segments",
  "connection-churn",
  "slow-headers",
  "slow-body",
  "slow-read",
  "idle-connections",
  "range-abuse",
  "header-bombs",
  "api-flood",
  "stage-flood",
  "websocket-flood",
  "fake-listeners",
  "hijacked-players",
  "retry-storm",
] as const;
export type AttackerName = (typeof attackerNames)[number];

/** What the platform owes its listeners while an attack goes on. The conductor judges it from what the swarm measures. */
export const owedPromises = [
  /** Nobody that plays misses a segment or gets wrong bytes. */
  "no-gap",
  /** Who comes gets sound within the join promise. */
  "joins",
  /** The state and the page answer. */
  "answers",
  /** The stage's speakers stay connected and heard. */
  "stage",
  /** Upstream requests do not grow with it: the origin does not notice. */
  "origin-unmoved",
  /** Resident memory stays within the caps. */
  "memory",
] as const;
export type OwedPromise = (typeof owedPromises)[number];

export interface AttackTarget {
  /** Always a loopback address, or one that its owner has permitted. */
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly space: string;
  /** The stage's UDP port, when it is known. */
  readonly stageUdp?: { readonly host: string; readonly port: number };
}

export interface AttackContext {
  readonly target: AttackTarget;
  /** In the attacker's own unit; never more than its `most`. */
  readonly strength: number;
  /** Local addresses to come from, in turn; empty: the system's choice. */
  readonly sources: readonly string[];
  readonly random: Random;
  readonly counts: AttackCounts;
  /** Aborted at the attack's end: everything it holds is let go at once. */
  readonly signal: AbortSignal;
}

/** What the attacker did and what it got; counters only grow. */
export interface AttackCounts {
  /** Connections made, and those that could not be. */
  connected: number;
  failed: number;
  /** Held open now. */
  open: number;
  /** Requests, messages or datagrams sent. */
  sent: number;
  /** Answers by status (or WebSocket close code, or `datagram`). */
  answered: Record<string, number>;
  /** Connections that the other side ended. */
  closed: number;
  bytesSent: number;
  bytesReceived: number;
}

export interface Attacker {
  readonly name: AttackerName;
  /** What its strength counts. */
  readonly unit: "a second" | "connections" | "listeners";
  /** What it does when nothing is said, and the most that it ever does from one process. */
  readonly usual: number;
  readonly most: number;
  readonly owes: readonly OwedPromise[];
  /** Attacks until the signal; resolves once it holds nothing any more. It never throws because of what the target does. */
  attack(context: AttackContext): Promise<void>;
}

/** One attack of a run, as its process is told it. Plain JSON. */
export interface AttackOrder {
  readonly name: AttackerName;
  readonly target: AttackTarget;
  /** Set only by whoever has checked the target's own permit: else the target has to be a loopback address, written as one. */
  readonly permitted?: boolean;
  /** In the attacker's own unit; what is above its `most` is left out. */
  readonly strength: number;
  readonly sources: readonly string[];
  readonly seed: number;
  /** The run's beginning, T0, in ms since 1970, and from when to when it attacks, in seconds from it. */
  readonly beginsAt: number;
  readonly from: number;
  readonly to: number;
}

/** Told each second from the attack's beginning, and once at its end. */
export interface AttackTold {
  readonly t: "second" | "end";
  readonly name: AttackerName;
  /** Seconds from the run's beginning. */
  readonly at: number;
  /** What it really had, after its cap. */
  readonly strength: number;
  readonly counts: AttackCounts;
}
