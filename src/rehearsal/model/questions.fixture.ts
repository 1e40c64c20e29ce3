import { minutes, ms, seconds } from "../../foundation/duration.ts";
import { complete } from "./assumptions.ts";
import { calibration } from "./calibration.fixture.ts";
import { type Behaviour, behaviour } from "./behaviour.ts";
import { type Costs, costsOf } from "./costs.ts";
import type { Outcome } from "./outcome.ts";
import type { EdgeSpec, Question } from "./question.ts";
import { simulate } from "./simulate.ts";
import { bitsPerSecond, bytes, people } from "./units.ts";

/** Questions and costs for the tests of the model. */
export const edge: EdgeSpec = {
  cores: 4,
  nic: bitsPerSecond(10e9),
  memory: bytes(16e9),
  tls: false,
  descriptors: 100_000,
  backlog: 511,
};

export const question: Question = {
  listeners: people(400_000),
  arrivals: { shape: "flash" },
  over: seconds(30),
  lasts: minutes(5),
  edge,
  mix: { stream: 0.8, numbered: 0.1, hls: 0.1 },
  regions: 1,
  loss: undefined,
  seed: 7,
};

/** Nobody leaves, reloads, gives up, calls the API or is unlike the others. */
export const steadfast: Behaviour = {
  ...behaviour,
  leaveAfter: ms(1e15),
  patience: ms(1e15),
  apiRate: 0,
  imbalance: 0,
};

/** An edge on which only joining costs anything: so many seconds of a core. */
export function onlyJoins(seconds_: number): Costs {
  return {
    work: Float64Array.from({ length: 12 }, () => seconds_),
    bytes: new Float64Array(12).fill(1),
    times: () => 1,
    lone: new Float64Array(12),
    seatWork: new Float64Array(5),
    chunkWork: new Float64Array(5),
    seatBytes: new Float64Array(5),
    seatChunkBytes: new Float64Array(5),
    seatMemory: new Float64Array(5),
    turns: 1,
    write: 0,
    upstream: 0,
    api: 0,
    idle: 0,
    workerMemory: 0,
  };
}

export const costs = (tls = false): Costs => costsOf(complete(calibration), "value", tls, behaviour);

export const run = (asked: Question, edges: number, at = costs(asked.edge.tls), people_ = behaviour): Outcome =>
  simulate({ question: asked, edges, costs: at, behaviour: people_ });
