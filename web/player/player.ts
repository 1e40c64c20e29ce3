import type { RoomEvent } from "../../src/wire/events.ts";
import { livePaths } from "../../src/wire/paths.ts";
import type { LiveState, ServiceLevel } from "../../src/wire/state.ts";
import { chunkMs, segmentMs } from "../../src/wire/timeline.ts";
import { deadline } from "../api/deadline.ts";
import { pauseMs, sleep } from "./backoff.ts";
import { fillGap, HeldBack, readSegments, readStream, Refused, type Way } from "./connection.ts";
import { createEventTrack } from "./events.ts";
import { type Fragment, join, type Parts } from "./fragments.ts";
import { createPace, seekExcess } from "./pace.ts";
import { type MediaSourceClass, mediaSourceClass, openSink, type Sink } from "./sink.ts";
import { mimeOf, pickRendition, streamsResponses, type WayTaken } from "./way.ts";

export type PlayerState =
  | { readonly kind: "idle" }
  | { readonly kind: "connecting" }
  | { readonly kind: "playing" }
  /** Playing, and what plays is hold audio in place of the programme. */
  | { readonly kind: "hold" }
  /** Wants to play and has nothing to play, since this time (ms since 1970). */
  | { readonly kind: "stalled"; readonly since: number }
  | { readonly kind: "ended" }
  | { readonly kind: "failed"; readonly why: "not-found" | "no-way-to-play" | "refused-by-browser" };

export type PlayerChange =
  | { readonly t: "player"; readonly state: PlayerState }
  /** A room event, at the moment its sound is heard. */
  | { readonly t: "event"; readonly event: RoomEvent }
  /** `state.json`, whenever the player had reason to read it. */
  | { readonly t: "live"; readonly live: LiveState };

export interface PlayerMetrics {
  /** From `play()` to the first sound, ms. */
  readonly firstSoundMs: number | null;
  readonly stalls: number;
  readonly reconnects: number;
  /** Segments fetched to fill a gap, and gaps that stayed. */
  readonly filled: number;
  readonly gaps: number;
  /** Seeks to the live edge. */
  readonly skips: number;
  /** How far what is heard lies behind the server's clock, ms. */
  readonly latencyMs: number | null;
  readonly way: WayTaken | null;
}

export interface PlayerOptions {
  /** A Space's id or slug. */
  readonly space: string;
  /** Where the server is, without a trailing slash. @default "" (this page's own host) */
  readonly base?: string;
  /** @default a new one, not in the page */
  readonly audio?: HTMLAudioElement;
  /** @default what the browser has */
  readonly mediaSource?: MediaSourceClass | undefined;
  /** @default the global one */
  readonly fetch?: typeof fetch;
  /** @default whether this browser streams responses */
  readonly streams?: boolean;
}

/** Plays one Space. It never throws to the page: what happens is told by `state` and the listeners. */
export interface Player {
  readonly state: PlayerState;
  readonly metrics: PlayerMetrics;
  readonly audio: HTMLAudioElement;
  /** Call within a click: browsers let sound begin only then. Without effect while it plays. */
  play(): void;
  stop(): void;
  /** Tells the player what the page has read already, so that it need not. */
  learn(live: LiveState): void;
  /** Calls back on every change until the function returned is called. */
  listen(listener: (change: PlayerChange) => void): () => void;
}

const idle: PlayerState = { kind: "idle" };
/** How often the events that are due are looked for. */
const tickMs = 100;
/** How long `state.json` may take. */
const stateMs = 5000;
/** How often the state is read where the sound brings no events (native HLS). */
const nativeRefreshMs = 5000;
/** Decoders and connections that fail this often without a sound between are given up for the next way. */
const maxFruitless = 3;

