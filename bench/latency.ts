/**
 * `npm run bench:latency`: from a sound's first sample at a speaker's microphone to the first sample that another speaker, a
 * listener of the page's player (`stream.mp4`) and a listener by hls.js hear, on one machine, audio thread to audio thread.
 * The microphone is a tone of a tenth of a second every few seconds; each has a pitch of its own, so that none is taken for another.
 * Options: --tones N (20), --json.
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Page } from "playwright-core";
import { openBrowser } from "../test/e2e/browser.ts";
import { Server } from "../test/e2e/server.ts";
import { enterStage, pressListen } from "../test/e2e/stage-page.ts";
import { figures, option, print } from "./figures.ts";

const tones = option("tones", 20);
const everyMs = 3000;
const pitches = [620, 830, 1110, 1490, 2000, 2680, 3590];

/** In the speaker's page: the microphone becomes tones, and the time of each is kept. */
function toneMicrophone({ pitches: all, everyMs: period }: { pitches: number[]; everyMs: number }): void {
  const code = `registerProcessor("tones", class extends AudioWorkletProcessor {
    frame = 0; index = -1; until = 0; next = 3 * 48000;
    process(_, [output]) {
      const out = output[0];
      for (let i = 0; i < out.length; i++, this.frame++) {
        if (this.frame >= this.next) {
          this.index++; this.until = this.frame + 4800; this.next += ${(period * 48_000) / 1000};
          this.port.postMessage([this.index, Date.now()]);
        }
        out[i] = this.frame < this.until ? 0.3 * Math.sin(2 * Math.PI * ${JSON.stringify(all)}[this.index % ${all.length}] * this.frame / 48000) : 0;
      }
      return true;
    }
  });`;
  const sent: [number, number][] = [];
  Object.assign(globalThis, { __sent: sent });
  navigator.mediaDevices.getUserMedia = async () => {
    const context = new AudioContext({ sampleRate: 48_000 });
    await context.audioWorklet.addModule(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
    await context.resume();
    const source = new AudioWorkletNode(context, "tones", { numberOfInputs: 0, outputChannelCount: [1] });
    source.port.addEventListener("message", ({ data }: MessageEvent<[number, number]>) => sent.push(data));
    source.port.start();
    const out = context.createMediaStreamDestination();
    source.connect(out);
    Object.assign(globalThis, { __microphone: [context, source, out] });
    // The page looks whether its microphone is still among the devices: this one is the system's choice.
    const [track] = out.stream.getAudioTracks();
    if (track) track.getSettings = () => ({ deviceId: "default" });
    return out.stream;
  };
}

/** In a hearer's page: whatever is played is searched for tones; each onset is kept with its pitch (Goertzel 1958, 10 ms). */
function toneEar(all: number[]): void {
  const code = `registerProcessor("ear", class extends AudioWorkletProcessor {
    buffer = new Float32Array(480); at = 0; on = -1; quiet = 0;
    process([input]) {
      const samples = input[0];
      if (samples) for (const x of samples) { this.buffer[this.at++] = x; if (this.at === 480) { this.at = 0; this.look(); } }
      return true;
    }
    look() {
      let energy = 1e-9;
      for (const x of this.buffer) energy += x * x;
      let best = 0, pitch = -1;
      ${JSON.stringify(all)}.forEach((hz, i) => {
        const c = 2 * Math.cos(2 * Math.PI * hz / 48000);
        let a = 0, b = 0;
        for (const x of this.buffer) { const n = x + c * a - b; b = a; a = n; }
        const power = (a * a + b * b - c * a * b) * 2 / 480;
        if (power > best) { best = power; pitch = i; }
      });
      const heard = best > 0.6 * energy && energy / 480 > 1e-5;
      if (heard && this.on !== pitch) { this.on = pitch; this.port.postMessage([pitch, Date.now() - 10]); }
      if (heard) this.quiet = 0; else if (++this.quiet > 30) this.on = -1;
    }
  });`;
  const heard: [number, number][] = [];
  Object.assign(globalThis, { __heard: heard });
  const context = new AudioContext({ sampleRate: 48_000, latencyHint: "interactive" });
  const ready = context.audioWorklet.addModule(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
  const tapped = new WeakSet<object>();
  const { play } = Object.getOwnPropertyDescriptors(HTMLMediaElement.prototype);
  HTMLMediaElement.prototype.play = function (this: HTMLMediaElement) {
    const stream = this.srcObject;
    const key = stream instanceof MediaStream ? stream : this;
    if (!tapped.has(key) && !(stream instanceof MediaStream && stream.getAudioTracks().length === 0)) {
      tapped.add(key);
      void ready.then(async () => {
        await context.resume();
        const ear = new AudioWorkletNode(context, "ear");
        ear.port.addEventListener("message", ({ data }: MessageEvent<[number, number]>) => heard.push(data));
        ear.port.start();
        const source =
          stream instanceof MediaStream
            ? context.createMediaStreamSource(stream)
            : context.createMediaElementSource(this);
        source.connect(ear).connect(context.destination);
        Object.assign(globalThis, { __nodes: [source, ear] });
      });
    }
    return play.value?.call(this) ?? Promise.resolve();
  };
}

/** Each tone's way: the first onset of its pitch after it was sent and before the pitch comes again. */
function delays(sent: readonly [number, number][], heard: readonly [number, number][]): number[] {
  return sent.flatMap(([index, at]) => {
    const found = heard.find(
      ([pitch, when]) => pitch === index % pitches.length && when > at && when < at + pitches.length * everyMs - 1000,
    );
    return found ? [found[1] - at] : [];
  });
}

const heardBy = (page: Page): Promise<[number, number][]> =>
  page.evaluate(() => (globalThis as unknown as { __heard: [number, number][] }).__heard);

await using server = await Server.start();
await server.claim();
const space = await server.createSpace({ title: "Latency" });
const { browser } = await openBrowser();
const newPage = async (): Promise<Page> =>
  (await browser.newContext({ bypassCSP: true, permissions: ["microphone"] })).newPage();

const [speaker, other, listener, hls] = await Promise.all([newPage(), newPage(), newPage(), newPage()]);
await speaker.addInitScript(toneMicrophone, { pitches, everyMs });
for (const page of [other, listener, hls]) await page.addInitScript(toneEar, pitches);
await enterStage(speaker, (await server.invite(space.id, "host", "Speaker")).url);
await enterStage(other, (await server.invite(space.id, "speaker", "Other")).url);
await server.until(space.id, (state) => state.status === "live" && !state.hold);
await other.keyboard.press("m");
await listener.goto(`${server.url}/s/${space.slug}`);
await pressListen(listener);
await hls.route("**/hls-bench.html", (route) =>
  route.fulfill({ contentType: "text/html", body: "<!doctype html><audio id=a></audio>" }),
);
await hls.goto(`${server.url}/hls-bench.html`);
await hls.addScriptTag({
  content: readFileSync(resolve(import.meta.dirname, "../node_modules/hls.js/dist/hls.min.js"), "utf8"),
});
await hls.evaluate(async (source) => {
  const audio = document.querySelector("audio")!;
  const Hls = (
    globalThis as unknown as {
      Hls: new (o: object) => { loadSource(u: string): void; attachMedia(m: HTMLMediaElement): void };
    }
  ).Hls;
  const player = new Hls({ lowLatencyMode: true });
  player.loadSource(source);
  player.attachMedia(audio);
  await audio.play();
}, `/live/${space.id}/index.m3u8`);
// What came before everybody was settled does not count.
await speaker.waitForTimeout(8000);
const from = Date.now();
await speaker.waitForTimeout(tones * everyMs + 6000);
const sent = (await speaker.evaluate(() => (globalThis as unknown as { __sent: [number, number][] }).__sent)).filter(
  ([, at]) => at > from && at < from + tones * everyMs,
);
const ways = await Promise.all([other, listener, hls].map(async (page) => delays(sent, await heardBy(page))));
await browser.close();

const names = [
  "microphone to another speaker",
  "microphone to listener, page's player over stream.mp4",
  "microphone to listener, hls.js",
];
const targets = ["p50 ≤ 200", "p50 ≤ 1000", "p50 ≤ 4000"];
print(
  `npm run bench:latency (${sent.length} tones)`,
  ways.map((way, i) => ({
    what: `${names[i]} (${way.length} heard)`,
    unit: "ms",
    target: targets[i] ?? "",
    value: figures(way),
  })),
);
