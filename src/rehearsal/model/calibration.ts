import { Problem } from "../../foundation/errors.ts";

/** Processor time of one core for one of these on an edge, in µs. */
export const processorCosts = [
  /** A TCP connection: accepted, closed. */
  "accept",
  /** A TLS 1.3 handshake with ECDSA P-256, and one that resumes with a ticket. */
  "handshakeFull",
  "handshakeResumed",
  /** One object of the page from memory, a few kB, on a connection that is open. */
  "pageRequest",
  /** `state.json`, rendered once and sent to many. */
  "stateRequest",
  /** `stream.mp4`: request, the socket taken over, the first bytes. */
  "join",
  /** One write of a segment (4 kB) to one listener; and of a chunk, a third of it. What is as large costs as much. */
  "write",
  "writeTls",
  "writeChunk",
  "writeChunkTls",
  /** One numbered segment (or playlist) on a kept connection. */
  "numberedRequest",
  "numberedRequestTls",
  /** What somebody takes for each segment by HLS: the playlist that is held until it lists it, and the segment. */
  "hlsSegment",
  "hlsSegmentTls",
  /** One segment of one rendition, pulled by one worker. */
  "upstreamFetch",
  /** One request of `/api/`, passed to control. */
  "apiCall",
  /** A second of a worker that nobody asks anything. */
  "workerIdle",
  /**
   * What a connection, and a request on a kept one, take more when the worker has nothing else to do: it has to be woken. Of no
   * matter where `newcomers` were measured.
   */
  "loneConnection",
  "loneRequest",
] as const;
/**
 * Memory on an edge, in bytes: resident in the process for a listener of each kind (an endless response, kept requests), for a
 * worker that has none, and in the kernel for a socket.
 */
export const memoryCosts = [
  "memoryStream",
  "memoryStreamTls",
  "memoryKept",
  "memoryKeptTls",
  "memoryWorker",
  "memorySocket",
] as const;

export type CostName = (typeof processorCosts)[number] | (typeof memoryCosts)[number];
export const costNames: readonly CostName[] = [...processorCosts, ...memoryCosts];
export const unitOf = (name: CostName): "µs" | "bytes" =>
  (memoryCosts as readonly string[]).includes(name) ? "bytes" : "µs";

/** One cost: what it is most likely, and the range that it lay in. Processor costs in µs, memory in bytes. */
export interface Measured {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** Where it comes from: the document and the row, or the command that measured it. */
  readonly source: string;
}

/** What somebody costs one worker who comes while so many come a second (`pace`), µs from their first connection to the first sound. */
export interface PacedCost extends Measured {
  readonly pace: number;
}

/** People who really came, opened the page with so many requests, asked for the state and joined `stream.mp4`; paces ascending. */
export interface Newcomers {
  readonly pageRequests: number;
  readonly paces: readonly PacedCost[];
}

/**
 * What a worker that has just begun takes more for its first newcomers, µs in all, until its code is compiled: it fades exponentially
 * over so many people.
 */
export interface Warming extends Measured {
  readonly people: number;
}

/** How a newcomer's connections are: both kinds were measured, or one, or none. */
export const newcomerWays = ["plain", "tls"] as const;
export type NewcomerWay = (typeof newcomerWays)[number];
/** The most paces that a record may have. */
const maxPaces = 16;

/**
 * What things cost on one machine. `rostra plan --calibration FILE` reads it. A cost that was not measured is left out; the
 * model then takes its own guess (`assumptions.ts`), and every plan names those.
 */
export interface CalibrationRecord {
  readonly v: 1;
  /** A name for this record, told by each plan that used it. */
  readonly name: string;
  /** The day of the measurement, `YYYY-MM-DD`, or a span of days. */
  readonly measured: string;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly kernel: string;
    readonly node: string;
    /** What disturbs the figures: shared cores, loopback instead of a network card. */
    readonly notes: string;
  };
  readonly costs: Readonly<Partial<Record<CostName, Measured>>>;
  /** What newcomers cost by their pace; without it the model adds up their parts. */
  readonly newcomers?: Readonly<Partial<Record<NewcomerWay, Newcomers>>>;
  /** With `newcomers`, who came to a worker that had served many. */
  readonly warming?: Warming;
}

const offProblem = (where: string, detail: string): Problem =>
  new Problem({
    status: 400,
    code: "calibration-invalid",
    title: "That is no calibration record",
    detail: `${where}: ${detail}.`,
    action: "Its shape is in docs/rehearsal.md; `rostra plan` without --calibration uses the one that is shipped.",
  });

