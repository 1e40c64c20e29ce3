import { setTimeout as sleep } from "node:timers/promises";
import { type Milliseconds, ms } from "../../foundation/duration.ts";
import { segmentMs } from "../../wire/timeline.ts";
import type { Load } from "./load.ts";
import type { OwnServer } from "./own-server.ts";
import { cpuOf } from "./proc.ts";

/** How much is measured. */
export interface Scale {
  readonly rounds: number;
  /** Of each kind in a round, and of each in the first round, which is the compiler's. */
  readonly each: number;
  readonly warm: number;
  /** Windows of each steady state, and segments that are published in each: all windows have as many. */
  readonly windows: number;
  readonly segments: number;
  /** Until what a crowd's coming leaves to do is over: garbage, the change between chunks and segments. */
  readonly settle: Milliseconds;
  /** Real people come, so many a second, for so many segments, of which each is a window; they stay, and are pushed to by chunk. */
  readonly paces: { readonly plain: readonly number[]; readonly tls: readonly number[] };
  readonly paceWindows: number;
  /** The same of the first people of all, 100 a second. 0 leaves that out. */
  readonly firstWindows: number;
  /** Listeners that are pushed to by segment (from 3,000 on): plain, and over TLS. 0 leaves that out. */
  readonly whole: number;
  readonly wholeTls: number;
  readonly numbered: number;
  readonly hls: number;
}

/** A minute and three quarters. */
export const fullScale: Scale = {
  rounds: 5,
  each: 400,
  warm: 1200,
  windows: 2,
  segments: 2,
  settle: ms(1300),
  paces: { plain: [25, 100, 400], tls: [15, 60, 200] },
  paceWindows: 3,
  firstWindows: 7,
  whole: 3300,
  wholeTls: 3100,
  numbered: 500,
  hls: 300,
};
/** Three quarters of a minute: wider ranges, over TLS by chunk only, HLS and a worker's first people not at all. */
export const quickScale: Scale = {
  ...fullScale,
  rounds: 3,
  each: 200,
  warm: 400,
  segments: 1,
  settle: ms(700),
  paces: { plain: [30, 300], tls: [20, 150] },
  paceWindows: 2,
  firstWindows: 0,
  wholeTls: 0,
  numbered: 400,
  hls: 0,
};

/** What is measured with what. */
export interface Measuring {
  readonly server: OwnServer;
  readonly load: Load;
  readonly scale: Scale;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** µs of processor time a second that the edge takes, in so many windows. */
export async function windowsOf({ server, scale, signal }: Measuring, count: number): Promise<number[]> {
  const found: number[] = [];
  for (let i = 0; i < count; i++) {
    const [from, cpu] = [performance.now(), cpuOf(server.edge)];
    await sleep(scale.segments * segmentMs, undefined, { signal });
    found.push(((cpuOf(server.edge) - cpu) * 1e9) / (performance.now() - from));
  }
  return found;
}

export const getRequest = (path: string, ...headers: readonly string[]): string =>
  [`GET ${path} HTTP/1.1`, "host: localhost", "accept-encoding: gzip", ...headers, "", ""].join("\r\n");
