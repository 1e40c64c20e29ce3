import type { IncomingMessage, ServerResponse } from "node:http";
import { posix } from "node:path";
import { badDelivery, msnLead, parseDelivery } from "../hls/delivery.ts";
import { masterPlaylist, playlistType } from "../hls/master.ts";
import { livePlaylist } from "../hls/media.ts";
import { livePaths } from "../wire/paths.ts";
import type { SpaceEntry } from "./directory.ts";
import type { HoldBudget } from "./hold-budget.ts";
import { Holds } from "./holds.ts";
import { openHeaders, overloaded, sendRefusal, sendWhole } from "./respond.ts";
import type { Slices } from "./slices.ts";
import { spareEdges } from "./told-edges.ts";
import { originAway } from "./upstream.ts";

/** How many other edges a multivariant playlist names: some players open all it has before they begin. */
export const maxSpareEdges = 2;

const playlistHeaders = {
  ...openHeaders,
  "content-type": playlistType,
  "cache-control": "public, max-age=1",
} as const;

/** HLS playlists, written here from what the directory knows; a blocking reload waits for the feed. */
export class Playlists {
  readonly #budget: HoldBudget;
  readonly #slices: Slices;
  readonly #master = Buffer.from(masterPlaylist());
  readonly #waiting = new Map<SpaceEntry, Holds>();
  readonly #counts: { holdOverflow: number };
  /** The text of a Space's media playlist, the same for each rendition; kept until the state changes. */
  readonly #texts = new WeakMap<SpaceEntry["state"], Buffer>();

  constructor(budget: HoldBudget, slices: Slices, counts: { holdOverflow: number }) {
    this.#budget = budget;
    this.#slices = slices;
    this.#counts = counts;
  }

  /** Answers the multivariant playlist, with some of the edges that have the same sound, to fail over to. */
  master(request: IncomingMessage, response: ServerResponse, { state }: SpaceEntry): void {
    const spares = spareEdges(state.edges, request.headers.host, maxSpareEdges);
    const folder = posix.dirname(livePaths.master(state.id));
    const text = spares.length ? Buffer.from(masterPlaylist(spares.map((base) => base + folder))) : this.#master;
    sendWhole(response, text, playlistHeaders);
  }

  /**
   * Answers a media playlist, at once or when the segment its query names is published. False when it asks for what
   * cannot be: that is no demand for the sound.
   * @param address of whoever asks
   */
  media(response: ServerResponse, entry: SpaceEntry, query: string, address: () => string): boolean {
    const delivery = parseDelivery(query);
    const latest = entry.state.latest ?? -1;
    if (delivery.kind === "bad") return this.#refuse(response, delivery.why);
    if (delivery.kind === "now" || delivery.msn <= latest || entry.over) {
      this.#send(response, entry);
      return true;
    }
    if (delivery.msn > latest + msnLead)
      return this.#refuse(response, `_HLS_msn is ${delivery.msn}, and the latest segment ${latest}`);
    let holds = this.#waiting.get(entry);
    if (!holds) this.#waiting.set(entry, (holds = new Holds(this.#budget, this.#slices)));
    const held = holds.hold(delivery.msn, address(), response, (outcome) => {
      if (outcome === "published" || entry.over) this.#send(response, entry);
      else sendRefusal(response, originAway());
    });
    if (!held) {
      this.#counts.holdOverflow++;
      sendRefusal(response, overloaded("requests held for a playlist", this.#budget.most));
    }
    return true;
  }

  /** A Space has changed: whoever waits for what it has now is answered. */
  changed(entry: SpaceEntry): void {
    const holds = this.#waiting.get(entry);
    if (entry.over) holds?.expire(Infinity);
    else holds?.release(entry.state.latest ?? -1);
  }

  /** Answers those who have waited long enough at `now` (monotonic ms). */
  sweep(now: number): void {
    for (const [entry, holds] of this.#waiting) {
      holds.expire(now);
      if (holds.size === 0) this.#waiting.delete(entry);
    }
  }

  #refuse(response: ServerResponse, why: string): false {
    sendRefusal(response, badDelivery(why));
    return false;
  }

  #send(response: ServerResponse, entry: SpaceEntry): void {
    const { state, over: ended } = entry;
    let text = this.#texts.get(state);
    if (!text) {
      const { epochMs, first, latest } = state;
      if (epochMs === null || latest === null) return sendRefusal(response, originAway());
      text = Buffer.from(livePlaylist({ epochMs, first: first ?? latest, latest, ended }));
      this.#texts.set(state, text);
    }
    sendWhole(response, text, playlistHeaders);
  }
}
