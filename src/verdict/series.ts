import { HyperLogLog } from "../sketch/hyperloglog.ts";
import type { ActionBody } from "../wire/actions.ts";
import {
  type CountName,
  countNames,
  type EvidenceBody,
  type TallyBody,
  type TallyName,
  tallyNames,
  type WindowBody,
  windowSeconds,
} from "../wire/evidence.ts";

/** One edge's records, in their order; `at` in ms since 1970. */
export interface EdgeEvidence {
  readonly name: string;
  readonly records: readonly (EvidenceBody & { readonly at: number })[];
}

/** Ten seconds of all edges together. */
export interface Slice {
  /** When it begins, ms since 1970; a whole multiple of ten seconds. */
  readonly at: number;
  /** Edges that told of it, and seconds that the longest account of it covers. */
  readonly edges: number;
  readonly seconds: number;
  readonly counts: Readonly<Record<CountName, number>>;
  /** Requests in each second. */
  readonly requests: readonly number[];
  /** Player-seconds: listeners of endless responses, and of numbered segments; connection-seconds. */
  readonly listening: number;
  readonly numbered: number;
  readonly open: number;
  /** Players at its end. */
  readonly players: number;
  readonly sources: SliceSources;
  readonly cpu: number;
  readonly loopMax: number;
  readonly drops: number | undefined;
  readonly level: number;
  /** Whether every edge was connected to the origin. */
  readonly origin: boolean;
  /** Listeners by Space. */
  readonly spaces: ReadonlyMap<string, number>;
  /** What prices were asked in this time; `undefined` where control has told of none. */
  readonly prices: Readonly<Record<TallyName, number>> | undefined;
}

export interface SliceSources {
  readonly asked: number;
  /** Different addresses, about. */
  readonly addresses: number;
  readonly prefixes: number;
  readonly entropy: number;
  readonly clusterEntropy: number;
  readonly topShare: number;
  readonly played: number;
  readonly playedPrefixes: number;
  /** What single prefixes asked second by second, of those that asked most. */
  readonly top: ReadonlyMap<string, readonly number[]>;
}

/** Something that happened and is no traffic. */
export interface Mark {
  readonly at: number;
  readonly kind: "announced" | "live" | "ended" | "begin" | "killed" | "end" | "level" | "said" | "act";
  readonly what: string;
}

/** Something that was handed down against an address or a prefix, and how many of those who played it hit. */
export interface Action extends Pick<ActionBody, "what" | "hits" | "of"> {
  readonly at: number;
}

export interface Series {
  readonly slices: readonly Slice[];
  readonly marks: readonly Mark[];
  /** What was handed down against addresses: to kernels, proxies and CDNs. */
  readonly actions: readonly Action[];
  readonly edges: readonly string[];
  /** Versions of the program that wrote it. */
  readonly versions: readonly string[];
  /** Spaces by id. */
  readonly spaces: ReadonlyMap<string, { readonly slug: string; readonly title: string; readonly startAt: number }>;
}

const length = windowSeconds * 1000;

/** Puts the records of all edges together, on a grid of ten seconds. Of what has no account there is no slice. */
export function seriesOf(edges: readonly EdgeEvidence[]): Series {
  const byTime = new Map<number, WindowBody[]>();
  const marks: Mark[] = [];
  const spaces = new Map<string, { slug: string; title: string; startAt: number }>();
  const versions = new Set<string>();
  const told = new Set<string>();
  const tallies: TallyBody[] = [];
  const actions: Action[] = [];
  const mark = (at: number, kind: Mark["kind"], what: string): void => {
    // All edges tell of the same Spaces.
    const key = `${kind} ${what} ${kind === "announced" || kind === "live" || kind === "ended" ? "" : at}`;
    if (!told.has(key)) marks.push({ at, kind, what });
    told.add(key);
  };
  for (const { name, records } of edges) {
    let runs = false;
    for (const record of records) {
      switch (record.t) {
        case "window": {
          // As the recorder ends its windows: half a second before a whole ten seconds belongs to what follows.
          const at = Math.floor((record.from + 500) / length) * length;
          const there = byTime.get(at);
          if (there) there.push(record);
          else byTime.set(at, [record]);
          break;
        }
        case "begin":
          versions.add(record.version);
          if (runs) mark(record.at, "killed", name);
          mark(record.at, "begin", `${name} ${record.version}`);
          runs = true;
          break;
        case "end":
          mark(record.at, "end", `${name}: ${record.why}`);
          runs = false;
          break;
        case "space":
          spaces.set(record.id, record);
          mark(record.startAt, "announced", record.slug);
          if (record.status === "live" && !record.hold) mark(record.at, "live", record.slug);
          if (record.status === "ended") mark(record.at, "ended", record.slug);
          break;
        case "level":
          mark(record.at, "level", `${name}: level ${record.level} (${record.cause})`);
          break;
        case "act":
          mark(record.when ?? record.at, record.act === "said" ? "said" : "act", record.says);
          break;
        case "tally":
          tallies.push(record);
          break;
        case "action":
          actions.push({ at: record.at, what: record.what, hits: record.hits, of: record.of });
          break;
        case "file":
          break;
      }
    }
  }
  const slices = [...byTime]
    .toSorted(([one], [other]) => one - other)
    .map(([at, bodies]) => sliceOf(at, bodies, tallies));
  return {
    slices,
    marks: marks.toSorted((one, other) => one.at - other.at),
    actions,
    edges: edges.map(({ name }) => name),
    versions: [...versions],
    spaces,
  };
}

