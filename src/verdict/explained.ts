import type { CountName } from "../wire/evidence.ts";
import type { Slice } from "./series.ts";

/**
 * What things cost an edge, ms of processor each (docs/benchmarks.md, rounded). A connection that is held without playing takes a
 * listener's place: a second of it counts as a second of a listener.
 */
export const costs = {
  connection: 0.03,
  request: 0.04,
  join: 0.08,
  api: 0.3,
  handshake: 0.6,
  listenerSecond: 0.013,
} as const;

/** For how long a connection is held on which nothing is read, s. */
const unreadSeconds = 15;

/** From this level of service on newcomers stand, and read instead of listening. */
const standingLevel = 3;

/** What a person who comes to listen asks for at most, on average: generously, since what is over it is called unexplained. */
export const allowance = {
  /** For each newcomer who stays: pages and their files, with those who only look; states; init segments; connections. */
  pages: 10,
  states: 2.5,
  inits: 1.5,
  connections: 5,
  api: 2,
  playlists: 3,
  segments: 4,
  /** Joins for each newcomer who stays: some reload. */
  joins: 1.3,
  /** For each second of a player: states, API calls, connections; and for one by numbered segments its segments and playlists. */
  statesPerSecond: 1 / 20,
  apiPerSecond: 1 / 120,
  connectionsPerSecond: 1 / 40,
  segmentsPerSecond: 1.3,
  beaconsPerSecond: 1 / 6,
  /** Of all that is explained: answered that it is not there, or not understood. */
  strayShare: 0.03,
  /** For each address in ten seconds, from the level on at which newcomers stand. */
  standing: 8,
  /** Connections that a newcomer keeps beside the one with the sound, and for how many slices. */
  kept: 2,
  keptSlices: 2,
} as const;
export type Rates = Readonly<Record<keyof typeof allowance, number>>;

/** What is explained by people who play is the crowd's; the rest is in excess of it. */
export interface Load {
  /** ms of processor in the slice, and of that what nobody who plays explains. */
  readonly all: number;
  readonly excess: number;
  /** The excess by what it asked for, ms of processor. */
  readonly parts: Readonly<Partial<Record<CountName | "held" | "other", number>>>;
  /** Who came and stayed. */
  readonly newcomers: number;
  /** Player-seconds, those by numbered segments as many as there are connections for. */
  readonly playing: number;
  /** Connection-seconds that nobody who plays explains. */
  readonly silent: number;
}

/** Goes through the slices: what each one's load is, and how much of it those explain who came to listen and stayed. */
export function loads(slices: readonly Slice[], rates: Rates = allowance): Load[] {
  const people = slices.map((slice, i) => peopleIn(slice, slices[i - 1]));
  return slices.map((slice, i) => {
    const { newcomers, playing, numbered } = people[i] ?? nobody;
    // Who asks for the page near a slice's end has sound in the next one.
    const soon = Math.max(newcomers, (newcomers + (people[i + 1]?.newcomers ?? 0)) * 0.7);
    const recent = people.slice(Math.max(0, i - rates.keptSlices), i + 1).reduce((so, one) => so + one.newcomers, 0);
    return loadOf(slice, rates, { soon, recent: Math.max(recent, soon), newcomers, playing, numbered });
  });
}

interface People {
  readonly newcomers: number;
  readonly playing: number;
  readonly numbered: number;
}
const nobody: People = { newcomers: 0, playing: 0, numbered: 0 };

function peopleIn(slice: Slice, before: Slice | undefined): People {
  const { counts, listening, seconds } = slice;
  // Who is not told apart behind one address still has a connection of their own, on which they ask in the segments' time.
  const asking = counts.segments / 1.04;
  const connected = Math.max(0, slice.open - listening);
  const numbered = Math.max(slice.numbered, Math.min(connected, asking));
  const growth = Math.max(0, slice.numbered - (before?.numbered ?? 0)) / Math.max(1, seconds);
  const stayed = Math.max(0, counts.joins - counts.leftEarly - counts.unread);
  return { newcomers: stayed + growth, playing: listening + numbered, numbered };
}

