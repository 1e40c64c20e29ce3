import { segmentMs } from "../../../src/wire/timeline.ts";
import { figures } from "../../figures.ts";
import type { Bench, Start } from "../bench.ts";
import { faults } from "../load.ts";
import { ratio, type Row, type Sample, valueOf } from "../row.ts";
import { startNginxCache } from "../servers/nginx.ts";
import { startRostra } from "../servers/rostra.ts";
import { startVarnish } from "../servers/varnish.ts";
import { segmentPath } from "../source.ts";

const names = { rostra: "Rostra, one worker", nginx: "nginx, proxy_cache_lock", varnish: "Varnish" } as const;

/** Everybody asks for a segment before it is there: how long after its publication they are answered. */
export const early: Row = {
  name: "early",
  title: "Early requests",
  about: ({ sizes }) =>
    `${sizes.early} players on kept connections all ask for the same segment, 360 to 860 ms before it is published, in ` +
    `${sizes.earlyRounds} rounds; from the moment of publication to the last byte of each answer (the medians of the rounds). ` +
    `Fetches: how often the segment was asked for at the origin, the most of all rounds.`,
  columns: [
    { key: "fetches", title: "fetches" },
    { key: "p50", title: "answered p50, ms", digits: 1 },
    { key: "p99", title: "answered p99, ms", digits: 1 },
    { key: "max", title: "the last, ms", digits: 1 },
  ],
  targets: [
    { what: "fetches of a segment", limit: 1, digits: 0, value: valueOf("fetches", names.rostra) },
    { what: "answered p99, ms", limit: 120, digits: 0, value: valueOf("p99", names.rostra) },
    {
      what: "answered p99, against Varnish in the same run",
      limit: 1 / 3,
      value: ratio("p99", names.rostra, names.varnish),
    },
  ],
  rivals: ["nginx", "varnish"],
  measure,
};

async function* measure(bench: Bench): AsyncIterable<Sample> {
  const one = (subject: string, start: Start): Promise<Sample> =>
    bench.with(start, async (server, source) => {
      const { early: connections, earlyRounds } = bench.sizes;
      const result = await bench.load({
        mode: "early",
        port: server.port,
        path: segmentPath,
        connections,
        rate: 4000,
        settle: bench.sizes.settle,
        rounds: earlyRounds + 1,
        epochMs: source.epochMs,
      });
      // The first round warms everybody up.
      const rounds = (result.rounds ?? []).slice(1).map(({ n, after }) => {
        const late = (source.publishedAt.get(n) ?? 0) - (source.epochMs + (n + 1) * segmentMs);
        const points = (after.percentiles ?? []).map((us) => us / 1000 - late);
        return { fetches: source.fetches.get(n) ?? 0, points };
      });
      const curve = Array.from(
        { length: 101 },
        (_, i) => figures(rounds.flatMap(({ points }) => points[i] ?? [])).median,
      );
      const at = (percentile: number): number => curve.at(percentile) ?? Number.NaN;
      const fetches = Math.max(...rounds.map((round) => round.fetches));
      const values = { fetches, p50: at(50), p99: at(99), max: at(100) };
      return { subject, values, faults: faults(result), curve };
    });
  yield one(names.rostra, startRostra);
  if (bench.has("nginx")) yield one(names.nginx, startNginxCache);
  if (bench.has("varnish")) yield one(names.varnish, startVarnish);
}
