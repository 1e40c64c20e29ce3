import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { chromiumIsInstalled, openBrowser, stallsOf } from "./browser.ts";
import { decode, likeness } from "./hearing.ts";
import { createHash } from "node:crypto";
import { parseChunk } from "../../src/cmaf/parse.ts";
import { chunkMs } from "../../src/wire/timeline.ts";
import { ChunkReader } from "./boxes.ts";
import { StreamListener } from "./listener.ts";
import { Server } from "./server.ts";
import { microphone, speechIsInstalled } from "./speech.ts";
import { enterStage, pressListen } from "./stage-page.ts";

/** The spans of hold audio that the timeline itself tells of, in ms from the epoch. */
function holdSpans(segments: readonly Buffer[]): [from: number, to: number][] {
  const spans: [number, number][] = [];
  let since: number | undefined;
  for (const segment of segments) {
    for (const { slot, bytes } of new ChunkReader().push(segment)) {
      for (const event of parseChunk(bytes).events) {
        if (event.t !== "status") continue;
        if (event.hold) since ??= slot * chunkMs;
        else if (since !== undefined) {
          spans.push([since, slot * chunkMs]);
          since = undefined;
        }
      }
    }
  }
  return spans;
}

test.skipIf(!chromiumIsInstalled() || !speechIsInstalled())(
  "EE-7 kill -9 of each process while a real speaker talks: the listener's page recovers by itself, the speaker is back, and the replay holds every segment",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "rostra-recovery-"));
    await using server = await Server.start();
    await server.claim();
    const voice = microphone("two", folder);
    const space = await server.createSpace({ title: "It goes on" });
    const [speaker, listener] = await Promise.all([openBrowser({ microphone: voice.file }), openBrowser()]);
    try {
      await enterStage(speaker.page, (await server.invite(space.id, "host", "Host")).url);
      const live = await server.until(
        space.id,
        (state) => state.status === "live" && !state.hold && state.latest !== null,
      );
      await listener.page.goto(`${server.url}/s/${space.slug}`);
      await pressListen(listener.page);
      await sleep(4000);
      const wire = new StreamListener(server.url, `/live/${space.id}/opus-32k/stream.mp4`);

      const killedAt: Record<string, number> = {};
      for (const name of ["control", "edge 1", "edge 2", "origin", "stage"]) {
        const before = await server.pid(name);
        const from = (await server.state(space.id)).latest ?? 0;
        killedAt[name] = Date.now();
        await server.kill(name);
        await expect
          .poll(() => server.pid(name).catch(() => before), { timeout: 20_000, interval: 20 })
          .not.toBe(before);
        await server.until(
          space.id,
          ({ status, hold, latest }) => status === "live" && !hold && (latest ?? 0) >= from + 3,
          30_000,
        );
        await sleep(4000);
      }
      wire.end();
      const stalls = await stallsOf(listener.page);

      // The listener's page says that it plays, and shows no error.
      await listener.page.getByRole("button", { name: "Stop" }).waitFor();
      expect(await listener.page.getByText(/not available/i).count()).toBe(0);

      const last = (await server.state(space.id)).latest ?? 0;
      await server.api("POST", `/spaces/${space.id}/end`);
      await server.until(space.id, (state) => state.status === "ended" && state.replay, 30_000);
      const playlist = await (await fetch(`${server.url}/replay/${space.id}/opus-32k/index.m3u8`)).text();
      const numbers = [...playlist.matchAll(/^(\d+)\.m4s$/gm)].map(([, n]) => Number(n));
      expect(numbers[0]).toBe(Math.ceil((live.liveAt! - live.epochMs!) / 960));
      expect(numbers.at(-1)).toBeGreaterThanOrEqual(last);
      expect(numbers.length).toBe(numbers.at(-1)! - numbers[0]! + 1);
      const segments = new Map<number, Buffer>();
      for (const n of numbers) {
        const answer = await fetch(`${server.url}/replay/${space.id}/opus-32k/${n}.m4s`);
        segments.set(n, Buffer.from(await answer.arrayBuffer()));
      }
      // What was streamed at the time is what the replay has, byte for byte.
      const sha256 = (n: number): string =>
        createHash("sha256")
          .update(segments.get(n) ?? "")
          .digest("hex");
      expect(wire.segments.size).toBeGreaterThan(3);
      expect([...wire.segments].filter(([n, hash]) => sha256(n) !== hash)).toEqual([]);
      const holds = holdSpans([...segments.values()]).map(
        ([from, to]) => [live.epochMs! + from, live.epochMs! + to] as const,
      );
      for (const [name, at] of Object.entries(killedAt)) {
        const next = Math.min(...Object.values(killedAt).filter((other) => other > at), at + 7000);
        const within = ([from]: readonly [number, number]): boolean => from > at - 700 && from < next - 700;
        const total = (spans: readonly (readonly [number, number])[]): number =>
          spans.filter(within).reduce((sum, [from, to]) => sum + to - from, 0);
        console.log(
          `kill -9 ${name}: hold audio for ${total(holds)} ms, the listener's page stalled for ${total(stalls)} ms`,
        );
      }
      // And it is the speaker's voice, in both files to download.
      for (const file of ["audio.m4a", "audio.opus"]) {
        const sound = decode(`${server.url}/replay/${space.id}/${file}`);
        const score = likeness(sound.subarray(2 * 16_000, 9 * 16_000), voice.samples).score;
        console.log(
          `${file}: ${(sound.length / 16_000).toFixed(2)} s of ${(numbers.length * 0.96).toFixed(2)} s, likeness ${score.toFixed(3)}`,
        );
        expect(Math.abs(sound.length / 16_000 - numbers.length * 0.96)).toBeLessThan(0.2);
        expect(score).toBeGreaterThan(0.45);
      }
    } finally {
      await Promise.all([speaker, listener].map(({ browser }) => browser.close()));
      await rm(folder, { recursive: true, force: true });
    }
  },
  240_000,
);
