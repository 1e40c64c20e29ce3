import { HyperLogLog } from "../../sketch/hyperloglog.ts";
import {
  type BeginBody,
  type CountName,
  countNames,
  type EndBody,
  shieldCountNames,
  type SpaceBody,
  type TallyBody,
  type WindowBody,
} from "../../wire/evidence.ts";
import { costs } from "../explained.ts";
import type { Cause } from "../likelihood.ts";
import type { EdgeEvidence } from "../series.ts";
import { Chance } from "./chance.ts";
import { type Host, SliceAskers } from "./hosts.ts";

/** When a scene begins, ms since 1970: a whole multiple of ten seconds. */
export const sceneBegins = 1_700_000_000_000;

/** Whose each millisecond of processor is, by slice: what a verdict is to find out. */
export type Truth = Record<Cause, number>;

interface Player {
  readonly from: number;
  readonly until: number;
  readonly way: "stream" | "numbered" | "hls";
  readonly cause: Cause;
}

const costOf: Readonly<Partial<Record<CountName, number>>> = {
  connections: costs.connection,
  joins: costs.join,
  api: costs.api,
  handshakes: costs.handshake,
  handshakesFailed: costs.handshake,
};
/** Counts that are no request of their own. */
const noRequest: ReadonlySet<CountName> = new Set([
  "connections",
  "connectionsRefused",
  "requests",
  "notFound",
  "refused",
  "bad",
  "left",
  "leftEarly",
  "unread",
  "handshakes",
  "handshakesFailed",
  "trouble",
  "bytes",
  ...shieldCountNames,
  "noSeat",
  "placed",
]);

type Counted = Record<CountName, number>;
const none = (): Counted => Object.fromEntries(countNames.map((name) => [name, 0])) as unknown as Counted;

/** A stretch of made-up traffic on one edge, second by second, with whose it is: what an edge would have written down of it. */
export class Scene {
  readonly chance: Chance;
  readonly seconds: number;
  readonly #counts: Counted[];
  readonly #truth: Truth[];
  readonly #askers: SliceAskers[];
  readonly #listeners: Float64Array;
  readonly #numbered: Float64Array;
  readonly #open: Float64Array;
  /** Places taken, by whose they are. */
  readonly #places: Readonly<Record<Cause, Float64Array>>;
  readonly #loop: Float64Array;
  readonly #away = new Set<number>();
  readonly #events: { readonly second: number; readonly body: BeginBody | EndBody | SpaceBody | TallyBody }[] = [];
  readonly #players: Player[] = [];
  /** When each prefix had its first player. */
  readonly #played = new Map<number, number>();

  constructor(seed: number, seconds = 300) {
    this.chance = new Chance(seed);
    this.seconds = seconds;
    const slices = Math.ceil(seconds / 10);
    this.#counts = Array.from({ length: seconds }, none);
    this.#truth = Array.from({ length: slices }, () => ({ crowd: 0, attack: 0, fault: 0 }));
    this.#askers = Array.from({ length: slices }, () => new SliceAskers());
    [this.#listeners, this.#numbered, this.#open] = [0, 1, 2].map(() => new Float64Array(seconds + 1)) as [
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    this.#places = {
      crowd: new Float64Array(seconds + 1),
      attack: new Float64Array(seconds + 1),
      fault: new Float64Array(seconds + 1),
    };
    this.#loop = new Float64Array(slices);
    this.#event(0, { t: "begin", version: "1.0.0", process: "edge-1", succeeds: false, configuration: {} });
  }

  get players(): readonly Player[] {
    return this.#players;
  }

  /** Something is counted; what is a request is asked by somebody. */
  count(second: number, name: CountName, times: number, cause: Cause, by?: Host): void {
    const at = Math.floor(second);
    const counts = this.#counts[at];
    if (!counts || times <= 0) return;
    counts[name] += times;
    const isRequest = !noRequest.has(name);
    if (isRequest && name !== "joins") counts.requests += times;
    if (name === "joins") counts.requests += times;
    const cost = costOf[name] ?? (isRequest ? costs.request : 0);
    this.#is(at, cause, times * cost);
    if (isRequest && by) this.#askers[Math.floor(at / 10)]?.asked(by, times, at % 10);
  }

  /** A request for what is outside the grammar, or in a wrong form: it is in no other count. */
  stray(second: number, name: "notFound" | "bad", times: number, cause: Cause, by: Host): void {
    const at = Math.floor(second);
    const counts = this.#counts[at];
    if (!counts) return;
    counts[name] += times;
    counts.requests += times;
    this.#is(at, cause, times * costs.request);
    this.#askers[Math.floor(at / 10)]?.asked(by, times, at % 10);
  }

  /** Connections that are held and do nothing that counts. */
  hold(from: number, until: number, connections: number, cause: Cause): void {
    this.#add(this.#open, from, until, connections);
    this.#add(this.#places[cause], from, until, connections);
  }