const sum = (values: readonly number[] = []): number => values.reduce((so, value) => so + value, 0);
const most = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), 0);
const columns = (all: readonly (readonly number[] | undefined)[]): number[] => {
  const added: number[] = [];
  for (const values of all) for (const [i, value] of (values ?? []).entries()) added[i] = (added[i] ?? 0) + value;
  return Array.from(added, (value) => value ?? 0);
};

function sliceOf(at: number, bodies: readonly WindowBody[], tallies: readonly TallyBody[]): Slice {
  const counts = Object.fromEntries(
    countNames.map((name) => [name, sum(bodies.map((body) => sum(body.counts[name])))]),
  ) as unknown as Record<CountName, number>;
  const gauge = (name: "open" | "listeners" | "numbered"): number => sum(bodies.map(({ gauges }) => sum(gauges[name])));
  const spaces = new Map<string, number>();
  for (const body of bodies)
    for (const [id, count] of Object.entries(body.spaces)) spaces.set(id, (spaces.get(id) ?? 0) + count);
  const drops = bodies.flatMap(({ resources: { kernel } }) => (kernel ? [kernel.drops] : []));
  return {
    at,
    edges: bodies.length,
    seconds: most(bodies.map(({ gauges }) => (gauges.took?.length ?? 0) || windowSeconds)),
    counts,
    requests: columns(bodies.map((body) => body.counts.requests)),
    listening: gauge("listeners"),
    numbered: gauge("numbered"),
    open: gauge("open"),
    players: sum(bodies.map(({ gauges }) => (gauges.listeners?.at(-1) ?? 0) + (gauges.numbered?.at(-1) ?? 0))),
    sources: sourcesOf(bodies),
    cpu: most(bodies.map(({ resources }) => resources.cpu)),
    loopMax: most(bodies.map(({ resources }) => resources.loopMax)),
    // The whole machine's, told by each of its edges.
    drops: drops.length === 0 ? undefined : most(drops),
    level: most(bodies.map(({ level }) => level)),
    origin: bodies.every(({ origin }) => origin),
    spaces,
    prices: pricesOf(tallies.filter(({ from }) => Math.floor((from + 500) / length) * length === at)),
  };
}

function pricesOf(tallies: readonly TallyBody[]): Slice["prices"] {
  if (tallies.length === 0) return undefined;
  const count = (name: TallyName): number => sum(tallies.map(({ counts }) => counts[name] ?? 0));
  return Object.fromEntries(tallyNames.map((name) => [name, count(name)])) as Record<TallyName, number>;
}

/** Connections are spread over edges by chance, so each sees the same kind of sources: shares and entropies are averaged by what was asked. */
function sourcesOf(bodies: readonly WindowBody[]): SliceSources {
  const asked = sum(bodies.map(({ sources }) => sources.asked));
  const mean = (value: (sources: WindowBody["sources"]) => number): number =>
    asked === 0 ? 0 : sum(bodies.map(({ sources }) => value(sources) * sources.asked)) / asked;
  const addresses = new HyperLogLog();
  const top = new Map<string, number[]>();
  for (const { sources } of bodies) {
    addresses.merge(HyperLogLog.parse(sources.addresses));
    for (const one of sources.top) top.set(one.prefix, columns([top.get(one.prefix), one.asked]));
  }
  return {
    asked,
    addresses: asked === 0 ? 0 : addresses.estimate(),
    prefixes: most(bodies.map(({ sources }) => sources.prefixes)),
    entropy: mean(({ entropy }) => entropy),
    clusterEntropy: mean(({ clusterEntropy }) => clusterEntropy),
    topShare: mean(({ topShare }) => topShare),
    played: mean(({ played }) => played),
    playedPrefixes: most(bodies.map(({ sources }) => sources.playedPrefixes)),
    top,
  };
}
