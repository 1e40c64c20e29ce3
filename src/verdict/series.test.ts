import { expect, test } from "vitest";
import { HyperLogLog } from "../sketch/hyperloglog.ts";
import type { WindowBody } from "../wire/evidence.ts";
import { accountOf, episodesOf, maxEpisodes, troublesOf } from "./episodes.ts";
import { loads } from "./explained.ts";
import { type EdgeEvidence, seriesOf } from "./series.ts";

const begins = 1_700_000_000_000;
const ten = (value: number): number[] => Array<number>(10).fill(value);

type Parts = Partial<Pick<WindowBody, "counts" | "gauges" | "origin" | "level">> & {
  readonly hashes?: readonly number[];
};
function window(slice: number, { hashes = [], ...parts }: Parts = {}): WindowBody & { at: number } {
  const addresses = new HyperLogLog();
  for (const hash of hashes) addresses.add(hash * 2 ** 40 + hash);
  return {
    t: "window",
    from: begins + slice * 10_000,
    at: begins + slice * 10_000 + 10_000,
    counts: {},
    gauges: {},
    sources: {
      asked: hashes.length,
      addresses: String(addresses),
      prefixes: hashes.length,
      overflow: 0,
      entropy: 0,
      clusterEntropy: 0,
      topShare: 0,
      played: 0,
      playedPrefixes: 0,
      top: [],
      sample: [],
    },
    resources: { cpu: 0.1, loopP99: 1, loopMax: 5, rss: 1 },
    spaces: { a: 2 },
    level: 0,
    origin: true,
    ...parts,
  };
}
const edge = (name: string, records: EdgeEvidence["records"]): EdgeEvidence => ({ name, records });
const loadOf = (counts: WindowBody["counts"], gauges: WindowBody["gauges"]) =>
  loads(seriesOf([edge("e", [window(0, { counts, gauges })])]).slices)[0];

test("VE-1 several edges make one series: counts add up, addresses are a union, windows fall on the grid", () => {
  const one = edge("edge-1", [
    { ...window(0, { counts: { requests: ten(3) }, hashes: [1, 2, 3] }), from: begins + 7200 },
    window(1, { counts: { requests: ten(1) } }),
  ]);
  const other = edge("edge-2", [window(0, { counts: { requests: ten(4) }, gauges: { open: ten(7) }, hashes: [3, 4] })]);
  const { slices, edges } = seriesOf([one, other]);
  expect(edges).toEqual(["edge-1", "edge-2"]);
  expect(slices.map(({ at, edges: count }) => [at - begins, count])).toEqual([
    [0, 2],
    [10_000, 1],
  ]);
  expect(slices[0]).toMatchObject({ counts: { requests: 70, joins: 0 }, requests: ten(7), open: 70 });
  expect(slices[0]?.sources.addresses).toBeCloseTo(4, 1);
  expect(slices[0]?.spaces.get("a")).toBe(4);
});

test("VE-2 Spaces, beginnings, ends and kills become marks, and what all edges tell is told once", () => {
  const space = { t: "space", id: "s", slug: "talk", title: "T", hold: false, startAt: begins + 60_000 } as const;
  const begin = { t: "begin", version: "1", process: "edge-1", succeeds: false, configuration: {} } as const;
  const records = [
    { ...begin, at: begins },
    { ...space, status: "lobby", at: begins + 1 },
    { ...space, status: "live", at: begins + 61_000 },
    { ...begin, at: begins + 70_000 },
    { t: "end", why: "stopped", at: begins + 80_000 } as const,
    { ...begin, version: "2", at: begins + 90_000 },
    { t: "level", level: 2, cause: "cpu", at: begins + 95_000 } as const,
  ];
  const { marks, versions, spaces } = seriesOf([edge("edge-1", records), edge("edge-2", records.slice(0, 3))]);
  expect(marks.map(({ kind, at }) => `${kind} ${(at - begins) / 1000}`)).toEqual([
    "begin 0",
    "begin 0",
    "announced 60",
    "live 61",
    "killed 70",
    "begin 70",
    "end 80",
    "begin 90",
    "level 95",
  ]);
  expect(versions).toEqual(["1", "2"]);
  expect(spaces.get("s")?.slug).toBe("talk");
});

