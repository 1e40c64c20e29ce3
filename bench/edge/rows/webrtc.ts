import { once } from "node:events";
import { createInterface } from "node:readline";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { segmentMs, chunkMs } from "../../../src/wire/timeline.ts";
import type { Bench } from "../bench.ts";
import { loadCore, Process } from "../processes.ts";
import type { Row, Run, Sample } from "../row.ts";
import { startJanus } from "../servers/janus.ts";
import { startRostra } from "../servers/rostra.ts";
import { streamPath } from "../source.ts";

const names = { segments: "Rostra, by segment", chunks: "Rostra, by chunk", janus: "Janus, WebRTC" } as const;
const program = resolve(import.meta.dirname, "../webrtc-listeners.ts");
const frameMs = 20;

/** The same sound over WebRTC: what it costs, and how much sooner it comes. */
export const webrtc: Row = {
  name: "webrtc",
  title: "The same audience over WebRTC",
  about: ({ sizes }) =>
    `Janus's streaming plugin sends the same 32 kbit/s to ${sizes.webrtc} subscribers, a packet every ${frameMs} ms to each; ` +
    `Rostra to ${sizes.byChunk} by chunk${sizes.besideWebrtc > 0 ? ` and ${sizes.besideWebrtc} by segment` : ""}. "Sound after" is the age of a ` +
    `packet's, chunk's or segment's first sample when its last byte is at the listener (p50), without what players add.`,
  columns: [
    { key: "cpu", title: "CPU µs/s each", digits: 1 },
    { key: "listeners", title: "listeners a core" },
    { key: "rss", title: "RSS bytes each" },
    { key: "after", title: "sound after, ms", digits: 1 },
  ],
  targets: [
    {
      what: "CPU by segment, against Janus in the same run",
      limit: 1,
      digits: 3,
      value: (run: Run) => share(run, names.segments),
    },
    {
      what: "CPU by chunk, against Janus in the same run",
      limit: 1,
      digits: 3,
      value: (run: Run) => share(run, names.chunks),
    },
  ],
  rivals: ["janus"],
  measure,
};

function share(run: Run, name: string): number | undefined {
  const [ours, theirs] = [name, names.janus].map((one) => run.get(one)?.values["cpu"]);
  return ours === undefined || theirs === undefined ? undefined : ours / theirs;
}

async function* measure(bench: Bench): AsyncIterable<Sample> {
  if (!bench.has("janus")) return;
  yield janus(bench);
  const { byChunk, besideWebrtc } = bench.sizes;
  yield rostra(bench, names.chunks, byChunk, chunkMs);
  if (besideWebrtc > 0) yield rostra(bench, names.segments, besideWebrtc, segmentMs);
}

const rostra = (bench: Bench, subject: string, connections: number, lasts: number): Promise<Sample> =>
  bench.with(startRostra, async (server, source) => {
    const load = { mode: "endless", path: streamPath, connections, rate: 4000 } as const;
    const { cpuEach, rssEach, faults, result } = await bench.steady(server, source, load);
    const values = { cpu: cpuEach, listeners: 1e6 / cpuEach, rss: rssEach, after: lasts + result.delay.p50 / 1000 };
    return { subject, values, faults };
  });

const janus = (bench: Bench): Promise<Sample> =>
  bench.with(startJanus, async (server) => {
    const count = bench.sizes.webrtc;
    const before = server.rss();
    const words = [process.execPath, program, String(server.port), String(count)];
    await using listeners = new Process("WebRTC listeners", words, { core: loadCore, input: true });
    const { stdout, stdin } = listeners.child;
    if (!stdout || !stdin) throw new Error("the listeners cannot be talked to");
    const lines = createInterface({ input: stdout });
    const line = async (): Promise<string> => {
      const ended = once(listeners.child, "exit").then(() => {
        throw new Error(`the WebRTC listeners ended:\n${listeners.output}`);
      });
      const [said] = (await Promise.race([once(lines, "line"), ended])) as [string];
      return said;
    };
    await line();
    await sleep(1000);
    stdin.write("now\n");
    await line();
    const seconds = (bench.sizes.periods * segmentMs) / 1000;
    const [from, rss] = [server.cpu(), server.rss()];
    await sleep(seconds * 1000);
    const cpu = ((server.cpu() - from) / seconds / count) * 1e6;
    stdin.write("now\n");
    const heard = JSON.parse(await line()) as { packets: number; lost: number; p50: number };
    const values = { cpu, listeners: 1e6 / cpu, rss: (rss - before) / count, after: frameMs + heard.p50 };
    const due = (count * seconds * 1000) / frameMs;
    const faults = heard.packets < due * 0.95 ? [`only ${heard.packets} of ${due} packets came`] : [];
    return {
      subject: names.janus,
      values,
      faults: heard.lost > 0 ? [...faults, `${heard.lost} packets lost`] : faults,
    };
  });
