import { livePaths } from "../../src/wire/paths.ts";
import type { RenditionName } from "../../src/wire/rendition.ts";
import type { LiveState, PublicStatus, ServiceLevel } from "../../src/wire/state.ts";
import { chunkMs, segmentMs, segmentOfSlot } from "../../src/wire/timeline.ts";
import { deadline } from "../api/deadline.ts";
import { pauseMs, sleep } from "./backoff.ts";
import {
  fillGap,
  HeldBack,
  maxFilledSegments,
  type Pass,
  readSegments,
  readStream,
  type Refused,
  shown,
  type Way,
} from "./connection.ts";
import type { Player, PlayerChange, PlayerOptions, PlayerState } from "./contract.ts";
import { createEdges } from "./edges.ts";
import { createEventTrack } from "./events.ts";
import { type Fragment, join, type Parts } from "./fragments.ts";
import { createPace, seekExcess } from "./pace.ts";
import { mediaSourceClass, openSink, type Sink } from "./sink.ts";
import { type HlsReason, mimeOf, pickRendition, streamsResponses, type WayTaken } from "./way.ts";

export type { Player, PlayerChange, PlayerMetrics, PlayerOptions, PlayerState } from "./contract.ts";

const idle: PlayerState = { kind: "idle" };
const noWay: PlayerState = { kind: "failed", why: "no-way-to-play" };
/** How often the events that are due are looked for. */
const tickMs = 100;
/** How long `state.json` may take. */
const stateMs = 5000;
/** Decoders and connections that fail this often without a sound between are given up for the next way. */
const maxFruitless = 3;
/** A Space that was there is gone when home says so this often: an edge that has just begun may not know it yet. */
const maxMissing = 5;
/** What can wait is loaded this long after play began, ms: until then bytes are for the sound. */
const attendAfterMs = 5000;

/** The problems of a server at which not everybody can be seated, as its refusal writes them. */
const noSeat = /"(no-seat|bad-ticket)"/;

const isOver = ({ status }: { readonly status: PublicStatus }): boolean => status === "ended" || status === "cancelled";

