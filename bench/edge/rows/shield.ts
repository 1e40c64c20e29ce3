import type { Bench, Start } from "../bench.ts";
import { ratio, type Row, type Sample } from "../row.ts";
import { startRostra } from "../servers/rostra.ts";
import { streamPath } from "../source.ts";
import { joinsOf } from "./joins.ts";

const names = { shielded: "Rostra", bare: "Rostra, without its shield" } as const;
const levels = { ROSTRA_LEVELS: "1" } as const;
const startShielded: Start = (setting) => startRostra(setting, { env: levels });
const startBare: Start = (setting) => startRostra(setting, { env: { ...levels, ROSTRA_SHIELD: "0" } });
/** An edge as it comes keeps a twelfth of its descriptors: above that newcomers would get a place in line. */
const mostSeated = 17_500;
const burstOf = (burst: number): number => Math.min(burst, mostSeated);

/** What the shield costs when nobody attacks. */
export const shield: Row = {
  name: "shield",
  title: "The shield, at no attack",
  about: ({ sizes }) =>
    `${sizes.endless} listeners of one endless response each, and a burst of ${burstOf(sizes.burst)} joins, with the shield and with ` +
    `ROSTRA_SHIELD=0. CPU is microseconds a second for each listener, and for each join.`,
  columns: [
    { key: "cpu", title: "CPU µs/s each", digits: 1 },
    { key: "rss", title: "RSS bytes each" },
    { key: "join", title: "CPU µs a join", digits: 1 },
  ],
  targets: [
    { what: "CPU a listener, against none", limit: 1.03, value: ratio("cpu", names.shielded, names.bare) },
    { what: "CPU a join, against none", limit: 1.1, value: ratio("join", names.shielded, names.bare) },
  ],
  rivals: [],
  measure,
};

async function* measure(bench: Bench): AsyncIterable<Sample> {
  const { endless: connections, endlessRate: rate } = bench.sizes;
  for (const [subject, start] of [
    [names.shielded, startShielded],
    [names.bare, startBare],
  ] as const) {
    const { cpuEach, rssEach, faults } = await bench.with(start, (server, source) =>
      bench.steady(server, source, { mode: "endless", path: streamPath, connections, rate }),
    );
    const burst = await joinsOf(bench, subject, start, { connections: burstOf(bench.sizes.burst) });
    const values = { cpu: cpuEach, rss: rssEach, join: burst.values["cpu"] ?? 0 };
    yield { subject, values, faults: [...faults, ...burst.faults] };
  }
}
