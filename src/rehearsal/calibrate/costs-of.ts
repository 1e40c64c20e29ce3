import {
  type CalibrationRecord,
  type CostName,
  type Measured,
  memoryCosts,
  type Newcomers,
  newcomerWays,
  type PacedCost,
  unitOf,
  type Warming,
} from "../model/calibration.ts";
import { byPace } from "../model/newcomers.ts";
import { reference } from "../model/reference.ts";
import { segmentsPerSecond } from "../model/traffic.ts";
import { chunksPerSegment } from "../../wire/timeline.ts";
import { type Estimate, estimate, median } from "./estimate.ts";
import type { Answered, Coming, RoundName, Samples, Span, Steady } from "./samples.ts";

type Costs = Partial<Record<CostName, Measured>>;

/**
 * What the measurements say of each cost, with its range. What could not be measured is left out.
 * @param how how often and when, for each cost's source
 */
export function costsOf(samples: Samples, how: string): Costs {
  const said = (found: Estimate | undefined, what: string): Measured | undefined =>
    found && { ...rounded(found), source: `rostra calibrate, ${how}: ${what}` };
  const round = (...names: RoundName[]): readonly (readonly number[])[] | undefined => {
    const all = names.map((name) => samples.rounds[name]);
    return all.every((one) => one !== undefined) ? all : undefined;
  };
  const rounds = (names: readonly RoundName[], of: (...each: number[]) => number): Estimate | undefined => {
    const all = round(...names);
    if (!all) return undefined;
    return estimate(Array.from(all[0] ?? [], (_, i) => of(...all.map((one) => one[i] ?? Number.NaN))));
  };
  const idle = estimate(samples.idle);
  const still = idle?.value ?? 0;
  const plain = samples.steady.filter(({ tls }) => !tls);
  const secure = samples.steady.filter(({ tls }) => tls);
  // What a fetch costs and what a write does are found one from the other: a few listeners write next to nothing.
  const fetch = fetchOf(samples, still, writeOf(plain, "chunk", still, 0)?.value ?? 0);
  const publishing = still + (fetch?.value ?? 0) * segmentsPerSecond;
  const [chunk, chunkTls] = [writeOf(plain, "chunk", publishing), writeOf(secure, "chunk", publishing)];
  const segment = writeOf(plain, "segment", publishing) ?? chunk;
  const segmentTls = writeOf(secure, "segment", publishing) ?? chunkTls;
  const answered = (one: Answered | undefined): Estimate | undefined =>
    one && estimate(one.windows.map((each) => (each - publishing) / one.answersPerSecond));
  const numbered = said(answered(samples.numbered), "a numbered segment, asked for early on a kept connection");
  const hls = said(answered(samples.hls), "a segment by HLS, and the playlist that was asked for early");
  const [write, writeTls] = [segment && said(segment, segment.what), segmentTls && said(segmentTls, segmentTls.what)];
  const costs: Partial<Record<CostName, Measured | undefined>> = {
    accept: said(
      rounds(["stateAlone", "stateKept"], (alone, kept) => alone - kept),
      "a connection for one state, less a state on a kept one",
    ),
    handshakeFull: said(
      rounds(["stateTls", "stateAlone"], (tls, alone) => tls - alone),
      "the same over TLS 1.3 (ECDSA P-256), less the plain one",
    ),
    handshakeResumed: said(
      rounds(["stateResumed", "stateAlone"], (tls, alone) => tls - alone),
      "the same with a session that resumes, less the plain one",
    ),
    pageRequest: said(
      rounds(["pageKept"], (one) => one),
      "the page and what it loads, on kept connections",
    ),
    stateRequest: said(
      rounds(["stateKept"], (one) => one),
      "state.json on a kept connection",
    ),
    join: said(
      rounds(["streamAlone", "stateAlone", "stateKept"], (stream, alone, kept) => stream - (alone - kept)),
      "joining stream.mp4 and leaving, without its connection",
    ),
    write,
    writeChunk: chunk && said(chunk, chunk.what),
    writeTls,
    writeChunkTls: chunkTls && said(chunkTls, chunkTls.what),
    numberedRequest: numbered,
    numberedRequestTls: overTls(numbered, 1, write, writeTls, how),
    hlsSegment: hls,
    // The playlist and the segment.
    hlsSegmentTls: overTls(hls, 2, write, writeTls, how),
    upstreamFetch: said(fetch, "one listener on each rendition, less none, less what is written to them"),
    apiCall: said(
      rounds(["apiKept"], (one) => one),
      "GET /api/v1/spaces/…, the edge's part",
    ),
    workerIdle: said(idle, "a second of a worker with nobody there"),
  };
  const found = Object.fromEntries(Object.entries(costs).filter(([, cost]) => cost !== undefined)) as Costs;
  return { ...memoryOf(reference), ...found };
}

