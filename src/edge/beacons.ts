import type { IncomingMessage, ServerResponse } from "node:http";
import { Problem } from "../foundation/errors.ts";
import { beaconEveryMs, maxBeaconHalvings } from "../wire/state.ts";
import type { Audience, ListenerKey } from "./audience.ts";
import type { SpaceEntry } from "./directory.ts";
import { openHeaders, refuseUnread } from "./respond.ts";

/** How many beacons a second one edge counts. */
export const maxBeaconsPerSecond = 2000;
/**
 * How many listeners the beacons of one address may stand for within `beaconEveryMs`; one beacon always counts, whatever
 * it stands for. So a crowd behind one address is counted up to here, and an address can make no more of itself.
 */
export const maxPlayersPerAddress = 200;
/** Of how many addresses beacons are counted within `beaconEveryMs`. */
export const maxBeaconAddresses = 50_000;

const answerHead = { ...openHeaders, "cache-control": "no-store" } as const;

export interface BeaconsOptions {
  readonly audience: Audience;
  /** The address of whoever asks. */
  readonly address: (request: IncomingMessage) => string;
  readonly counts: { beacons: number; beaconOverflow: number };
  /** Milliseconds that only grow. @default performance.now */
  readonly now?: () => number;
  /** @default maxBeaconsPerSecond */
  readonly perSecond?: number;
}

/**
 * `POST /live/{space}/beacon`: players that do not listen by an endless response say that they listen, those that were drawn
 * by the state's share. What is over the budget is answered the same and not counted, so that nobody learns from the answer.
 */
export class Beacons {
  readonly #options: BeaconsOptions;
  readonly #now: () => number;
  /** Beacons by Space since they were taken: at place `k` those of a share of 2^-k. */
  #taken = new Map<string, number[]>();
  /** How many listeners each address's beacons stand for in this interval. */
  readonly #stoodFor = new Map<ListenerKey, number>();
  #intervalEnds = -Infinity;
  #second = { ends: -Infinity, count: 0 };

  constructor(options: BeaconsOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  handle(request: IncomingMessage, response: ServerResponse, entry: SpaceEntry, query: string): void {
    const { "content-length": length = "0", "transfer-encoding": coding } = request.headers;
    if (length !== "0" || coding !== undefined) return refuseUnread(request, response, beaconHasBody());
    if (entry.state.epochMs !== null && !entry.over) this.#count(request, entry, halvings(query, entry.state.beacon));
    response.writeHead(204, answerHead).end();
  }

  /** Beacons since the last call. */
  take(): Record<string, number[]> {
    const taken = Object.fromEntries(this.#taken);
    this.#taken = new Map();
    return taken;
  }

  /** Adds what an edge below has counted. */
  add(space: string, counts: readonly number[]): void {
    const sum = this.#taken.get(space) ?? [];
    for (let k = 0; k < Math.max(sum.length, counts.length); k++) sum[k] = (sum[k] ?? 0) + (counts[k] ?? 0);
    this.#taken.set(space, sum);
  }

  #count(request: IncomingMessage, entry: SpaceEntry, k: number): void {
    const { audience, address, counts } = this.#options;
    const { id } = entry.state;
    const from = address(request);
    if (!this.#admit(audience.key("", from, ""), 2 ** k)) {
      counts.beaconOverflow++;
      return;
    }
    counts.beacons++;
    audience.heard(id, audience.key(id, from, request.headers["user-agent"] ?? ""));
    this.add(id, [...Array<number>(k).fill(0), 1]);
  }

  #admit(from: ListenerKey, players: number): boolean {
    const now = this.#now();
    if (now >= this.#intervalEnds) {
      this.#stoodFor.clear();
      this.#intervalEnds = now + beaconEveryMs;
    }
    if (now >= this.#second.ends) this.#second = { ends: now + 1000, count: 0 };
    if (this.#second.count >= (this.#options.perSecond ?? maxBeaconsPerSecond)) return false;
    const before = this.#stoodFor.get(from);
    if (before === undefined ? this.#stoodFor.size >= maxBeaconAddresses : before + players > maxPlayersPerAddress) {
      return false;
    }
    this.#stoodFor.set(from, (before ?? 0) + players);
    this.#second.count++;
    return true;
  }
}

/** By which share a player was drawn, as halvings: what it says, or what the state says now. */
function halvings(query: string, told: number): number {
  const said = Number(/(?:^|&)share=([0-9.e-]{1,24})(?:&|$)/.exec(query)?.[1] ?? Number.NaN);
  const share = said > 0 && said <= 1 ? said : told;
  return Math.min(maxBeaconHalvings, Math.max(0, Math.round(-Math.log2(share)) || 0));
}

const beaconHasBody = (): Problem =>
  new Problem({
    status: 413,
    code: "beacon-has-body",
    title: "A beacon has no body",
    detail: "The request has a body, or says that one follows.",
    action: "Send a POST with Content-Length: 0.",
  });
