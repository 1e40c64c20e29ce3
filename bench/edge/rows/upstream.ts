import type { Bench } from "../bench.ts";
import { type Row, type Run, type Sample } from "../row.ts";
import { startRostra } from "../servers/rostra.ts";
import { streamPath } from "../source.ts";

const subject = (listeners: number): string => `${listeners} listeners`;

/** What reaches the origin as the audience grows. */
export const upstream: Row = {
  name: "upstream",
  title: "Upstream requests",
  about: () => `One edge with more and more listeners; requests at the origin for each segment.`,
  subjects: "audience",
  columns: [
    { key: "fetches", title: "fetches a segment", digits: 2 },
    { key: "most", title: "the most for one" },
  ],
  targets: [
    {
      what: "the most listeners against the fewest, in the same run",
      limit: 1,
      value: (run: Run) => {
        const all = [...run.values()].map(({ values }) => values["fetches"] ?? Number.NaN);
        return (all.at(-1) ?? Number.NaN) / (all[0] ?? Number.NaN);
      },
    },
  ],
  rivals: [],
  measure,
};

async function* measure(bench: Bench): AsyncIterable<Sample> {
  for (const connections of bench.sizes.upstream) {
    yield await bench.with(startRostra, async (server, source) => {
      const load = { mode: "endless", path: streamPath, connections, rate: 5000 } as const;
      const before = source.latest;
      const { faults } = await bench.steady(server, source, load, 3);
      // From the first that was asked for with listeners there, to the last that was published.
      const [first, last] = [before + 2, source.latest];
      const fetches = source.fetchesOf(first, last);
      const sum = fetches.reduce((total, one) => total + one, 0);
      return {
        subject: subject(connections),
        values: { fetches: sum / fetches.length, most: Math.max(...fetches) },
        faults,
      };
    });
  }
}