export function createPlayer(options: PlayerOptions): Player {
  const { space, base = "", audio = new Audio(), fetch: load = (...args) => fetch(...args) } = options;
  const Source = "mediaSource" in options ? options.mediaSource : mediaSourceClass();
  const listeners = new Set<(change: PlayerChange) => void>();
  const track = createEventTrack();
  let pace = createPace();
  let state: PlayerState = idle;
  let session: AbortController | undefined;
  let sink: Sink | undefined;
  let init: Uint8Array | undefined;
  let lastSlot = -1;
  let span = chunkMs / 1000;
  let startedAt = 0;
  let sounded = false;
  let hold = false;
  let level: ServiceLevel = 0;
  let live: LiveState | undefined;
  /** Server's clock minus ours; the largest seen, since an answer only ever ages. */
  let clockOffset = -Infinity;
  const fresh = { firstSoundMs: null as number | null, stalls: 0, reconnects: 0, filled: 0, gaps: 0, skips: 0 };
  let counts = { ...fresh };
  let way: WayTaken | null = null;

  const tell = (change: PlayerChange): void => listeners.forEach((listener) => listener(change));
  const to = (next: PlayerState): void => {
    if (next.kind === state.kind) return;
    state = next;
    tell({ t: "player", state });
  };

  function learn(next: LiveState): void {
    live = next;
    level = next.level;
    hold = next.hold;
    clockOffset = Math.max(clockOffset, next.now - Date.now());
  }

  /** Reads `state.json`. False when there is nothing more to play. */
  async function refresh(signal: AbortSignal): Promise<boolean> {
    const limit = deadline(stateMs, signal);
    try {
      const response = await load(base + livePaths.state(space), { signal: limit.signal, credentials: "omit" });
      if (response.status === 404 || response.status === 410) {
        close({ kind: "failed", why: "not-found" });
        return false;
      }
      if (!response.ok) return true;
      learn((await response.json()) as LiveState);
    } catch {
      return true; // no answer is no news
    } finally {
      limit.end();
    }
    if (signal.aborted || !live) return false;
    tell({ t: "live", live });
    return live.status !== "ended" && live.status !== "cancelled";
  }

  function close(next: PlayerState): void {
    session?.abort();
    session = undefined;
    audio.pause();
    sink?.close();
    if (!sink && audio.src) {
      audio.removeAttribute("src");
      audio.load();
    }
    sink = undefined;
    track.clear();
    to(next);
  }

  function openMedia(type: string): void {
    if (!Source) return;
    sink?.close();
    sink = openSink(audio, type, Source);
    init = undefined;
    lastSlot = -1;
    sounded = false;
    pace = createPace();
    start();
  }

  function start(): void {
    audio.play().catch((refused: Error) => {
      if (refused.name === "NotAllowedError") close({ kind: "failed", why: "refused-by-browser" });
    });
  }

  const goLive = (from = 0): void => {
    const end = sink?.end() ?? NaN;
    if (Number.isFinite(end)) audio.currentTime = Math.max(from, end - pace.behind(span));
  };

  /** Keeps the playhead where it belongs after more was appended; `before` is what was ahead just before. */
  function steer(out: Sink, first: number, before: number): void {
    const ahead = out.ahead();
    const tooFar = ahead > pace.behind(span) + seekExcess;
    if (!sounded) {
      // The burst at the start may come in pieces: until something is heard, the place to start moves with it.
      if (ahead < 0 || ahead > pace.behind(span) + span) goLive(first);
    } else if (ahead < 0.1 && out.rangeAfter(audio.currentTime) !== undefined) {
      goLive(out.rangeAfter(audio.currentTime));
    } else if (state.kind === "stalled") {
      if (tooFar) {
        counts.skips++;
        goLive();
      }
    } else {
      const advice = pace.judge(before);
      if (advice === "seek") {
        counts.skips++;
        goLive();
      } else if (audio.playbackRate !== advice.rate) audio.playbackRate = advice.rate;
    }
  }

  async function take(from: Way, signal: AbortSignal, parts: Parts): Promise<void> {
    const out = sink;
    if (!out) return;
    if (parts.init && !(init && init.length === parts.init.length && init.every((b, i) => b === parts.init?.[i]))) {
      init = parts.init;
      await out.append(parts.init);
    }
    const next: Fragment[] = [];
    for (const fragment of parts.fragments) {
      const last = next.at(-1)?.slot ?? lastSlot;
      if (fragment.slot <= last) continue;
      if (last >= 0 && fragment.slot > last + 1) {
        const filling = await fillGap(from, last, fragment.slot, signal);
        if (filling.length) counts.filled++;
        else counts.gaps++;
        next.push(...filling);
      }
      next.push(fragment);
    }
    const [first, latest] = [next[0], next.at(-1)];
    if (!first || !latest) return;
    if (lastSlot >= 0) span = Math.min(next.length * chunkMs, segmentMs) / 1000;
    const before = out.ahead();
    await out.append(join(next.map(({ bytes }) => bytes)));
    if (sink !== out) return;
    lastSlot = latest.slot;
    if (live?.epochMs != null) {
      clockOffset = Math.max(clockOffset, live.epochMs + (lastSlot + 1) * chunkMs - Date.now());
    }
    track.add(next.flatMap(({ events }) => events));
    steer(out, (first.slot * chunkMs) / 1000, before);
  }

  /** Follows the Space by stream, then by segments, until it ends, is stopped, or neither works. */
  async function follow(
    outer: AbortController,
    rendition: NonNullable<ReturnType<typeof pickRendition>>,
  ): Promise<void> {
    const { signal } = outer;
    const from: Way = { base, space, rendition, fetch: load };
    let fruitless = 0;
    let heldBack = 0;
    while (!signal.aborted) {
      const before = lastSlot;
      let look = true;
      try {
        if (way?.by === "segments") {
          if (!(await refresh(signal))) break;
          await readSegments(from, live?.latest ?? 0, signal, (parts) => take(from, signal, parts));
        } else await readStream(from, signal, (parts) => take(from, signal, parts));
      } catch (failure) {
        if (signal.aborted) return;
        const refused = failure instanceof Refused;
        look = refused || lastSlot === before;
        if (failure instanceof HeldBack) heldBack++;
      }
      counts.reconnects++;
      fruitless = lastSlot === before ? fruitless + 1 : 0;
      if (look && !(await refresh(signal))) break;
      if (audio.error && !signal.aborted) {
        if (fruitless >= maxFruitless) return native("decoder-refused");
        openMedia(mimeOf(rendition));
      }
      if (heldBack >= 2 && way?.by === "stream") way = { by: "segments", why: "stream-held-back" };
      else if (way?.by === "segments" && fruitless >= maxFruitless && playsHls()) return native("segments-failed");
      await sleep(pauseMs(fruitless), signal);
    }
    if (signal.aborted) return;
    sink?.finish();
    if (!sounded || (sink?.ahead() ?? 0) <= 0.05) close({ kind: "ended" });
  }

  const playsHls = (): boolean => audio.canPlayType("application/vnd.apple.mpegurl") !== "";

  function native(why: Extract<WayTaken, { by: "hls" }>["why"]): void {
    if (!session || !playsHls()) return close({ kind: "failed", why: "no-way-to-play" });
    way = { by: "hls", why };
    sink?.close();
    sink = undefined;
    audio.src = base + livePaths.master(space);
    start();
    void watch(session.signal);
  }

  /** Native HLS brings no events to the page: the state is read instead. */
  async function watch(signal: AbortSignal): Promise<void> {
    while (await refresh(signal)) {
      await sleep(nativeRefreshMs * (0.8 + Math.random() * 0.4), signal);
      if (signal.aborted) return;
    }
    if (!signal.aborted) close({ kind: "ended" });
  }

  function onSound(): void {
    if (!session) return;
    sounded = true;
    counts.firstSoundMs ??= performance.now() - startedAt;
    to({ kind: hold ? "hold" : "playing" });
  }

  function onTick(): void {
    for (const event of track.due(audio.currentTime)) {
      if (event.t === "status") hold = event.hold;
      if (event.t === "level") level = event.level;
      tell({ t: "event", event });
    }
    if (state.kind === "playing" || state.kind === "hold") to({ kind: hold ? "hold" : "playing" });
  }

  audio.addEventListener("playing", onSound);
  audio.addEventListener("waiting", () => {
    if (!session || !sounded || audio.seeking || state.kind === "stalled") return;
    counts.stalls++;
    pace.stalled();
    to({ kind: "stalled", since: Date.now() });
  });
  audio.addEventListener("ended", () => session && close({ kind: "ended" }));
  // The system paused it (headphones unplugged, a call): live sound is stopped, not paused.
  audio.addEventListener("pause", () => session && sounded && !audio.ended && close(idle));
  audio.addEventListener("error", () => {
    if (session && way?.by === "hls") close({ kind: "failed", why: "no-way-to-play" });
  });

  return {
    audio,
    get state() {
      return state;
    },
    get metrics() {
      const epoch = live?.epochMs;
      const latencyMs =
        sounded && sink && epoch != null ? Date.now() + clockOffset - epoch - audio.currentTime * 1000 : null;
      return { ...counts, latencyMs, way };
    },
    play() {
      if (session) return;
      const own = new AbortController();
      session = own;
      startedAt = performance.now();
      counts = { ...fresh };
      span = (live?.push === "segment" ? segmentMs : chunkMs) / 1000;
      sounded = false;
      to({ kind: "connecting" });
      const rendition = pickRendition(Source, level);
      if (!rendition) return native(Source ? "no-codec" : "no-media-source");
      way = (options.streams ?? streamsResponses()) ? { by: "stream" } : { by: "segments", why: "no-streaming-fetch" };
      openMedia(mimeOf(rendition));
      const timer = setInterval(onTick, tickMs);
      own.signal.addEventListener("abort", () => clearInterval(timer));
      void follow(own, rendition);
    },
    stop: () => close(idle),
    learn,
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