/**
 * What somebody costs who comes, by how many do: what the worker takes meanwhile, less what it takes anyhow and what those who are there
 * take. What they leave to do is done in the while after them.
 * @param costs what was made of the same samples
 */
export function newcomersOf({ coming }: Samples, costs: Costs, how: string): CalibrationRecord["newcomers"] {
  const { workerIdle, upstreamFetch, writeChunk, writeChunkTls } = costs;
  if (!workerIdle || !upstreamFetch) return undefined;
  const publishing = workerIdle.value + upstreamFetch.value * segmentsPerSecond;
  const found = newcomerWays.flatMap((way): [string, Newcomers][] => {
    const write = way === "tls" ? writeChunkTls : writeChunk;
    const one = coming.find(({ tls }) => tls === (way === "tls"));
    if (!write || !one) return [];
    const playing = write.value * chunksPerSegment * segmentsPerSecond;
    const more = ({ busy, seconds, played }: Span): number => busy - publishing * seconds - playing * played;
    const paces = pacesOf(one, more, how);
    return paces.length > 0 ? [[way, { pageRequests: one.pageRequests, paces }]] : [];
  });
  return found.length > 0 ? Object.fromEntries(found) : undefined;
}

function pacesOf({ paces }: Coming, more: (span: Span) => number, how: string): PacedCost[] {
  return paces.flatMap(({ pace, windows, after }): PacedCost[] => {
    const came = windows.reduce((sum, one) => sum + one.came, 0);
    const left = more(after) / came;
    const each = windows.filter((one) => one.came > 0).map((one) => more(one) / one.came + left);
    const found = estimate(each, mean);
    const source = `rostra calibrate, ${how}: ${came} people who came, ${pace} a second`;
    return found ? [{ pace, ...rounded(found), source }] : [];
  });
}

/** What a worker's first newcomers cost more than those who come when it has served many, in all, and over how many of them that fades. */
export function warmingOf(
  { first }: Samples,
  costs: Costs,
  newcomers: CalibrationRecord["newcomers"],
  how: string,
): Warming | undefined {
  const [pace, points] = [first?.paces[0], newcomers?.plain?.paces];
  const { workerIdle, upstreamFetch, writeChunk } = costs;
  if (!pace || !points || !workerIdle || !upstreamFetch || !writeChunk) return undefined;
  const usual = byPace(points)(pace.pace);
  const publishing = workerIdle.value + upstreamFetch.value * segmentsPerSecond;
  const playing = writeChunk.value * chunksPerSegment * segmentsPerSecond;
  let before = 0;
  const rounds = [...pace.windows, pace.after].map(({ busy, seconds, played, came }) => {
    const more = busy - publishing * seconds - playing * played - usual * came;
    before += came;
    return { more, at: before - came / 2 };
  });
  const all = rounds.reduce((sum, { more }) => sum + more, 0);
  // Of what fades exponentially the mean moment is its constant.
  const people = rounds.reduce((sum, { more, at }) => sum + more * at, 0) / all;
  if (!(all > 0 && people > 0)) return undefined;
  // One worker begins once: its range is that of what those cost who come later.
  const at = (end: "low" | "high"): number => {
    const points_ = points.map((one) => ({ pace: one.pace, value: one[end] }));
    return Math.max(0.1, all + (usual - byPace(points_)(pace.pace)) * before);
  };
  const source = `rostra calibrate, ${how}: the first ${before} people of a worker, ${pace.pace} a second`;
  return { ...rounded({ value: all, low: at("high"), high: at("low") }), people: Math.round(people), source };
}

