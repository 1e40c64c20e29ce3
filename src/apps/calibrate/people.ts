import { setTimeout as sleep } from "node:timers/promises";
import type { Coming, Pace, Span } from "../../rehearsal/calibrate/samples.ts";
import type { SwarmBehaviour, SwarmOrder } from "../../rehearsal/swarm/contract.ts";
import { seeded } from "../../rehearsal/model/random.ts";
import { segmentMs } from "../../wire/timeline.ts";
import type { Measuring, Scale } from "./measuring.ts";
import { cpuOf } from "./proc.ts";
import { pageOf } from "./rounds.ts";

const windowSeconds = segmentMs / 1000;
/** From one loopback address come so many connections at most: beyond, ports are found slowly. */
const perAddress = 1000;
/** Connections of each: the page's, the sound's, and one that closes. */
const connectionsEach = 3;
/** Who comes first has so long to be told to, ms. */
const startMs = 500;
const never = 1e9;

interface People extends Pick<SwarmBehaviour, "mix" | "pageShare"> {
  readonly tls: boolean;
  /** When each comes, seconds. */
  readonly arrivals: readonly number[];
}

/** People who come then, and stay until they are let go. */
export function orderOf({ server }: Measuring, { tls, arrivals, mix, pageShare }: People): SwarmOrder {
  const addresses = Math.ceil((connectionsEach * arrivals.length) / perAddress);
  return {
    target: {
      bases: [tls ? `https://localhost:${server.tlsPort}` : `http://127.0.0.1:${server.port}`],
      space: server.space,
      ...(server.certificate === undefined ? {} : { ca: server.certificate }),
    },
    behaviour: {
      mix,
      pageShare,
      patience: never,
      reloadAfter: never,
      giveUpAfter: never,
      leaveAfter: never,
      returnShare: 0,
      returnAfter: never,
      endWithin: 0,
    },
    arrivals,
    until: never,
    sources: Array.from({ length: addresses }, (_, i) => `127.0.1.${2 + i}`),
    most: connectionsEach * arrivals.length,
    seed: 1,
    beginsAt: Date.now() + startMs,
  };
}

/** At which pace the first come to a worker that has just begun, and in how many windows. */
const firstPace = 100;

const pacesOf = (scale: Scale, tls: boolean): readonly number[] => scale.paces[tls ? "tls" : "plain"];
/** How many come in a window. */
const cameAt = (pace: number): number => Math.max(1, Math.round(pace * windowSeconds));

/** How many come at all paces together. */
export const comers = (scale: Scale, tls: boolean): number =>
  pacesOf(scale, tls).reduce((sum, pace) => sum + scale.paceWindows * cameAt(pace), 0);

/** People come at one pace after the other, and stay. */
export async function come(measuring: Measuring, tls: boolean): Promise<Coming> {
  const { scale, say } = measuring;
  const paces = pacesOf(scale, tls);
  say(`people who come${tls ? " over TLS" : ""}, ${paces.join(", ")} a second, and stay`);
  return comeAt(measuring, tls, paces, scale.paceWindows);
}

/** The first people of all, and they go again. */
export async function comeFirst(measuring: Measuring): Promise<Coming | undefined> {
  const { load, scale, say, signal } = measuring;
  if (scale.firstWindows === 0) return undefined;
  say("the first people who come to a worker that has just begun");
  await sleep(scale.settle, undefined, { signal });
  const found = await comeAt(measuring, false, [firstPace], scale.firstWindows);
  await load.order({ do: "release" });
  return found;
}

/** At chance moments at each pace, as people do, as many in each window; with a window between in which nobody comes. */
async function comeAt(measuring: Measuring, tls: boolean, paces: readonly number[], windows: number): Promise<Coming> {
  const { server, load, signal } = measuring;
  const pageRequests = (await pageOf(server)).length;
  const ofPace = (windows + 1) * windowSeconds;
  const random = seeded(1, paces.length);
  const arrivals = paces.flatMap((pace, i) => {
    const each = cameAt(pace);
    return Array.from({ length: windows * each }, (_, n) => {
      const window = Math.floor(n / each);
      return i * ofPace + (window + random()) * windowSeconds;
    }).toSorted((a, b) => a - b);
  });
  const mix = { stream: 1, numbered: 0, hls: 0 };
  const order = orderOf(measuring, { tls, arrivals, mix, pageShare: 1 });
  await load.order({ do: "play", order });
  const look = async (at: number): Promise<Look> => {
    await sleep(Math.max(0, order.beginsAt + at * 1000 - Date.now()), undefined, { signal });
    return { at: (Date.now() - order.beginsAt) / 1000, cpu: cpuOf(server.edge) };
  };
  const measured: Pace[] = [];
  let from = await look(0);
  for (const [i, pace] of paces.entries()) {
    const spans: Span[] = [];
    for (let window = 1; window <= windows + 1; window++) {
      const to = await look(i * ofPace + window * windowSeconds);
      spans.push(spanOf(from, to, arrivals));
      from = to;
    }
    measured.push({ pace, windows: spans.slice(0, -1), after: spans.at(-1)! });
  }
  return { tls, pageRequests, paces: measured };
}

interface Look {
  readonly at: number;
  readonly cpu: number;
}

function spanOf(from: Look, to: Look, arrivals: readonly number[]): Span {
  const seconds = to.at - from.at;
  return {
    seconds,
    busy: (to.cpu - from.cpu) * 1e6,
    came: arrivals.filter((at) => at >= from.at && at < to.at).length,
    played: arrivals.reduce((sum, at) => sum + Math.max(0, Math.min(seconds, to.at - at)), 0),
  };
}