export function createPlayer(options: PlayerOptions): Player {
  const {
    space,
    streams = streamsResponses(),
    base: home = "",
    audio = new Audio(),
    fetch: load = (...args) => fetch(...args),
  } = options;
  const Source = "mediaSource" in options ? options.mediaSource : mediaSourceClass();
  const listeners = new Set<(change: PlayerChange) => void>();
  const track = createEventTrack();
  const edges = createEdges(home);
  let pace = createPace();
  let state: PlayerState = idle;
  let session: AbortController | undefined;
  let sink: Sink | undefined;
  let hasInit = false;
  let lastSlot = -1;
  let span = chunkMs / 1000;
  let startedAt = 0;
  let sounded = false;
  /** The sound has run dry, and nothing has come since. */
  let isDry = false;
  let hold = false;
  let level: ServiceLevel = 0;
  let live: LiveState | undefined;
  /** The sound itself has said that it is over. */
  let over = false;
  let missing = 0;
  /** Server's clock minus ours; the largest seen, since an answer only ever ages. */
  let clockOffset = -Infinity;
  const fresh = {
    firstSoundMs: null as number | null,
    stalls: 0,
    reconnects: 0,
    moves: 0,
    filled: 0,
    gaps: 0,
    skips: 0,
  };
  let counts = { ...fresh };
  let way: WayTaken | null = null;
  const pass: Pass = { seat: "" };

  const tell = (change: PlayerChange): void => listeners.forEach((listener) => listener(change));
  const become = (next: PlayerState): void => {
    state = next;
    tell({ t: "player", state });
  };
  const to = (next: PlayerState): void => {
    if (next.kind !== state.kind) become(next);
  };

  function learn(next: LiveState): void {
    live = next;
    level = next.level;
    hold = next.hold;
    clockOffset = Math.max(clockOffset, next.now - Date.now());
    edges.learn(next.edges ?? []);
  }

  /** Reads `state.json`: true when the Space goes on, false when there is nothing more to play, undefined without an answer. */
  async function lookAt(signal: AbortSignal, base = edges.now.base): Promise<boolean | undefined> {
    const limit = deadline(stateMs, signal);
    try {
      const response = await load(base + livePaths.state(space), { signal: limit.signal, credentials: "omit" });
      if (response.status === 404 || response.status === 410) {
        if (live && (base !== home || ++missing < maxMissing)) return undefined;
        close({ kind: "failed", why: "not-found" });
        return false;
      }
      if (!response.ok) return undefined;
      learn((await response.json()) as LiveState);
    } catch {
      return undefined;
    } finally {
      limit.end();
    }
    missing = 0;
    if (signal.aborted || !live) return false;
    tell({ t: "live", live });
    if (!isOver(live)) return true;
    if (way?.by === "hls") close({ kind: "ended" });
    return false;
  }

  function close(next: PlayerState): void {
    session?.abort();
    session = undefined;
    audio.pause();
    sink?.close();
    sink = undefined;
    audio.removeAttribute("src");
    audio.load();
    track.clear();
    edges.now = edges.home;
    to(next);
  }

  function openMedia(type: string): void {
    if (!Source) return;
    sink?.close();
    sink = openSink(audio, type, Source);
    hasInit = false;
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
    isDry = false;
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
    } else if (isDry || !audio.playbackRate) {
      // What comes first would run dry again before the next is there: better one stall than many.
      isDry = false;
      const missing = pace.behind(span) - ahead;
      audio.playbackRate = missing > 0 ? 0 : 1;
      if (missing > 0) setTimeout(() => (audio.playbackRate = 1), missing * 1000);
      else if (tooFar) {
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
    // It is the same everywhere, and comes with each connection.
    if (parts.init && !hasInit) {
      hasInit = true;
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
    const events = next.flatMap((fragment) => fragment.events);
    for (const { event } of events) if (event.t === "status") over = isOver(event);
    track.add(events);
    steer(out, (first.slot * chunkMs) / 1000, before);
    if (edges.now.base !== from.base) throw new Error("home again");
  }

  const playsHls = (): CanPlayTypeResult => audio.canPlayType("application/vnd.apple.mpegurl");

  /** Plays by the browser's own HLS until it fails. When the Space is over, the element ends or the state says so. */
  function playNatively(base: string): Promise<unknown> {
    sink?.close();
    sink = undefined;
    sounded = false;
    audio.src = base + shown(livePaths.master(space), pass);
    start();
    return new Promise((_resolve, reject) => audio.addEventListener("error", reject, { once: true }));
  }

  /**
   * Follows the Space until it ends, is stopped, or no way works: from edge to edge, at each by stream if it has one, else by
   * segments, else by the browser's own HLS. Whoever has worked so far is asked once more at once; then it is another's turn.
   */
  async function follow(signal: AbortSignal, rendition: RenditionName = "aac-64k", hls?: HlsReason): Promise<void> {
    let fruitless = 0;
    let heldBack = 0;
    let answered: boolean | undefined;
    while (!signal.aborted) {
      const edge = edges.now;
      const from: Way = { base: edge.base, space, rendition, fetch: load, pass };
      const heard = (parts: Parts): Promise<void> => take(from, signal, parts);
      const before = lastSlot;
      const wasOn = live?.latest != null;
      // Something on the way may hold any response back while it lasts; twice is enough to know.
      const why = !streams
        ? "no-streaming-fetch"
        : heldBack > 1
          ? "stream-held-back"
          : edge.cached
            ? "no-stream-here"
            : undefined;
      way = hls ? { by: "hls", why: hls } : why ? { by: "segments", why } : { by: "stream" };
      let failure: unknown;
      try {
        if (hls) await playNatively(edge.base);
        else if (!why) await readStream(from, signal, heard);
        else {
          if (lastSlot < 0 && !answered && (await lookAt(signal)) === false) break;
          const latest = live?.latest ?? 0;
          const next = segmentOfSlot(lastSlot + 1);
          const isNear = lastSlot >= 0 && latest - next <= maxFilledSegments;
          await readSegments(from, isNear ? next : latest, !hasInit, signal, heard);
        }
      } catch (thrown) {
        failure = thrown;
      }
      if (signal.aborted) return;
      if (edges.now !== edge) continue;
      const { status = 0, message = "" } = (failure ?? {}) as Partial<Refused>;
      const byStream = !hls && !why;
      if (byStream && status === 501) {
        edge.cached = true;
        continue;
      }
      // Not everybody can be seated now: whoever is refused for it waits for a seat, and then begins again.
      if (hls ? level > 2 : noSeat.test(message)) {
        const standing = await import("./standing.ts").catch(() => {});
        if (await standing?.waitForSeat({ space, base: edge.base, load, pass, audio, become }, signal)) continue;
      }
      counts.reconnects++;
      fruitless = (hls ? sounded : lastSlot > before) ? 0 : fruitless + 1;
      if (failure instanceof HeldBack) heldBack++;
      const ahead = sink?.ahead() ?? 0;
      answered = undefined;
      if (over || fruitless > 1 || (status >= 400 && status < 500)) {
        answered = await lookAt(signal);
        if (answered === false) break;
      }
      if (byStream && wasOn && answered && [403, 404, 405].includes(status)) {
        edge.cached = true;
        continue;
      }
      if (fruitless >= maxFruitless && (hls ? answered && counts.firstSoundMs === null : audio.error)) {
        if (hls || !playsHls()) return close(noWay);
        hls = "decoder-refused";
      } else if (!hls && audio.error) openMedia(mimeOf(rendition));
      if (fruitless || ahead < 0.1 || status >= 500) edges.leave();
      if (edges.now !== edge) counts.moves++;
      await sleep(pauseMs(fruitless, ahead), signal);
    }
    if (signal.aborted) return;
    sink?.finish();
    if (!sounded || (sink?.ahead() ?? 0) <= 0.05) close({ kind: "ended" });
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
    if (!session || !sounded || audio.seeking || /stalled|waiting/.test(state.kind)) return;
    counts.stalls++;
    isDry = true;
    pace.stalled();
    to({ kind: "stalled", since: Date.now() });
  });
  audio.addEventListener("ended", () => session && close({ kind: "ended" }));
  // The system paused it (headphones unplugged, a call): live sound is stopped, not paused.
  audio.addEventListener("pause", () => session && sounded && !audio.ended && close(idle));

  const player: Player = {
    audio,
    get state() {
      return state;
    },
    get base() {
      return edges.now.base;
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
      over = false;
      span = (live?.push === "segment" ? segmentMs : chunkMs) / 1000;
      sounded = false;
      to({ kind: "connecting" });
      const rendition = pickRendition(Source, level);
      if (rendition) openMedia(mimeOf(rendition));
      else if (!playsHls()) return close(noWay);
      const timer = setInterval(onTick, tickMs);
      own.signal.addEventListener("abort", () => clearInterval(timer));
      void follow(own.signal, rendition, rendition ? undefined : Source ? "no-codec" : "no-media-source");
      const look = (base: string) => lookAt(own.signal, base);
      const attended = { player, space, edges, load, look, pass, live: () => live };
      sleep(attendAfterMs, own.signal)
        .then(() => import("./attend.ts"))
        .then(({ attend }) => attend(attended, own.signal))
        .catch(() => {}); // the sound does not depend on it
    },
    stop: () => close(idle),
    learn,
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };

  return player;
}