  /** Somebody gets sound. */
  play(player: Player, by: Host): void {
    const { from, until, way, cause } = player;
    this.#players.push(player);
    this.#played.set(by.prefix, Math.min(from, this.#played.get(by.prefix) ?? from));
    if (way === "stream") this.count(from, "joins", 1, cause, by);
    this.#add(way === "stream" ? this.#listeners : this.#numbered, from, until, 1);
    this.#add(this.#open, from, until, 1);
    if (way === "stream") this.#add(this.#places[cause], from, until, 1);
    else {
      this.count(from, "segments", 3, cause, by);
      this.#over(from, until, (second, part) => {
        if (this.chance.is(part)) this.count(second, "segments", this.chance.is(0.04) ? 2 : 1, cause);
        if (way === "hls" && this.chance.is(part)) this.count(second, "playlists", 1, cause, by);
      });
    }
    if (until >= this.seconds) return;
    this.count(until, "left", 1, cause);
    if (until - from < 3) this.count(until, "leftEarly", 1, cause);
  }

  /** Prefixes that had listened before the scene began. */
  had(prefixes: Iterable<number>): void {
    for (const prefix of prefixes) this.#played.set(prefix, -1);
  }

  announce(second: number, slug = "talk"): void {
    const startAt = sceneBegins + second * 1000;
    this.#event(0, { t: "space", id: slug, slug, title: slug, status: "scheduled", hold: false, startAt });
  }

  /** What prices control told in ten seconds, and how they were met. */
  tally(second: number, counts: TallyBody["counts"]): void {
    const rounded = Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, Math.round(count)]));
    const from = sceneBegins + Math.floor(second / 10) * 10_000;
    this.#event(second, { t: "tally", from, counts: rounded });
  }

  restart(second: number, how: "killed" | "replaced", version = "1.0.0"): void {
    if (how === "replaced") this.#event(second, { t: "end", why: "replaced" });
    this.#event(second, { t: "begin", version, process: "edge-1", succeeds: how === "replaced", configuration: {} });
  }

  /** The origin is away; the loop stands still. */
  away(second: number): void {
    this.#away.add(Math.floor(second / 10));
  }
  stall(second: number, ms: number): void {
    const at = Math.floor(second / 10);
    this.#loop[at] = Math.max(this.#loop[at] ?? 0, ms);
  }

  /** What the edge would have written down, and whose the load was. */
  end(): { evidence: EdgeEvidence; truth: readonly Truth[] } {
    for (const [cause, deltas] of Object.entries(this.#places) as [Cause, Float64Array][])
      for (const [second, places] of added(deltas).entries()) this.#is(second, cause, places * costs.listenerSecond);
    const gauges = { open: added(this.#open), listeners: added(this.#listeners), numbered: added(this.#numbered) };
    const windows = this.#truth.map((_, i): WindowBody & { at: number } => this.#window(i, gauges));
    const events = this.#events.map(({ second, body }) => ({ ...body, at: sceneBegins + second * 1000 }));
    const records = [...events, ...windows].toSorted((one, other) => one.at - other.at);
    return { evidence: { name: "edge-1", records }, truth: this.#truth };
  }

  #window(
    i: number,
    gauges: Readonly<Record<"open" | "listeners" | "numbered", number[]>>,
  ): WindowBody & { at: number } {
    const [first, end] = [i * 10, Math.min(this.seconds, i * 10 + 10)];
    const some = this.#counts.slice(first, end);
    const gauge = (all: readonly number[]): number[] => all.slice(first, end).map(Math.round);
    const names = countNames.filter((name) => some.some((counts) => counts[name] > 0));
    const counts = Object.fromEntries(names.map((name) => [name, some.map((one) => Math.round(one[name]))]));
    const sources = (this.#askers[i] ?? new SliceAskers()).sums(this.#askers[i - 1], this.#played, first);
    return {
      t: "window",
      at: sceneBegins + end * 1000,
      from: sceneBegins + first * 1000,
      counts,
      gauges: { open: gauge(gauges.open), listeners: gauge(gauges.listeners), numbered: gauge(gauges.numbered) },
      sources: { ...sources, addresses: String(sources.addresses satisfies HyperLogLog) },
      resources: { cpu: 0, loopP99: 1, loopMax: this.#loop[i] ?? 0, rss: 1e8 },
      spaces: {},
      level: 0,
      origin: !this.#away.has(i),
    };
  }

  #event(second: number, body: BeginBody | EndBody | SpaceBody | TallyBody): void {
    this.#events.push({ second, body });
  }

  #is(second: number, cause: Cause, cost: number): void {
    const truth = this.#truth[Math.floor(second / 10)];
    if (truth) truth[cause] += cost;
  }

  #add(deltas: Float64Array, from: number, until: number, by: number): void {
    const [first, end] = [Math.max(0, Math.floor(from)), Math.floor(until)];
    if (end <= first) return;
    deltas[first] = (deltas[first] ?? 0) + by;
    if (end < deltas.length) deltas[end] = (deltas[end] ?? 0) - by;
  }

  #over(from: number, until: number, each: (second: number, part: number) => void): void {
    const end = Math.min(until, this.seconds);
    for (let second = Math.max(0, Math.floor(from)); second < end; second++)
      each(second, Math.min(end, second + 1) - Math.max(from, second));
  }
}

/** What there is at each second, of what is added and taken away in each. */
function added(deltas: Float64Array): number[] {
  let there = 0;
  return Array.from(deltas.subarray(0, -1), (delta) => (there += delta));
}