function loadOf(
  slice: Slice,
  rates: Rates,
  { soon, recent, newcomers, playing, numbered }: People & { soon: number; recent: number },
): Load {
  const { counts, listening, open } = slice;
  const parts: Record<string, number> = {};
  let [all, excess] = [listening * costs.listenerSecond, 0];
  const count = (name: CountName | "held" | "other", there: number, explained: number, cost: number): void => {
    const over = Math.max(0, there - explained) * cost;
    all += there * cost;
    excess += over;
    if (over > 0) parts[name] = over;
  };
  count("pages", counts.pages, soon * rates.pages, costs.request);
  count("states", counts.states, soon * rates.states + playing * rates.statesPerSecond, costs.request);
  count("inits", counts.inits, soon * rates.inits, costs.request);
  const segments = numbered * rates.segmentsPerSecond;
  count("playlists", counts.playlists, segments + soon * rates.playlists, costs.request);
  count("segments", counts.segments, segments + soon * rates.segments, costs.request);
  count("joins", counts.joins, newcomers * rates.joins + 3, costs.join);
  count("beacons", counts.beacons, playing * rates.beaconsPerSecond + soon, costs.request);
  count("api", counts.api, soon * rates.api + playing * rates.apiPerSecond, costs.api);
  // People come for a replay who do not listen live; only what is asked for by nobody's connection is in excess.
  count("replays", counts.replays, counts.connections * 20, costs.request);
  const named =
    counts.pages + counts.states + counts.inits + counts.playlists + counts.segments + counts.joins + counts.beacons;
  // Who has no seat reads the text and looks how the line stands; while there are seats nobody needs to.
  const standing = slice.level >= standingLevel ? slice.sources.addresses * rates.standing : soon;
  count("standing", counts.standing, standing + playing * rates.statesPerSecond, costs.request);
  const other = Math.max(0, counts.requests - named - counts.api - counts.replays - counts.standing);
  count("other", other, counts.requests * rates.strayShare, costs.request);
  count("bad", counts.bad, counts.connections * rates.strayShare, costs.request);
  // Who takes a place and does not read has not listened.
  const unread = counts.unread * unreadSeconds;
  count("unread", 0, -unread, costs.listenerSecond);
  const connections = soon * rates.connections + playing * rates.connectionsPerSecond + 5;
  count("connections", counts.connections, connections, costs.connection);
  count("handshakes", counts.handshakes + counts.handshakesFailed, connections, costs.handshake);
  const held = Math.max(0, open - listening);
  const heldExplained = numbered + recent * rates.kept * slice.seconds;
  count("held", held, heldExplained, costs.listenerSecond);
  return { all, excess, parts, newcomers, playing, silent: Math.max(0, held - heldExplained) };
}

/** What people ask for on average, as far as nothing is known of these: of so many newcomers' worth. */
const typical = {
  ...allowance,
  pages: 6,
  states: 1.2,
  inits: 0.2,
  connections: 3.2,
  playlists: 0.3,
  segments: 1,
  joins: 1.06,
  kept: 1.2,
  statesPerSecond: 0,
  segmentsPerSecond: 1.15,
} as const;
const typicalWeight = 60;

/**
 * What these people ask for, learned from the slices of the same series in which nothing was in excess: by these rates the excess
 * of the others is measured, where the allowances would give an attacker what only the most demanding crowd needs.
 */
export function ratesOf(
  slices: readonly Slice[],
  all: readonly Load[],
  isCalm: (slice: number) => boolean,
  generosity = 1,
): Rates {
  const calm = slices.map((slice, i) => ({ slice, load: all[i] })).filter((_, i) => isCalm(i));
  const newcomers = calm.reduce((so, { load }) => so + (load?.newcomers ?? 0), 0);
  const rate = (name: "pages" | "states" | "inits" | "connections" | "playlists"): number => {
    const asked = calm.reduce((so, { slice, load }) => {
      const there = slice.counts[name];
      // Who plays asks for playlists as well.
      return so + (name === "playlists" ? Math.max(0, there - (load?.playing ?? 0)) : there);
    }, 0);
    const usual = (asked + typicalWeight * typical[name]) / (newcomers + typicalWeight);
    return Math.min(allowance[name], usual * generosity);
  };
  return {
    ...(generosity > 1 ? allowance : typical),
    pages: rate("pages"),
    states: rate("states"),
    inits: rate("inits"),
    connections: rate("connections"),
    playlists: rate("playlists"),
  };
}
