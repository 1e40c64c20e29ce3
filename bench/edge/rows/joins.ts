import { type Bench, perProcess, type Start } from "../bench.ts";
import { faults } from "../load.ts";
import { type Row, type Sample, valueOf } from "../row.ts";
import { startIcecast } from "../servers/icecast.ts";
import { joinPath, startNginxStatic } from "../servers/nginx.ts";
import { startRostra } from "../servers/rostra.ts";
import { streamPath } from "../source.ts";

const names = { rostra: "Rostra, one worker", icecast: "Icecast", nginx: "nginx, a file of the same size" } as const;
const burstSeconds = 2;

/** Everybody joins at once: how long each waits for the first byte. */
export const joins: Row = {
  name: "joins",
  title: "A burst of joins",
  about: ({ sizes }) =>
    `${sizes.burst} listeners connect and ask within ${burstSeconds} seconds${sizes.burst === perProcess ? ", as many as one process has descriptors for" : ""}. ` +
    `First byte: from connect() on. nginx sends what a newcomer of Rostra gets first, as a static file, and ` +
    `nobody listens on. Rostra and Icecast have had a thousand joins before. Who has no sound after ${sizes.joinTimeout} seconds has failed.`,
  columns: [
    { key: "served", title: "served, %", digits: 2 },
    { key: "p50", title: "first byte p50, ms", digits: 1 },
    { key: "p99", title: "first byte p99, ms", digits: 1 },
    { key: "max", title: "first byte max, ms", digits: 1 },
    { key: "cpu", title: "CPU µs a join", digits: 1 },
  ],
  targets: [
    { what: "not served, %", limit: 0, value: (run) => unserved(run.get(names.rostra)) },
    { what: "first byte p99, ms", limit: 250, digits: 0, value: valueOf("p99", names.rostra) },
  ],
  rivals: ["icecast2", "nginx"],
  measure,
};

const unserved = (sample: Sample | undefined): number | undefined => sample && 100 - (sample.values["served"] ?? 0);

async function* measure(bench: Bench): AsyncIterable<Sample> {
  const one = (subject: string, start: Start, finite?: string): Promise<Sample> =>
    joinsOf(bench, subject, start, finite === undefined ? {} : { finite });
  yield one(names.rostra, startRostra);
  if (bench.has("icecast2")) yield one(names.icecast, startIcecast);
  if (bench.has("nginx")) yield one(names.nginx, startNginxStatic, joinPath);
}

export interface BurstOptions {
  /** A file that is asked for in place of an endless response. */
  readonly finite?: string;
  /** @default as many as the bench's burst has */
  readonly connections?: number;
}

/** What a burst of joins costs a server. */
export function joinsOf(bench: Bench, subject: string, start: Start, options: BurstOptions = {}): Promise<Sample> {
  const { finite, connections = bench.sizes.burst } = options;
  return bench.with(start, async (server, source) => {
    if (!finite) await bench.warm(server, streamPath);
    const before = server.cpu();
    let after = 0;
    const ask = finite ? ({ path: finite, flags: ["--finite"] } as const) : server.ask;
    const rate = connections / burstSeconds;
    const load = {
      mode: "endless",
      path: streamPath,
      connections,
      rate,
      settle: 0,
      seconds: 0,
      joinTimeout: bench.sizes.joinTimeout,
    } as const;
    const result = await bench.load({ ...load, ...ask, port: server.port, epochMs: source.epochMs }, ({ t }) => {
      if (t === "joined") after = server.cpu();
    });
    const { p50, p99, max, percentiles = [] } = result.firstByte;
    const served = (result.joined / connections) * 100;
    return {
      subject,
      values: {
        served,
        p50: p50 / 1000,
        p99: p99 / 1000,
        max: max / 1000,
        cpu: ((after - before) / connections) * 1e6,
      },
      faults: faults(result),
      curve: percentiles.map((us) => us / 1000),
    };
  });
}
