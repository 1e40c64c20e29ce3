/**
 * `npm run bench:page`: what crosses the network before the first sound of a listener who opens a Space's page and presses
 * Listen: compressed bodies of page, styles, scripts, state.json; init segments and sound are listed apart. --json.
 */
import { Server } from "../test/e2e/server.ts";
import { openBrowser } from "../test/e2e/browser.ts";
import { pressListen } from "../test/e2e/stage-page.ts";
import { figures, option, print } from "./figures.ts";

const runs = option("runs", 5);
const pages: number[] = [];
const sound: number[] = [];
const files = new Map<string, number>();
const isSound = (path: string): boolean => /\/(stream\.mp4|init\.mp4|\d+\.m4s)$/.test(path);

await using server = await Server.start({ demo: true });
await server.until("demo", (state) => state.status === "live" && !state.hold && (state.latest ?? 0) > 3);
for (let run = 0; run < runs; run++) {
  const { browser, page } = await openBrowser();
  const settled: Promise<void>[] = [];
  let [own, heard] = [0, 0];
  page.on("requestfinished", (request) => {
    const path = new URL(request.url()).pathname;
    if (isSound(path)) return;
    const measure = async (): Promise<void> => {
      const size = Number((await (await request.response())?.allHeaders())?.["content-length"] ?? Number.NaN);
      own += size;
      files.set(path, size);
    };
    settled.push(measure());
  });
  // The stream never finishes: what came of it is counted as it comes.
  const client = await page.context().newCDPSession(page);
  const urls = new Map<string, string>();
  await client.send("Network.enable");
  client.on("Network.responseReceived", ({ requestId, response }) =>
    urls.set(requestId, new URL(response.url).pathname),
  );
  client.on("Network.dataReceived", ({ requestId, encodedDataLength }) => {
    if (isSound(urls.get(requestId) ?? "")) heard += encodedDataLength;
  });
  await page.goto(`${server.url}/s/demo`);
  await pressListen(page);
  await page.waitForFunction(() => (globalThis as unknown as { __ear: { take(): string } }).__ear.take().length > 0);
  await Promise.all(settled);
  pages.push(own / 1000);
  sound.push(heard / 1000);
  await browser.close();
}

print("npm run bench:page", [
  {
    what: "page, player and state before the first sound, compressed",
    unit: "kB",
    target: "≤ 14",
    value: figures(pages),
    digits: 2,
  },
  ...[...files].map(([what, size]) => ({
    what: `of these: ${what}`,
    unit: "kB",
    target: "",
    value: figures([size / 1000]),
    digits: 2,
  })),
  { what: "init and sound that came in the meantime", unit: "kB", target: "", value: figures(sound), digits: 2 },
]);
