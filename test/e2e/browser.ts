import { existsSync } from "node:fs";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) =>
  existsSync(path),
);
export const chromiumIsInstalled = (): boolean => executablePath !== undefined;

export interface BrowserOptions {
  /** A WAV file that the fake microphone plays, over and over. */
  readonly microphone?: string;
  readonly context?: BrowserContextOptions;
  /** More of Chromium's command line; a later flag beats an earlier one. */
  readonly flags?: readonly string[];
}

/**
 * What runs in the page before anything of ours: it collects what the page's media elements and peer connections play,
 * as mono samples, so that a test can compare it with what went in.
 */
function ear(): void {
  const heard: Float32Array[] = [];
  let context: AudioContext | undefined;
  const tapped = new WeakSet<object>();
  const listen = async (make: (audio: AudioContext) => AudioNode, key: object): Promise<void> => {
    if (tapped.has(key)) return;
    tapped.add(key);
    const audio = (context ??= new AudioContext({ sampleRate: 48_000 }));
    await audio.resume();
    const source = make(audio);
    const tap = audio.createScriptProcessor(4096, 1, 1);
    tap.addEventListener("audioprocess", (event) => heard.push(event.inputBuffer.getChannelData(0).slice()));
    source.connect(tap);
    tap.connect(audio.destination);
    Object.assign(globalThis, { [`__tap${Math.random()}`]: [source, tap] });
  };
  const stalls: [from: number, to: number][] = [];
  const watched = new WeakSet<HTMLMediaElement>();
  const watch = (element: HTMLMediaElement): void => {
    if (watched.has(element)) return;
    watched.add(element);
    element.addEventListener("waiting", () => stalls.push([Date.now(), Number.POSITIVE_INFINITY]));
    element.addEventListener("playing", () => {
      const last = stalls.at(-1);
      if (last && last[1] === Number.POSITIVE_INFINITY) last[1] = Date.now();
    });
  };
  const { play } = Object.getOwnPropertyDescriptors(HTMLMediaElement.prototype);
  HTMLMediaElement.prototype.play = function (this: HTMLMediaElement) {
    watch(this);
    const stream = this.srcObject;
    if (stream instanceof MediaStream) {
      if (stream.getAudioTracks().length > 0) void listen((audio) => audio.createMediaStreamSource(stream), stream);
    } else void listen((audio) => audio.createMediaElementSource(this), this);
    return play.value?.call(this) ?? Promise.resolve();
  };
  Object.assign(globalThis, {
    __stalls: stalls,
    __ear: {
      clear: () => void heard.splice(0),
      take: (): string => {
        const all = new Float32Array(heard.reduce((sum, one) => sum + one.length, 0));
        let at = 0;
        for (const one of heard) {
          all.set(one, at);
          at += one.length;
        }
        const bytes = new Uint8Array(all.buffer);
        let text = "";
        for (let i = 0; i < bytes.length; i += 32_768) text += String.fromCodePoint(...bytes.subarray(i, i + 32_768));
        return btoa(text);
      },
    },
  });
}

/** Starts a Chromium of its own with one page whose sound can be heard by `hear`. */
export async function openBrowser(options: BrowserOptions = {}): Promise<{ browser: Browser; page: Page }> {
  if (executablePath === undefined) throw new Error("there is no Chromium: install Debian's package chromium");
  const browser = await chromium.launch({
    executablePath,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--autoplay-policy=no-user-gesture-required",
      "--use-fake-ui-for-media-stream",
      "--use-fake-device-for-media-stream",
      ...(options.microphone === undefined ? [] : [`--use-file-for-fake-audio-capture=${options.microphone}`]),
      ...(options.flags ?? []),
    ],
  });
  const context = await browser.newContext({ permissions: ["microphone"], ...options.context });
  const page = await context.newPage();
  await page.addInitScript(ear);
  return { browser, page };
}

interface Ear {
  clear(): void;
  take(): string;
}

/** Listens to what the page plays for a while; mono samples at 16 kHz. */
export async function hear(page: Page, forMs: number): Promise<Float32Array> {
  await page.evaluate(() => (globalThis as unknown as { __ear: Ear }).__ear.clear());
  await page.waitForTimeout(forMs);
  const text = await page.evaluate(() => (globalThis as unknown as { __ear: Ear }).__ear.take());
  const bytes = Buffer.from(text, "base64");
  const at48 = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  const out = new Float32Array(Math.floor(at48.length / 3));
  for (let i = 0; i < out.length; i++) out[i] = (at48[3 * i]! + at48[3 * i + 1]! + at48[3 * i + 2]!) / 3;
  return out;
}

/** When the page's media elements had nothing to play: from and to, ms since 1970. */
export const stallsOf = (page: Page): Promise<[from: number, to: number][]> =>
  page.evaluate(() => (globalThis as unknown as { __stalls: [number, number][] }).__stalls);
