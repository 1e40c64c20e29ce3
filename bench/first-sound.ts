/**
 * `npm run bench:first-sound`: from the click on Listen to the first sample that is not silence out of the page's media element, in
 * Chromium on localhost, each time in a new browser context. Options: --runs N (15), --json.
 */
import { Server } from "../test/e2e/server.ts";
import { openBrowser } from "../test/e2e/browser.ts";
import { figures, option, print } from "./figures.ts";

const runs = option("runs", 15);

/** In the page: taps what the media element plays, on the audio thread, and notes when it first is not silent. */
function tap(): void {
  const context = new AudioContext({ sampleRate: 48_000, latencyHint: "interactive" });
  const code = `registerProcessor("first", class extends AudioWorkletProcessor {
    process([input]) {
      const samples = input[0];
      if (samples && samples.some((x) => Math.abs(x) > 1e-4)) { this.port.postMessage(Date.now()); return false; }
      return true;
    }
  });`;
  const ready = context.audioWorklet.addModule(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
  const { play } = Object.getOwnPropertyDescriptors(HTMLMediaElement.prototype);
  let tapped = false;
  HTMLMediaElement.prototype.play = function (this: HTMLMediaElement) {
    if (!tapped) {
      tapped = true;
      const first = new AudioWorkletNode(context, "first");
      first.port.addEventListener("message", ({ data }) => Object.assign(globalThis, { __first: data }));
      first.port.start();
      context.createMediaElementSource(this).connect(first).connect(context.destination);
    }
    return play.value?.call(this) ?? Promise.resolve();
  };
  void ready.then(() => context.resume()).then(() => Object.assign(globalThis, { __ready: true }));
}

await using server = await Server.start({ demo: true });
await server.until("demo", (state) => state.status === "live" && !state.hold && (state.latest ?? 0) > 3);
const times: number[] = [];
const { browser } = await openBrowser();
for (let run = 0; run < runs; run++) {
  const context = await browser.newContext({ bypassCSP: true });
  const page = await context.newPage();
  await page.addInitScript(tap);
  await page.goto(`${server.url}/s/demo`);
  const listen = page.getByRole("button", { name: "Listen", exact: true });
  await listen.waitFor();
  await page.waitForFunction(() => "__ready" in globalThis);
  await page.waitForTimeout(300 + Math.random() * 960);
  const clicked = await listen.evaluate((button) => {
    const at = Date.now();
    (button as HTMLElement).click();
    return at;
  });
  await page.waitForFunction(() => "__first" in globalThis, undefined, { polling: 20, timeout: 20_000 });
  times.push((await page.evaluate(() => (globalThis as unknown as { __first: number }).__first)) - clicked);
  await context.close();
}
await browser.close();

print("npm run bench:first-sound", [
  { what: "click on Listen to first sound", unit: "ms", target: "p50 ≤ 300", value: figures(times) },
]);
