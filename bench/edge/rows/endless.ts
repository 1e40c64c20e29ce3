import type { Bench, Start, Steady } from "../bench.ts";
import { ratio, type Row, type Sample, valueOf } from "../row.ts";
import { startFloor } from "../servers/floor.ts";
import { startIcecast } from "../servers/icecast.ts";
import { startNchan } from "../servers/nginx.ts";
import { startRostra } from "../servers/rostra.ts";
import { streamPath } from "../source.ts";

export const subjects = {
  rostra: "Rostra, by segment",
  chunks: "Rostra, by chunk",
  floor: "C floor",
  icecast: "Icecast",
  nchan: "nchan",
} as const;

/** One endless response for each listener: what each costs. */
export const endless: Row = {
  name: "endless",
  title: "Endless streams",
  about: ({ sizes }) =>
    `${sizes.endless} listeners of one endless response each, 4,140 bytes every 960 ms (32 kbit/s). Rostra pushes whole segments to so ` +
    `many; by chunk it does below 3,000 on an edge, measured with ${sizes.byChunk}. CPU is microseconds a second for each listener. ` +
    `"First to last" is the time between the first and the last receiver of a segment (p50 over segments), "late" is from a segment's ` +
    `publication to its last byte at a listener (p99).`,
  columns: [
    { key: "cpu", title: "CPU µs/s each", digits: 1 },
    { key: "listeners", title: "listeners a core" },
    { key: "rss", title: "RSS bytes each" },
    { key: "spread", title: "first to last, ms" },
    { key: "late", title: "late, ms" },
    { key: "load", title: "load generator, cores", digits: 2 },
  ],
  targets: [
    {
      what: "CPU, against Icecast in the same run",
      limit: 1 / 3,
      value: ratio("cpu", subjects.rostra, subjects.icecast),
    },
    {
      what: "CPU, against the C floor in the same run",
      limit: 1.15,
      value: ratio("cpu", subjects.rostra, subjects.floor),
    },
    { what: "RSS a listener, bytes", limit: 6144, digits: 0, value: valueOf("rss", subjects.rostra) },
  ],
  rivals: ["icecast2", "nginx", "nchan"],
  measure,
};

async function* measure(bench: Bench): AsyncIterable<Sample> {
  const { endless: listeners, endlessRate: rate, byChunk } = bench.sizes;
  const one = (subject: string, start: Start, connections = listeners, perSecond = rate): Promise<Sample> =>
    bench.with(start, async (server, source) => {
      const load = { mode: "endless", path: streamPath, connections, rate: perSecond } as const;
      return sampleOf(subject, await bench.steady(server, source, load));
    });
  yield one(subjects.rostra, startRostra);
  yield one(subjects.floor, startFloor);
  // It takes about a thousand a second; asked faster it leaves many waiting for half a minute.
  if (bench.has("icecast2")) yield one(subjects.icecast, startIcecast, listeners, Math.min(1000, rate));
  if (bench.has("nchan")) yield one(subjects.nchan, startNchan);
  yield one(subjects.chunks, startRostra, byChunk);
}

export const sampleOf = (subject: string, { result, cpuEach, rssEach, faults }: Steady): Sample => ({
  subject,
  values: {
    cpu: cpuEach,
    listeners: 1e6 / cpuEach,
    rss: rssEach,
    spread: result.spread.p50 / 1000,
    late: result.delay.p99 / 1000,
    load: result.ownCpu / result.seconds,
  },
  faults,
});
