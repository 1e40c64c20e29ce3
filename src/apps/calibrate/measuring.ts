import { setTimeout as sleep } from "node:timers/promises";
import { segmentMs } from "../../wire/timeline.ts";
import type { Load } from "./load.ts";
import type { OwnServer } from "./own-server.ts";
import { cpuOf } from "./proc.ts";

/** How much is measured. */
export interface Scale {
  readonly rounds: number;
  /** Of each kind in a round, and in the first, which is the compiler's. */
  readonly each: number;
  readonly warm: number;
  /** Windows of each steady state. */
  readonly windows: number;
  /** Listeners that are pushed to by chunk, and by segment (from 3,000 on): plain, and over TLS. 0 leaves that out. */
  readonly chunked: number;
  readonly whole: number;
  readonly chunkedTls: number;
  readonly wholeTls: number;
  readonly numbered: number;
}

export const fullScale: Scale = {
  rounds: 6,
  each: 500,
  warm: 1200,
  windows: 3,
  chunked: 1500,
  whole: 3300,
  chunkedTls: 1000,
  wholeTls: 3100,
  numbered: 1000,
};
export const quickScale: Scale = {
  ...fullScale,
  rounds: 3,
  each: 200,
  warm: 500,
  windows: 2,
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

/** Two segments: each window has as many publications as the next. */
const windowMs = 2 * segmentMs;

/** µs of processor time a second that the edge takes, in so many windows. */
export async function windowsOf({ server, signal }: Measuring, count: number): Promise<number[]> {
  const found: number[] = [];
  for (let i = 0; i < count; i++) {
    const [from, cpu] = [performance.now(), cpuOf(server.edge)];
    await sleep(windowMs, undefined, { signal });
    found.push(((cpuOf(server.edge) - cpu) * 1e9) / (performance.now() - from));
  }
  return found;
}

export const getRequest = (path: string, ...headers: readonly string[]): string =>
  [`GET ${path} HTTP/1.1`, "host: localhost", "accept-encoding: gzip", ...headers, "", ""].join("\r\n");