const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length;

/** What one segment of one rendition costs to pull. */
function fetchOf({ pulling }: Samples, idle: number, write: number): Estimate | undefined {
  const { renditions, windows } = pulling;
  const writes = renditions * segmentsPerSecond * 3 * write;
  return estimate(windows.map((one) => (one - idle - writes) / (renditions * segmentsPerSecond)));
}

/** What a write costs when all get one at a time, by chunk or by segment. */
function writeOf(steady: readonly Steady[], push: Steady["push"], beside: number, least?: number): Write | undefined {
  const all = steady.filter((one) => one.push === push);
  const rounds = all.flatMap(({ windows, writesPerSecond }) => windows.map((one) => (one - beside) / writesPerSecond));
  const found = estimate(rounds, median, least);
  const sizes = all.map(({ bytesPerWrite, listeners }) => `${Math.round(bytesPerWrite)} bytes to ${listeners}`);
  return found && { ...found, what: `writes by ${push}: ${sizes.join(", ")}` };
}

interface Write extends Estimate {
  readonly what: string;
}

/** What was not measured over TLS is a plain one, and what TLS adds to so many writes. */
function overTls(
  plain: Measured | undefined,
  writes: number,
  write: Measured | undefined,
  writeTls: Measured | undefined,
  how: string,
): Measured | undefined {
  if (!plain || !write || !writeTls) return undefined;
  const added = (end: "value" | "low" | "high"): number => writes * Math.max(0, writeTls[end] - write[end]);
  const ends = [plain.low + added("low"), plain.value + added("value"), plain.high + added("high")];
  const [low = 0, value = 0, high = 0] = ends.toSorted((a, b) => a - b);
  const source = `rostra calibrate, ${how}: a plain one, and what TLS adds to a write`;
  return { ...rounded({ value, low, high }), source };
}

/** What a listener takes in memory is the program's, not the machine's, and takes ten thousand listeners to be measured. */
function memoryOf({ name, costs }: CalibrationRecord): Costs {
  const known = memoryCosts.flatMap((one): [CostName, Measured][] => {
    const cost = costs[one];
    return cost ? [[one, { ...cost, source: `${name}: ${cost.source}` }]] : [];
  });
  return Object.fromEntries(known);
}

/** Three digits are more than is known. */
function rounded({ value, low, high }: Estimate): Estimate {
  const digits = (one: number): number => Number(one.toPrecision(3));
  return { value: digits(value), low: digits(low), high: digits(high) };
}

/** One cost in a line, for people. */
export const costWords = (name: CostName, { value, low, high }: Measured): string => {
  const unit = unitOf(name);
  return `${name.padEnd(20)} ${value} ${unit} (${low} to ${high})`;
};

/** What newcomers cost in lines, for people. */
export function newcomerWords({ newcomers = {}, warming }: Pick<CalibrationRecord, "newcomers" | "warming">): string[] {
  const line = (name: string, { value, low, high }: Measured): string =>
    `${name.padEnd(20)} ${value} µs (${low} to ${high})`;
  const paces = newcomerWays.flatMap((way) =>
    (newcomers[way]?.paces ?? []).map((one) => line(`newcomer ${way === "tls" ? "TLS" : way} ${one.pace}/s`, one)),
  );
  return [...paces, ...(warming ? [`${line("warming", warming)}, over some ${warming.people} people`] : [])];
}
