import type { CompleteCosts } from "./assumptions.ts";
import type { Behaviour } from "./behaviour.ts";
import type { CostName } from "./calibration.ts";
import { byPace } from "./newcomers.ts";
import { renditionFacts } from "../../wire/rendition.ts";
import { chunksPerSegment } from "../../wire/timeline.ts";
import {
  bytesPerSecond,
  chunkBytes,
  headBytes,
  onTheWire,
  type Seat,
  seats,
  segmentBytes,
  segmentsPerSecond,
} from "./traffic.ts";

/** Which end of each cost's range is taken. */
export type Confidence = "low" | "value" | "high";

/**
 * Who comes to an edge: newcomers, newcomers that have the page already (they stood, reloaded or come back), people that
 * were seated on an edge that is gone, and everybody once more at the end.
 */
export const kinds = ["fresh", "asker", "rejoin", "ender"] as const;
export type Kind = 0 | 1 | 2 | 3;
export const fresh = 0;
export const asker = 1;
export const rejoin = 2;
export const ender = 3;

/** What becomes of them there. */
export const [seat, stand, leaf] = [0, 1, 2] as const;

/** What everything costs on one edge: processor time in core-seconds, the line in bytes, memory in bytes. */
export interface Costs {
  /** `[kind * 3 + outcome]`: seated, standing, the static page. */
  readonly work: Float64Array;
  readonly bytes: Float64Array;
  /**
   * How many times `work` who comes takes while so many a second come to their core, and so many came before to their worker (@default very many):
   * 1 where it was not measured.
   */
  readonly times: (pace: number, before?: number) => number;
  /** As `work`, where that is not known: core-seconds more for who comes alone. Where there is much to do, one waking serves many. */
  readonly lone: Float64Array;
  /** By seat: core-seconds and bytes a second (by whole segments, and by chunk) and memory for each person. */
  readonly seatWork: Float64Array;
  readonly chunkWork: Float64Array;
  readonly seatBytes: Float64Array;
  readonly seatChunkBytes: Float64Array;
  readonly seatMemory: Float64Array;
  /** How often a newcomer waits for the loop until the first sound. */
  readonly turns: number;
  /** One write to a stream. */
  readonly write: number;
  /** One segment of one rendition, pulled by one worker. */
  readonly upstream: number;
  readonly api: number;
  /** A second of a worker that nobody asks anything. */
  readonly idle: number;
  readonly workerMemory: number;
}

/** Handshake bytes of the server in TLS 1.3: certificate chain of two ECDSA certificates, full and resumed; of that order. */
const [fullHandshakeBytes, resumedHandshakeBytes] = [2500, 400];
const stateBytes = 930;
/** The rendition whose writes were measured. */
const usualBitrate = renditionFacts["opus-32k"].bitrate;

