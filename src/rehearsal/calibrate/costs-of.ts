import { type CalibrationRecord, type CostName, type Measured, memoryCosts, unitOf } from "../model/calibration.ts";
import { aloneShare } from "../model/edge.ts";
import { reference } from "../model/reference.ts";
import { chunkBytes, segmentBytes, segmentsPerSecond } from "../model/traffic.ts";
import { renditionFacts } from "../../wire/rendition.ts";
import { type Estimate, estimate, estimateOf, line, type Point } from "./estimate.ts";
import { loneRate, type RoundName, type Samples, type Steady } from "./samples.ts";

type Costs = Partial<Record<CostName, Measured>>;

const { bitrate } = renditionFacts["opus-32k"];

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
  const fetch = fetchOf(samples, still, writesOf(plain, still, 0)?.line(chunkBytes(bitrate)) ?? 0);
  const publishing = still + (fetch?.value ?? 0) * segmentsPerSecond;
  const [write, writeTls] = [writesOf(plain, publishing), writesOf(secure, publishing)];
  const number =
    samples.numbered && estimate(samples.numbered.windows.map((one) => (one - publishing) / answers(samples)));
  const numbered = said(number, "a numbered segment, asked for early on a kept connection");
  const [chunk, segment] = [chunkBytes(bitrate), segmentBytes(bitrate)];
  const sizes = (of: readonly Steady[]): string =>
    of.map(({ bytesPerWrite, listeners }) => `${Math.round(bytesPerWrite)} bytes to ${listeners}`).join(", ");
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
    write: said(write?.at(segment), `a write of ${Math.round(segment)} bytes, by a line through ${sizes(plain)}`),
    writeChunk: said(write?.at(chunk), `a write of ${Math.round(chunk)} bytes, by the same line`),
    writeTls: said(
      writeTls?.at(segment),
      `a write of ${Math.round(segment)} bytes over TLS, by a line through ${sizes(secure)}`,
    ),
    writeChunkTls: said(writeTls?.at(chunk), `a write of ${Math.round(chunk)} bytes over TLS, by the same line`),
    numberedRequest: numbered,
    numberedRequestTls: sumOf(numbered, said(write?.at(segment), "-"), said(writeTls?.at(segment), "-"), how),
    upstreamFetch: said(fetch, "one listener on each rendition, less none, less what is written to them"),
    apiCall: said(
      rounds(["apiKept"], (one) => one),
      "GET /api/v1/spaces/…, the edge's part",
    ),
    loneConnection: said(
      rounds(["stateLone", "stateAlone"], (lone, alone) => (lone - alone) / aloneShare(2 * loneRate)),
      "a connection for one state, 100 a second, less one of many at once",
    ),
    loneRequest: said(
      rounds(["keptLone", "stateKept"], (lone, kept) => (lone - kept) / aloneShare(loneRate)),
      "a state on kept connections, 100 a second, less one of many at once",
    ),
    workerIdle: said(idle, "a second of a worker with nobody there"),
  };
  const found = Object.fromEntries(Object.entries(costs).filter(([, cost]) => cost !== undefined)) as Costs;
  return { ...memoryOf(reference), ...found };
}

const answers = (samples: Samples): number => samples.numbered?.answersPerSecond ?? Number.NaN;

/** What one segment of one rendition costs to pull. */
function fetchOf({ pulling }: Samples, idle: number, write: number): Estimate | undefined {
  const { renditions, windows } = pulling;
  const writes = renditions * segmentsPerSecond * 3 * write;
  return estimate(windows.map((one) => (one - idle - writes) / (renditions * segmentsPerSecond)));
}

/** What a write costs by its size: a line through what was measured, and its range from the windows. */
function writesOf(
  steady: readonly Steady[],
  beside: number,
  least?: number,
): { readonly line: (bytes: number) => number; readonly at: (bytes: number) => Estimate | undefined } | undefined {
  const count = Math.min(...steady.map(({ windows }) => windows.length));
  if (steady.length === 0 || count === 0) return undefined;
  // The windows of one number of all sizes together are one round: a draw has every size.
  const rounds = Array.from({ length: count }, (_, i): Point[] =>
    steady.map(({ bytesPerWrite, writesPerSecond, windows }) => ({
      x: bytesPerWrite,
      y: ((windows[i] ?? Number.NaN) - beside) / writesPerSecond,
      weight: writesPerSecond,
    })),
  );
  const fitted = (some: readonly Point[][]): ((bytes: number) => number) => line(some.flat());
  return {
    line: fitted(rounds),
    at: (bytes) => estimateOf(rounds, (some) => fitted(some)(bytes), least),
  };
}

/** A numbered request over TLS was not measured: it is a plain one, and what TLS adds to a write. */
function sumOf(
  numbered: Measured | undefined,
  write: Measured | undefined,
  writeTls: Measured | undefined,
  how: string,
): Measured | undefined {
  if (!numbered || !write || !writeTls) return undefined;
  const added = (end: "value" | "low" | "high"): number => Math.max(0, writeTls[end] - write[end]);
  const ends = [numbered.low + added("low"), numbered.value + added("value"), numbered.high + added("high")];
  const [low = 0, value = 0, high = 0] = ends.toSorted((a, b) => a - b);
  return {
    ...rounded({ value, low, high }),
    source: `rostra calibrate, ${how}: a plain one, and what TLS adds to a write`,
  };
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
