import type { Bench, Start } from "../bench.ts";
import { ratio, type Row, type Sample } from "../row.ts";
import { startNginxStatic } from "../servers/nginx.ts";
import { startRostra } from "../servers/rostra.ts";
import { startVarnish } from "../servers/varnish.ts";
import { segmentPath } from "../source.ts";

const names = { rostra: "Rostra", nginx: "nginx, static files", varnish: "Varnish" } as const;

/** Numbered segments over kept connections: what each request costs. */
export const numbered: Row = {
  name: "numbered",
  title: "Numbered segments over kept connections",
  about: ({ sizes }) =>
    `${sizes.numbered} players on kept connections, each asking for the latest segment once in 960 ms at a phase of its own. ` +
    `nginx has the segments as files in its cache of open files, Varnish has them in memory.`,
  columns: [
    { key: "cpu", title: "CPU µs a request", digits: 1 },
    { key: "p50", title: "answer p50, ms", digits: 2 },
    { key: "p99", title: "answer p99, ms", digits: 2 },
    { key: "rss", title: "RSS bytes each" },
  ],
  targets: [
    { what: "CPU a request, against nginx in the same run", limit: 1, value: ratio("cpu", names.rostra, names.nginx) },
    {
      what: "CPU a request, against Varnish in the same run",
      limit: 1,
      value: ratio("cpu", names.rostra, names.varnish),
    },
  ],
  rivals: ["nginx", "varnish"],
  measure,
};

async function* measure(bench: Bench): AsyncIterable<Sample> {
  const one = (subject: string, start: Start): Promise<Sample> =>
    bench.with(start, async (server, source) => {
      const load = { mode: "numbered", path: segmentPath, connections: bench.sizes.numbered, rate: 4000 } as const;
      const { result, cores, rssEach, faults } = await bench.steady(server, source, load);
      const { count, p50, p99 } = result.latency;
      const values = { cpu: (cores * result.seconds * 1e6) / count, p50: p50 / 1000, p99: p99 / 1000, rss: rssEach };
      return { subject, values, faults };
    });
  yield one(names.rostra, startRostra);
  if (bench.has("nginx")) yield one(names.nginx, startNginxStatic);
  if (bench.has("varnish")) yield one(names.varnish, startVarnish);
}