type Json = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Reads a calibration record from parsed JSON.
 * @param where its file, for the message
 * @throws Problem `calibration-invalid` naming the member that is off
 */
export function readCalibration(json: unknown, where: string): CalibrationRecord {
  if (!isObject(json)) throw offProblem(where, "not a JSON object");
  if (json["v"] !== 1) throw offProblem(where, `"v" is ${JSON.stringify(json["v"])}, not 1`);
  const text = (of: Json, member: string): string => {
    const value = of[member];
    if (typeof value !== "string" || value === "") throw offProblem(where, `"${member}" is not a text`);
    return value;
  };
  const machine = json["machine"];
  if (!isObject(machine)) throw offProblem(where, '"machine" is not an object');
  const cores = machine["cores"];
  if (typeof cores !== "number" || !(cores > 0)) throw offProblem(where, '"machine.cores" is not a number above 0');
  const costs = json["costs"];
  if (!isObject(costs)) throw offProblem(where, '"costs" is not an object');
  const { newcomers, warming } = json;
  return {
    v: 1,
    name: text(json, "name"),
    measured: text(json, "measured"),
    machine: {
      cpu: text(machine, "cpu"),
      cores,
      kernel: text(machine, "kernel"),
      node: text(machine, "node"),
      notes: text(machine, "notes"),
    },
    costs: Object.fromEntries(
      Object.entries(costs).map(([name, cost]) => {
        if (!(costNames as readonly string[]).includes(name)) {
          throw offProblem(where, `"costs.${name}" is no cost; there are ${costNames.join(", ")}`);
        }
        return [name, readCost(cost, `${where}: "costs.${name}"`)];
      }),
    ),
    ...(newcomers !== undefined && { newcomers: readNewcomers(newcomers, where) }),
    ...(warming !== undefined && { warming: readWarming(warming, where) }),
  };
}

function readWarming(json: unknown, where: string): Warming {
  const cost = readCost(json, `${where}: "warming"`);
  const people = isObject(json) ? json["people"] : undefined;
  if (typeof people !== "number" || !(people > 0 && Number.isFinite(people)))
    throw offProblem(where, '"warming": "people" is not a number above 0');
  return { ...cost, people };
}

function readNewcomers(json: unknown, where: string): NonNullable<CalibrationRecord["newcomers"]> {
  if (!isObject(json)) throw offProblem(where, '"newcomers" is not an object');
  return Object.fromEntries(
    Object.entries(json).map(([way, one]): [string, Newcomers] => {
      const member = `"newcomers.${way}"`;
      if (!(newcomerWays as readonly string[]).includes(way))
        throw offProblem(where, `${member} is no way of coming; there are ${newcomerWays.join(", ")}`);
      if (!isObject(one)) throw offProblem(where, `${member} is not an object`);
      const { pageRequests, paces } = one;
      if (typeof pageRequests !== "number" || !(pageRequests >= 0 && Number.isFinite(pageRequests)))
        throw offProblem(where, `${member}: "pageRequests" is not a number from 0 on`);
      if (!Array.isArray(paces) || paces.length === 0 || paces.length > maxPaces)
        throw offProblem(where, `${member}: "paces" is not a list of 1 to ${maxPaces}`);
      let before = 0;
      const read = paces.map((point: unknown, i): PacedCost => {
        const pace = isObject(point) ? point["pace"] : undefined;
        if (typeof pace !== "number" || !(pace > before && Number.isFinite(pace)))
          throw offProblem(where, `${member}: pace ${i + 1} is not a number above ${before}`);
        before = pace;
        return { pace, ...readCost(point, `${where}: ${member}, pace ${pace}`) };
      });
      return [way, { pageRequests, paces: read }];
    }),
  );
}

function readCost(cost: unknown, where: string): Measured {
  if (!isObject(cost)) throw offProblem(where, "not an object");
  const { value, low, high, source } = cost;
  if (typeof value !== "number" || typeof low !== "number" || typeof high !== "number") {
    throw offProblem(where, "value, low and high have to be numbers");
  }
  if (!(low > 0 && low <= value && value <= high && Number.isFinite(high))) {
    throw offProblem(where, `0 < low ≤ value ≤ high does not hold for ${low}, ${value}, ${high}`);
  }
  if (typeof source !== "string" || source === "") throw offProblem(where, "it does not say its source");
  return { value, low, high, source };
}