export function costsOf(
  { costs, newcomers, warming }: CompleteCosts,
  at: Confidence,
  tls: boolean,
  people: Behaviour,
): Costs {
  const cpu = (name: CostName): number => costs[name][at] / 1e6;
  const connection = (resumed: number): number =>
    cpu("accept") + (tls ? (1 - resumed) * cpu("handshakeFull") + resumed * cpu("handshakeResumed") : 0);
  const handshake = (resumed: number): number =>
    tls ? (1 - resumed) * fullHandshakeBytes + resumed * resumedHandshakeBytes : 0;
  const [write, writeChunk] = [cpu(tls ? "writeTls" : "write"), cpu(tls ? "writeChunkTls" : "writeChunk")];
  const [segment, chunk] = [segmentBytes(usualBitrate), chunkBytes(usualBitrate)];
  // What has fewer bytes costs less by the line through both, which does not fall.
  const perByte = Math.max(0, write - writeChunk) / (segment - chunk);
  const lean = renditionFacts["opus-16k"].bitrate;
  const less = (cost: number, bytes: number): number => Math.max(0, cost - perByte * bytes);
  const numbered = cpu(tls ? "numberedRequestTls" : "numberedRequest");
  const memoryOf: Readonly<Record<Seat, CostName>> = {
    stream: tls ? "memoryStreamTls" : "memoryStream",
    streamLean: tls ? "memoryStreamTls" : "memoryStream",
    numbered: tls ? "memoryKeptTls" : "memoryKept",
    numberedLean: tls ? "memoryKeptTls" : "memoryKept",
    hls: tls ? "memoryKeptTls" : "memoryKept",
  };
  const workOf: Readonly<Record<Seat, number>> = {
    stream: write,
    streamLean: less(write, segment - segmentBytes(lean)),
    numbered,
    numberedLean: numbered,
    hls: cpu(tls ? "hlsSegmentTls" : "hlsSegment"),
  };
  const newConnection = connection(people.resumedNew);
  const oldConnection = connection(people.resumedAgain);
  const page = people.pageRequests * cpu("pageRequest");
  // Sound goes over a connection of its own beside that of the page, which resumes the session of the first.
  const sound = connection(1) + cpu("join");
  const state = cpu("stateRequest");
  // People came who had no session and opened a page of so many requests: what they took, by what their parts sum to.
  const measured = newcomers[tls ? "tls" : "plain"];
  const summed = measured && connection(0) + measured.pageRequests * cpu("pageRequest") + state + sound;
  const real = measured && byPace(measured.paces.map((one) => ({ pace: one.pace, value: one[at] / 1e6 })));
  const cold = (before = Number.POSITIVE_INFINITY): number =>
    warming ? (warming[at] / 1e6 / warming.people) * Math.exp(-before / warming.people) : 0;
  const [loneConnection, loneRequest] = measured
    ? [0, 0]
    : [cpu("loneConnection") + (tls ? cpu("loneRequest") : 0), cpu("loneRequest")];
  const wire = (payload: number): number => onTheWire(payload, tls);
  const pageBytes = wire(people.pageBytes + headBytes * people.pageRequests);
  const soundBytes = wire(people.firstSoundBytes + headBytes);
  const answer = wire(stateBytes + headBytes);
  const newcomer = wire(handshake(people.resumedNew));
  const known = wire(handshake(people.resumedAgain));
  return {
    work: Float64Array.from(
      [
        [newConnection + page + state + sound, newConnection + page + state, newConnection + cpu("pageRequest")],
        [oldConnection + state + sound, oldConnection + state, oldConnection + state],
        [oldConnection + state + sound, oldConnection + state, oldConnection + state],
        Array.from({ length: 3 }, () => oldConnection + state + people.replayShare * page),
      ].flat(),
    ),
    bytes: Float64Array.from(
      [
        [newcomer + pageBytes + answer + soundBytes, newcomer + pageBytes + answer, newcomer + wire(3000)],
        [known + answer + soundBytes, known + answer, known + answer],
        [known + answer + soundBytes, known + answer, known + answer],
        Array.from({ length: 3 }, () => known + answer + people.replayShare * pageBytes),
      ].flat(),
    ),
    times: real && summed ? (pace, before) => (real(pace) + cold(before)) / summed : () => 1,
    lone: Float64Array.from(
      [
        [1 + 1, 1, 1].map((count, i) => count * loneConnection + (i < leaf ? people.pageRequests : 0) * loneRequest),
        [1 + 1, 1, 1].map((count) => count * loneConnection),
        [1 + 1, 1, 1].map((count) => count * loneConnection),
        Array.from({ length: 3 }, () => loneConnection + people.replayShare * people.pageRequests * loneRequest),
      ].flat(),
    ),
    seatWork: Float64Array.from(seats, (one) => workOf[one] * segmentsPerSecond),
    chunkWork: Float64Array.from(seats, (one) => {
      if (one !== "stream" && one !== "streamLean") return workOf[one] * segmentsPerSecond;
      const each = one === "stream" ? writeChunk : less(writeChunk, chunk - chunkBytes(lean));
      return each * chunksPerSegment * segmentsPerSecond;
    }),
    seatBytes: Float64Array.from(seats, (one) => bytesPerSecond(one, tls, 1)),
    seatChunkBytes: Float64Array.from(seats, (one) => bytesPerSecond(one, tls, chunksPerSegment)),
    seatMemory: Float64Array.from(seats, (one) => costs[memoryOf[one]][at] + costs.memorySocket[at]),
    // Two connections, each request on them, and over TLS what ends each handshake.
    turns: 2 + people.pageRequests + 1 + 1 + (tls ? 2 : 0),
    write,
    upstream: cpu("upstreamFetch"),
    api: cpu("apiCall"),
    idle: cpu("workerIdle"),
    workerMemory: costs.memoryWorker[at],
  };
}
