import type { IncomingMessage, ServerResponse } from "node:http";
import { Problem } from "../foundation/errors.ts";
import { livePaths } from "../wire/paths.ts";
import type { Audience, ListenerKey } from "./audience.ts";
import type { Directory, SpaceEntry } from "./directory.ts";
import type { Door } from "./door.ts";
import { atDoor, badTicket, type DoorCounts, type Doorkeeper } from "./doorkeeper.ts";
import {
  openHeaders,
  overloaded,
  refuseUnread,
  sendNotAllowed,
  sendNothingHere,
  sendRefusal,
  sendWhole,
  soon,
} from "./respond.ts";

/** How many places one edge gives in a second. */
export const maxPlacesPerSecond = 2000;
/** How many places one address is given within `placesEveryMs`: as many as a carrier's NAT has people who come together. */
export const maxPlacesPerAddress = 300;
export const placesEveryMs = 10_000;
/** Of how many addresses places are counted within `placesEveryMs`. */
export const maxPlaceAddresses = 50_000;

const never = { ...openHeaders, "content-type": "application/json", "cache-control": "no-store" } as const;
const lineHead = { ...openHeaders, "content-type": "application/json", "cache-control": soon } as const;

export interface DoorRoutesOptions {
  /** @default nobody is given a place */
  readonly door: Door | undefined;
  readonly keeper: Doorkeeper;
  readonly directory: Directory;
  readonly audience: Audience;
  /** The address of whoever asks. */
  readonly address: (request: IncomingMessage) => string;
  readonly counts: DoorCounts & { places: number; placeOverflow: number };
  /** Milliseconds that only grow. @default performance.now */
  readonly now?: (() => number) | undefined;
}

/** `/live/{space}/place`, `…/place/{ticket}` and `…/line.json`. */
export class DoorRoutes {
  readonly #options: DoorRoutesOptions;
  readonly #now: () => number;
  /** Places given to each address in this interval. */
  readonly #given = new Map<ListenerKey, number>();
  #intervalEnds = -Infinity;
  #second = { ends: -Infinity, count: 0 };

  constructor(options: DoorRoutesOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** @param ticket of `GET …/place/{ticket}`; without one it is `POST …/place` */
  place(request: IncomingMessage, response: ServerResponse, space: string, ticket: string | undefined): void {
    const allowed = ticket === undefined ? "POST, OPTIONS" : "GET, HEAD, OPTIONS";
    const { method = "" } = request;
    if (!allowed.split(", ").includes(method) || method === "OPTIONS")
      return sendNotAllowed(request, response, allowed);
    const { door, directory } = this.#options;
    const entry = directory.find(space);
    if (!door || !entry || entry.over || entry.state.epochMs === null) return sendNothingHere(response);
    if (ticket !== undefined) return this.#answer(response, door, entry, ticket);
    const { "content-length": length = "0", "transfer-encoding": coding } = request.headers;
    if (length !== "0" || coding !== undefined) return refuseUnread(request, response, placeHasBody());
    const refusal = this.#budget(request);
    if (refusal) return sendRefusal(response, refusal);
    this.#answer(response, door, entry, undefined);
  }

  line(response: ServerResponse, entry: SpaceEntry): void {
    const told = this.#options.door?.lottery(atDoor(entry));
    if (!told) return sendNothingHere(response);
    sendWhole(response, Buffer.from(JSON.stringify(told)), lineHead);
  }

  #answer(response: ServerResponse, door: Door, entry: SpaceEntry, shown: string | undefined): void {
    const { keeper, counts } = this.#options;
    const { id } = entry.state;
    const room = keeper.room(entry);
    const place = door.place(atDoor(entry), shown, room);
    if (place === undefined) {
      counts.badTickets++;
      return sendRefusal(response, badTicket(livePaths.place(id)));
    }
    if (place.kind === "seat" && room === "called") keeper.gave();
    if (shown === undefined) counts.places++;
    // Whoever's turn it is while there is no room here may find some where another connection leads.
    const isElsewhere = place.kind === "line" && place.before === 0 && room !== "called";
    const head = isElsewhere ? { ...never, connection: "close" } : never;
    sendWhole(response, Buffer.from(JSON.stringify(place)), head);
  }

  /** Why no more places are given to whoever asks, now. */
  #budget(request: IncomingMessage): Problem | undefined {
    const { audience, address, counts } = this.#options;
    const now = this.#now();
    if (now >= this.#intervalEnds) {
      this.#given.clear();
      this.#intervalEnds = now + placesEveryMs;
    }
    if (now >= this.#second.ends) this.#second = { ends: now + 1000, count: 0 };
    const from = audience.key("", address(request), "");
    const before = this.#given.get(from) ?? 0;
    const isFull = before === 0 && this.#given.size >= maxPlaceAddresses;
    if (before >= maxPlacesPerAddress || isFull || this.#second.count >= maxPlacesPerSecond) {
      counts.placeOverflow++;
      if (before >= maxPlacesPerAddress) return tooManyPlaces((this.#intervalEnds - now) / 1000);
      return overloaded("new places in a second", maxPlacesPerSecond, 1 + Math.floor(Math.random() * 5));
    }
    this.#given.set(from, before + 1);
    this.#second.count++;
    return undefined;
  }
}

const tooManyPlaces = (seconds: number): Problem =>
  new Problem({
    status: 429,
    code: "too-many-places",
    title: "Too many places were asked for from your network",
    detail: `One address is given ${maxPlacesPerAddress} places within ${placesEveryMs / 1000} seconds.`,
    action: "Try again after the time that Retry-After names. A place that you have already keeps its turn.",
    retryAfter: Math.ceil(seconds) + Math.floor(Math.random() * 5),
  });

const placeHasBody = (): Problem =>
  new Problem({
    status: 413,
    code: "place-has-body",
    title: "A place is asked for without a body",
    detail: "The request has a body, or says that one follows.",
    action: "Send a POST with Content-Length: 0.",
  });
