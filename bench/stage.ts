/**
 * `npm run bench:stage`: CPU and memory of the whole stage process (WebRTC, jitter buffers, mix, mix-minus and its encoding for each
 * speaker, three renditions on air) with 1, 5 and 13 speakers who talk without end. Runs are interleaved.
 * Options: --runs N (5), --for SECONDS (20), --json.
 */
import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Server } from "../test/e2e/server.ts";
import { cpuSeconds, figures, memory, option, print } from "./figures.ts";

const runs = option("runs", 5);
const forSeconds = option("for", 20);
const crowds = [1, 5, 13];

interface Measured {
  readonly cpu: number[];
  readonly rss: number[];
}
const measured = new Map<number, Measured>(crowds.map((count) => [count, { cpu: [], rss: [] }]));

async function measure(count: number): Promise<void> {
  await using server = await Server.start();
  await server.claim();
  const space = await server.createSpace({ title: `Stage of ${count}` });
  const host = await server.invite(space.id, "host", "Host");
  const speaker = await server.invite(space.id, "speaker", "Speaker");
  const speakers = spawn(
    process.execPath,
    [resolve(import.meta.dirname, "stage-speakers.ts"), host.whipUrl, String(count)],
    {
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
  try {
    speakers.stdin.end([host.token, ...Array.from({ length: count - 1 }, () => speaker.token)].join("\n"));
    await new Promise<void>((ready, failed) => {
      speakers.stdout.on("data", (text: Buffer) => text.includes("ready") && ready());
      speakers.on("exit", (code) => failed(new Error(`the speakers ended with ${code}`)));
    });
    await server.until(
      space.id,
      (state) =>
        state.status === "live" && !state.hold && state.stage.filter(({ present }) => present).length === count,
    );
    await sleep(5000);
    const pid = await server.pid("stage");
    const before = cpuSeconds(pid);
    const start = performance.now();
    await sleep(forSeconds * 1000);
    const used = cpuSeconds(pid) - before;
    measured.get(count)?.cpu.push((100 * used) / ((performance.now() - start) / 1000));
    measured.get(count)?.rss.push(memory(pid).rss / 1e6);
    const { hold } = await server.state(space.id);
    if (hold) throw new Error("the programme stopped: what was measured is not the stage at work");
  } finally {
    speakers.kill("SIGKILL");
  }
}

for (let run = 0; run < runs; run++) for (const count of crowds) await measure(count);

print(
  "npm run bench:stage",
  [...measured].flatMap(([count, { cpu, rss }]) => [
    {
      what: `CPU of the stage, ${count} speaker${count > 1 ? "s" : ""}`,
      unit: "% of a core",
      target: count === 13 ? "≤ 50" : "",
      value: figures(cpu),
      digits: 1,
    },
    { what: `RSS of the stage, ${count} speaker${count > 1 ? "s" : ""}`, unit: "MB", target: "", value: figures(rss) },
  ]),
);
