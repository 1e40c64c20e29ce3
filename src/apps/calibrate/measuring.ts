import { setTimeout as sleep } from "node:timers/promises";
import { type Milliseconds, ms } from "../../foundation/duration.ts";
import { segmentMs } from "../../wire/timeline.ts";
import type { Load } from "./load.ts";
import type { OwnServer } from "./own-server.ts";
import { cpuOf } from "./proc.ts";

/** How much is measured. */
export interface Scale {
  readonly rounds: number;
  /** Of each kind in a round, of those that come alone, and of each in the first round, which is the compiler's. */
  readonly each: number;
  readonly lone: number;
  readonly warm: number;
  /** Windows of each steady state, and segments that are published in each: all windows have as many. */
  readonly windows: number;
  readonly segments: number;
  /** Until what a crowd's coming leaves to do is over: garbage, the change between chunks and segments. */
  readonly settle: Milliseconds;
  /** Listeners that are pushed to by chunk, and by segment (from 3,000 on): plain, and over TLS. 0 leaves that out. */
  readonly chunked: number;
  readonly whole: number;
  readonly chunkedTls: number;
  readonly wholeTls: number;
  readonly numbered: number;
}

/** A minute and a half. */
export const fullScale: Scale = {
  rounds: 5,
  each: 500,
  lone: 100,
  warm: 1200,
  windows: 3,
  segments: 2,
  settle: ms(1500),
  chunked: 1500,
  whole: 3300,
  chunkedTls: 1000,
  wholeTls: 3100,
  numbered: 1000,
};
/** Half a minute: wider ranges, and over TLS by chunk only. */
export const quickScale: Scale = {
  ...fullScale,
  rounds: 3,
  each: 200,
  lone: 50,
  warm: 400,
  windows: 2,
  segments: 1,
  settle: ms(1100),
  chunkedTls: 600,
  wholeTls: 0,
  numbered: 400,
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
