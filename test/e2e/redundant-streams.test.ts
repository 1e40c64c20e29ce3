import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { renditionNames } from "../../src/wire/rendition.ts";
import { chromiumIsInstalled, openBrowser } from "./browser.ts";
import { EdgeProcess, edgeKey } from "./edge-process.ts";
import { ffmpegIsInstalled } from "./hearing.ts";
import { freePort, Server } from "./server.ts";

const hlsScript = readFileSync(new URL(import.meta.resolve("hls.js/dist/hls.min.js")), "utf8");

/** A page of somebody else that plays a playlist with hls.js, and keeps what it tells. */
const pageFor = (playlist: string): string => `<!doctype html><audio></audio><script src="/hls.js"></script><script>
  const audio = document.querySelector("audio");
  const told = { errors: [], stalls: 0 };
  const hls = new Hls();
  hls.on("hlsError", (_, { details, fatal }) => told.errors.push({ details, fatal }));
  hls.loadSource("${playlist}");
  hls.attachMedia(audio);
  audio.play();
  audio.addEventListener("waiting", () => audio.currentTime && told.stalls++);
</script>`;

interface Heard {
  readonly at: number;
  readonly from: string;
  readonly levels: number;
  readonly pathways: number;
  readonly told: { readonly errors: readonly { details: string; fatal: boolean }[]; readonly stalls: number };
}
const heard = (page: Page): Promise<Heard> =>
  page.evaluate(`({
    at: audio.currentTime, from: hls.levels[hls.currentLevel]?.uri ?? "", levels: hls.levels.length, told,
    pathways: new Set(hls.levels.map((level) => level.attrs["PATHWAY-ID"])).size,
  })`);

/** Plays a URL in ffmpeg for some seconds; tells how many bytes of 16 kHz mono it gave. */
async function playedByFfmpeg(url: string, seconds: number): Promise<number> {
  const words = ["-v", "error", "-nostdin", "-i", url, "-map", "0:a:0", "-t", String(seconds)];
  const child = spawn("ffmpeg", [...words, "-f", "s16le", "-ac", "1", "-ar", "16000", "-"], {
    stdio: ["ignore", "pipe", "ignore"],
    timeout: 40_000,
  });
  let bytes = 0;
  child.stdout.on("data", (part: Buffer) => (bytes += part.length));
  await once(child, "close");
  return bytes;
}

test.skipIf(!chromiumIsInstalled() || !ffmpegIsInstalled())(
  "EE-16 hls.js goes on from another edge when its own is killed, and shows each rendition once; ffmpeg plays while edges it is told of are away",
  async () => {
    const [one, other] = [await freePort(), await freePort()];
    const urls = [one, other].map((port) => `http://127.0.0.1:${port}`);
    await using server = await Server.start({ demo: true, edges: 1, env: { ROSTRA_EDGE_URLS: urls.join(",") } });
    await server.until("demo", (state) => state.status === "live" && !state.hold && (state.latest ?? 0) > 4);
    const key = await edgeKey(server.data);
    const upstream = [server.url.replace("localhost", "127.0.0.1")];
    await using first = await EdgeProcess.start("first", upstream, key, one);
    await using second = await EdgeProcess.start("second", upstream, key, other);
    const site = createServer((request, response) => {
      const isScript = request.url === "/hls.js";
      response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
      response.end(isScript ? hlsScript : pageFor(`${first.url}/live/demo/index.m3u8`));
    }).listen(0, "127.0.0.1");
    await once(site, "listening");
    const { browser, page } = await openBrowser();
    try {
      await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`);
      await expect.poll(async () => (await heard(page)).at, { timeout: 15_000 }).toBeGreaterThan(0);
      await page.waitForTimeout(2000);
      const before = await heard(page);
      expect(before.from).toContain(first.url);
      // Other than those of its own pathway are kept apart, for when it fails.
      expect([before.levels / before.pathways, before.told.errors]).toEqual([renditionNames.length, []]);
      await first.kill();
      await expect.poll(async () => (await heard(page)).from, { timeout: 25_000 }).toContain(second.url);
      const moved = await heard(page);
      await page.waitForTimeout(5000);
      const after = await heard(page);
      console.log(`hls.js: ${JSON.stringify({ ...after.told, errors: after.told.errors.length })}`);
      expect(after.at - moved.at).toBeGreaterThan(3);
      expect(after.told.errors.filter(({ fatal }) => fatal)).toEqual([]);
    } finally {
      await browser.close();
      site.close();
    }
    // Of the edges it is told of, one is dead.
    expect(await playedByFfmpeg(`${second.url}/live/demo/index.m3u8`, 4)).toBeGreaterThan(3.9 * 32_000);
  },
  120_000,
);
