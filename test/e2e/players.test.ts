import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { chromiumIsInstalled, hear, openBrowser } from "./browser.ts";
import { decode, ffmpegIsInstalled, hearingRate, likeness } from "./hearing.ts";
import { Server } from "./server.ts";

/** A minute with ROSTRA_E2E_SECONDS=60; shorter by default. */
const seconds = Number(process.env["ROSTRA_E2E_SECONDS"] ?? 15);
const root = resolve(import.meta.dirname, "../..");

/** What the demo Space's three voices say together. */
function demoSound(): Float32Array {
  const voices = ["en", "fr", "id"].map((name) => decode(`${root}/assets/voices/${name}.opus`));
  const length = Math.max(...voices.map((voice) => voice.length));
  return Float32Array.from({ length }, (_, i) => voices.reduce((sum, voice) => sum + (voice[i] ?? 0), 0));
}

interface Played {
  readonly samples: Float32Array;
  /** Everything ffmpeg had to say from `warning` up. */
  readonly words: string;
}

/** Plays a URL in ffmpeg for a while, at the speed it comes. */
function play(url: string, forSeconds: number, program = 0): Promise<Played> {
  const child = spawn("ffmpeg", [
    "-hide_banner",
    "-nostdin",
    "-v",
    "warning",
    "-i",
    url,
    "-map",
    `0:a:${program}`,
    "-t",
    String(forSeconds),
    "-f",
    "f32le",
    "-ac",
    "1",
    "-ar",
    String(hearingRate),
    "-",
  ]);
  const parts: Buffer[] = [];
  let words = "";
  child.stdout.on("data", (part: Buffer) => parts.push(part));
  child.stderr.on("data", (text: Buffer) => (words += text.toString()));
  return new Promise((done) => {
    child.on("exit", () => {
      // FFmpeg 5.1 reads EXT-X-MAP anew with every reload of a live playlist, and remarks on that itself.
      const own = /^.*Found duplicated MOOV Atom\. Skipped it\n|^ +Last message repeated \d+ times\n/gm;
      words = words.replaceAll(own, "");
      const bytes = Buffer.concat(parts);
      done({
        samples: new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + (bytes.length & ~3))),
        words,
      });
    });
  });
}

test.skipIf(!ffmpegIsInstalled())(
  "EE-2, EE-3 ffmpeg plays the playlists (AAC and Opus) and the stream without a word of complaint, and hears the right voices; hls.js plays without a stall",
  async () => {
    const original = demoSound();
    await using server = await Server.start({ demo: true });
    await server.until(
      "demo",
      (state) => state.status === "live" && !state.hold && (state.latest ?? 0) - (state.first ?? 0) >= 4,
    );
    const live = `${server.url}/live/demo`;
    const played = await Promise.all([
      play(`${live}/aac-64k/index.m3u8`, seconds),
      play(`${live}/opus-32k/index.m3u8`, seconds),
      play(`${live}/index.m3u8`, seconds),
      play(`${live}/opus-32k/stream.mp4`, seconds),
      play(`${live}/aac-64k/stream.mp4`, seconds),
    ]);
    for (const [i, { samples, words }] of played.entries()) {
      const heard = likeness(samples.subarray(0, 12 * hearingRate), original);
      console.log(
        `ffmpeg ${["hls aac", "hls opus", "hls master", "stream opus", "stream aac"][i]}: ${(samples.length / hearingRate).toFixed(2)} s, likeness ${heard.score.toFixed(3)}`,
      );
      expect(words).toBe("");
      expect(Math.abs(samples.length / hearingRate - seconds)).toBeLessThan(0.1);
      expect(heard.score).toBeGreaterThan(0.6);
    }
    if (!chromiumIsInstalled()) return;
    const { stalls, errors, advanced, samples } = await hlsInChromium(server.url, seconds);
    const heard = likeness(samples, original);
    console.log(`hls.js: ${advanced.toFixed(1)} s played, ${stalls} stalls, likeness ${heard.score.toFixed(3)}`);
    expect(errors).toEqual([]);
    expect(stalls).toBe(0);
    expect(advanced).toBeGreaterThan(seconds - 2);
    expect(heard.score).toBeGreaterThan(0.6);
  },
  (2 * seconds + 90) * 1000,
);

interface HlsPlayed {
  readonly stalls: number;
  readonly errors: readonly string[];
  readonly advanced: number;
  readonly samples: Float32Array;
}

/** Plays the live HLS in hls.js in Chromium for a while; stalls and errors are counted from the first sound on. */
async function hlsInChromium(url: string, forSeconds: number): Promise<HlsPlayed> {
  const { browser, page } = await openBrowser();
  try {
    const script = readFileSync(`${root}/node_modules/hls.js/dist/hls.min.js`, "utf8");
    await page.route("**/hls-test.html", (route) =>
      route.fulfill({ contentType: "text/html", body: "<!doctype html><audio id=a></audio>" }),
    );
    await page.goto(`${url}/hls-test.html`);
    await page.addScriptTag({ content: script });
    await page.evaluate(async () => {
      const audio = document.querySelector("audio")!;
      const log = { stalls: 0, errors: [] as string[], start: 0 };
      Object.assign(globalThis, { __log: log });
      const Hls = (
        globalThis as unknown as {
          Hls: new (options: object) => {
            on(e: string, f: (e: string, d: { details: string; type: string }) => void): void;
            loadSource(u: string): void;
            attachMedia(m: HTMLMediaElement): void;
          };
        }
      ).Hls;
      const hls = new Hls({});
      hls.on("hlsError", (_, data) => log.errors.push(`${data.type} ${data.details}`));
      hls.loadSource("/live/demo/index.m3u8");
      hls.attachMedia(audio);
      await audio.play();
      await new Promise((done) => audio.addEventListener("timeupdate", done, { once: true }));
      log.start = audio.currentTime;
      audio.addEventListener("waiting", () => log.stalls++);
    });
    const samples = await hear(page, forSeconds * 1000);
    const result = await page.evaluate(() => {
      const log = (globalThis as unknown as { __log: { stalls: number; errors: string[]; start: number } }).__log;
      return {
        stalls: log.stalls,
        errors: log.errors,
        advanced: document.querySelector("audio")!.currentTime - log.start,
      };
    });
    return { ...result, samples: samples.subarray(0, 12 * hearingRate) };
  } finally {
    await browser.close();
  }
}