test("VE-3 who comes and plays explains what they ask for, in every way of listening, also behind one address", () => {
  const comes = { pages: ten(5), states: ten(1), connections: ten(3), requests: ten(7) };
  const stream = loadOf({ ...comes, joins: ten(1) }, { listeners: ten(100), open: ten(105) });
  expect(stream?.excess).toBe(0);
  const numbered = { segments: ten(104), requests: ten(104) };
  expect(loadOf(numbered, { numbered: ten(100), open: ten(100) })?.excess).toBe(0);
  expect(loadOf(numbered, { numbered: ten(1), open: ten(100) })?.excess).toBe(0);
  const hls = { segments: ten(104), playlists: ten(100), requests: ten(204) };
  expect(loadOf(hls, { numbered: ten(100), open: ten(100) })?.excess).toBe(0);
});

test("VE-3 floods, idle connections, joins that leave at once and listeners who do not read are in excess", () => {
  const playing = { listeners: ten(100), open: ten(100) };
  const excessOf = (counts: WindowBody["counts"], gauges: WindowBody["gauges"] = playing): number => {
    const load = loadOf(counts, gauges);
    return (load?.excess ?? 0) / (load?.all ?? 1);
  };
  expect(excessOf({ states: ten(500), requests: ten(500) })).toBeGreaterThan(0.8);
  expect(excessOf({ notFound: ten(500), requests: ten(500) })).toBeGreaterThan(0.8);
  expect(excessOf({ segments: ten(500), requests: ten(500) }, { ...playing, open: ten(105) })).toBeGreaterThan(0.8);
  expect(excessOf({}, { listeners: ten(100), open: ten(600) })).toBeGreaterThan(0.8);
  expect(excessOf({ joins: ten(50), leftEarly: ten(50), connections: ten(50), requests: ten(50) })).toBeGreaterThan(
    0.5,
  );
  expect(excessOf({ joins: ten(50), unread: ten(50), connections: ten(50), requests: ten(50) })).toBeGreaterThan(0.5);
  expect(excessOf({})).toBe(0);
});

test("VE-4 neighbouring slices in excess are one episode, and the smallest of too many are left out", () => {
  const flood = { counts: { states: ten(500), requests: ten(500) } };
  const calm = { gauges: { listeners: ten(50), open: ten(50) } };
  const at = (slices: readonly number[], length: number) =>
    seriesOf([
      edge(
        "e",
        Array.from({ length }, (_, i) => window(i, slices.includes(i) ? { ...calm, ...flood } : calm)),
      ),
    ]);
  const { episodes } = accountOf(at([3, 4, 6, 12], 20).slices);
  expect(episodes.map(({ first, last }) => [first, last])).toEqual([
    [3, 6],
    [12, 12],
  ]);
  const load = { all: 100, parts: {}, newcomers: 0, playing: 0, silent: 0 };
  const many = Array.from({ length: 600 }, (_, i) => ({ ...load, excess: i % 6 === 0 ? 50 + i / 100 : 0 }));
  const found = episodesOf(many);
  expect(found).toHaveLength(maxEpisodes);
  expect(found[0]?.first).toBe(300);
});

test("VE-5 what failed on our side is told, and what a crowd makes slow is not", () => {
  const begin = { t: "begin", version: "1", process: "e", succeeds: false, configuration: {} } as const;
  const busy = { loopMax: 3000, cpu: 1, loopP99: 1, rss: 1 };
  const records = [
    { ...begin, at: begins },
    window(0),
    { ...window(1), resources: busy },
    { ...window(4, { counts: { requests: ten(900) } }), resources: busy },
    window(5, { origin: false }),
    window(12, { counts: { trouble: ten(1) } }),
    { ...begin, at: begins + 200_000 },
  ];
  const kinds = troublesOf(seriesOf([edge("e", records)])).map(({ kinds: of }) => of.join(" "));
  expect(kinds).toEqual(["stalled silence origin-away segments", "killed"]);
});
