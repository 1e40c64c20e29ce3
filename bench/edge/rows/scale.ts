import type { Bench, Start } from "../bench.ts";
import { anyCore, serverCore } from "../processes.ts";
import type { Row, Run, Sample } from "../row.ts";
import { startFloor } from "../servers/floor.ts";
import { startIcecast } from "../servers/icecast.ts";
import { startNchan } from "../servers/nginx.ts";
import { startRostra } from "../servers/rostra.ts";
import { streamPath } from "../source.ts";
import { sampleOf } from "./endless.ts";

/** Listeners on one worker at most: the kernel spreads connections by hash, and no worker may run out of descriptors. */
const perWorker = 15_000;
/** What still fits one processor for the servers. */
const onOneCore = 40_000;

/** As many as a machine takes on that is busy serving them, too. */
const joinsPerSecond = 4000;

const workersFor = (listeners: number): number => Math.ceil(listeners / perWorker);
const worker = (count: number): string => (count === 1 ? "1 worker" : `${count} workers`);

export const scaleName = (server: string, listeners: number): string => `${server}, ${listeners}`;
const rostraName = (listeners: number): string =>
  `${scaleName("Rostra", listeners)} (${worker(workersFor(listeners))})`;

/** The servers and counts of a sample's name, for the picture. */
export function readScaleName(name: string): { readonly server: string; readonly listeners: number } {
  const [, server = name, listeners = "0"] = /^(.+), (\d+)(?: \(.*\))?$/.exec(name) ?? [];
  return { server, listeners: Number(listeners) };
}

/** What a listener costs as there are more of them. */
export const scale: Row = {
  name: "scale",
  title: "Cost as the audience grows",
  about: ({ sizes }) =>
    `Endless streams as above with ${sizes.scale.join(", ")} listeners, as many workers as their descriptors need. Up to ${onOneCore} the ` +
    `servers have one processor and the load the other; above that the servers may use both. Below 3,000 on an edge Rostra pushes by ` +
    `chunk, three times as many writes.`,
  subjects: "server, listeners",
  columns: [
    { key: "cpu", title: "CPU µs/s each", digits: 1 },
    { key: "rss", title: "RSS bytes each" },
    { key: "spread", title: "first to last, ms" },
    { key: "late", title: "late, ms" },
    { key: "load", title: "load generator, cores", digits: 2 },
  ],
  targets: [
    {
      what: "Rostra from 5,000 listeners on: dearest against cheapest, in the same run",
      limit: 1.15,
      value: (run: Run) => {
        const costs = [...run].flatMap(([name, { values }]) => {
          const { server, listeners } = readScaleName(name);
          return server === "Rostra" && listeners >= 5000 ? (values["cpu"] ?? []) : [];
        });
        return costs.length < 2 ? undefined : Math.max(...costs) / Math.min(...costs);
      },
    },
  ],
  rivals: ["icecast2", "nginx", "nchan"],
  measure,
};

async function* measure(bench: Bench): AsyncIterable<Sample> {
  const joinTimeout = 2 * bench.sizes.joinTimeout;
  const one = (subject: string, start: Start, connections: number, rate: number): Promise<Sample> =>
    bench.with(start, async (server, source) =>
      sampleOf(
        subject,
        await bench.steady(server, source, { mode: "endless", path: streamPath, connections, rate, joinTimeout }),
      ),
    );
  for (const listeners of bench.sizes.scale) {
    const core = listeners > onOneCore ? anyCore : serverCore;
    const start: Start = (setting) => startRostra(setting, { workers: workersFor(listeners), core });
    yield one(rostraName(listeners), start, listeners, joinsPerSecond);
  }
  for (const listeners of bench.sizes.rivalScale) {
    yield one(scaleName("C floor", listeners), startFloor, listeners, 5000);
    if (bench.has("nchan")) yield one(scaleName("nchan", listeners), startNchan, listeners, 5000);
    if (bench.has("icecast2")) yield one(scaleName("Icecast", listeners), startIcecast, listeners, 1000);
  }
}
