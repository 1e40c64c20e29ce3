import type { Bench, Start } from "../bench.ts";
import type { Row, Run, Sample } from "../row.ts";
import type { Server } from "../servers/server.ts";
import { startHaproxyTls, startNginxTls, startRostraTls } from "../servers/tls.ts";
import { type Source, streamPath } from "../source.ts";

const names = { rostra: "Rostra's own", nginx: "nginx in front", haproxy: "HAProxy in front" } as const;
/** Handshakes under way at once. */
const atOnce = 32;

/** TLS in the edge itself and in front of it: handshakes, and what each listener costs. */
export const tls: Row = {
  name: "tls",
  title: "TLS",
  about: ({ sizes }) =>
    `TLS 1.3, ECDSA on P-256, X25519; ${sizes.tls} listeners of endless streams. What is in front counts together with the edge ` +
    `behind it. Handshakes are those in one second of the server's CPU: full, and resumed with a ticket.`,
  subjects: "arrangement",
  columns: [
    { key: "full", title: "full handshakes/s a core" },
    { key: "resumed", title: "resumed/s a core" },
    { key: "cpu", title: "CPU µs/s each", digits: 1 },
    { key: "rss", title: "RSS bytes each" },
  ],
  targets: [
    {
      what: "RSS a listener in the better arrangement, bytes",
      limit: 20 * 1024,
      digits: 0,
      value: (run: Run) => {
        const all = [...run.values()].flatMap(({ values }) => values["rss"] ?? []);
        return all.length === 0 ? undefined : Math.min(...all);
      },
    },
  ],
  rivals: ["nginx", "haproxy", "openssl"],
  measure,
};

async function* measure(bench: Bench): AsyncIterable<Sample> {
  if (!bench.programs.tls) return;
  const one = (subject: string, start: Start): Promise<Sample> =>
    bench.with(start, async (server, source) => {
      const load = { mode: "endless", path: streamPath, connections: bench.sizes.tls, rate: 800 } as const;
      const { cpuEach, rssEach, faults } = await bench.steady(server, source, load);
      const full = await handshakes(bench, server, source, false);
      const resumed = await handshakes(bench, server, source, true);
      const values = { full: full.each, resumed: resumed.each, cpu: cpuEach, rss: rssEach };
      return { subject, values, faults: [...faults, ...full.faults, ...resumed.faults] };
    });
  yield one(names.rostra, startRostraTls);
  if (bench.has("nginx")) yield one(names.nginx, startNginxTls);
  if (bench.has("haproxy")) yield one(names.haproxy, startHaproxyTls);
}

/** How many handshakes a second of the server's CPU makes. */
async function handshakes(
  bench: Bench,
  server: Server,
  source: Source,
  resume: boolean,
): Promise<{ readonly each: number; readonly faults: string[] }> {
  const flags = ["--tls", ...(resume ? (["--resume"] as const) : [])] as const;
  const load = {
    mode: "handshakes",
    connections: atOnce,
    settle: bench.sizes.settle,
    port: server.port,
    flags,
  } as const;
  let [from, to] = [0, 0];
  const seconds = bench.sizes.handshakeSeconds;
  const { answers, joined, failedConnects } = await bench.load(
    { ...load, seconds, epochMs: source.epochMs },
    ({ t }) => {
      if (t === "steady") from = server.cpu();
      if (t === "measured") to = server.cpu();
    },
  );
  const kind = resume ? "resumed" : "full";
  const other = resume ? answers - joined : joined;
  const faults = [
    ...(failedConnects > 0 ? [`${failedConnects} ${kind} handshakes failed`] : []),
    ...(other > 0 ? [`${other} of ${answers} handshakes were not ${kind}`] : []),
  ];
  return { each: answers / (to - from), faults };
}
