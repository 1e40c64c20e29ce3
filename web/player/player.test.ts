import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { RoomEvent } from "../../src/wire/events.ts";
import { bytes, chunk, FakeMediaSource, FakeStream, init } from "./media.test-double.ts";
import { leastMargin } from "./pace.ts";
import { chunks, epoch, liveState, segment, setUp, stream } from "./server.test-double.ts";

/** Seconds behind the end at which play begins when chunks come one by one. */
const behind = 0.32 + leastMargin;
/** Lets everything that is ready happen. */
const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(1);

beforeEach(() => {
  vi.useFakeTimers({ now: epoch + 3200 });
  FakeMediaSource.supported = () => true;
});
afterEach(() => vi.useRealTimers());

async function playing(): Promise<ReturnType<typeof setUp> & { live: FakeStream }> {
  const all = setUp();
  const live = new FakeStream(init(), ...chunks(0, 8));
  all.server.answers.set(stream, () => live);
  all.player.play();
  await settle();
  all.audio.say("playing");
  return { ...all, live };
}

test("PL-13 nothing is asked for and nothing plays before play()", async () => {
  const { player, audio, server } = setUp();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(server.asked).toEqual([]);
  expect(audio.paused).toBe(true);
  expect(player.state).toEqual({ kind: "idle" });
});

test("PL-5 play() starts near the live edge of the burst and tells the way", async () => {
  const { player, audio, seen } = await playing();
  expect(audio.currentTime).toBeCloseTo(9 * 0.32 - behind);
  expect(player.state.kind).toBe("playing");
  expect(player.metrics.way).toEqual({ by: "stream" });
  expect(seen.filter(({ t }) => t === "player")).toHaveLength(2);
});

test("PL-5 a burst that comes in pieces moves the start with it, until something is heard", async () => {
  const { player, audio, server } = setUp();
  const live = new FakeStream(init(), chunk(100));
  server.answers.set(stream, () => live);
  player.play();
  await settle();
  expect(audio.currentTime).toBeCloseTo(32);
  live.write(...chunks(101, 110));
  await settle();
  expect(audio.currentTime).toBeCloseTo(111 * 0.32 - behind - 0.64, 0);
  expect(player.state.kind).toBe("connecting");
});

test("PL-4 events are told when the sound reaches them, and hold becomes the player's state", async () => {
  const { player, audio, live, seen } = await playing();
  const events: RoomEvent[] = [{ t: "status", status: "live", hold: true }];
  live.write(chunk(9, events));
  await vi.advanceTimersByTimeAsync(200);
  expect(player.state.kind).toBe("playing");
  audio.currentTime = 9 * 0.32;
  await vi.advanceTimersByTimeAsync(200);
  expect(seen.at(-2)).toEqual({ t: "event", event: events[0] });
  expect(player.state.kind).toBe("hold");
});

test("PL-7 after a broken connection the missing segments are fetched: no gap in what is buffered", async () => {
  const { player, audio, server, live } = await playing();
  server.answers.set(stream, () => new FakeStream(init(), ...chunks(15, 17)));
  for (const n of [3, 4]) server.answers.set(`/live/one/opus-32k/${n}.m4s`, () => segment(n));
  live.break();
  await vi.advanceTimersByTimeAsync(200);
  expect(audio.source?.buffer.ranges).toEqual([[0, expect.closeTo(18 * 0.32)]]);
  expect(player.metrics).toMatchObject({ reconnects: 1, filled: 1, gaps: 0 });
  expect(player.state.kind).toBe("playing");
});

test("PL-7 more than five missing segments are not fetched; when the sound has run dry it goes to the live edge", async () => {
  const { player, audio, server, live } = await playing();
  const back = new FakeStream(init(), ...chunks(60, 63));
  server.answers.set(stream, () => back);
  live.break();
  await vi.advanceTimersByTimeAsync(200);
  expect(server.asked.filter((url) => url.endsWith(".m4s"))).toEqual([]);
  expect(player.metrics).toMatchObject({ filled: 0, gaps: 1 });
  audio.currentTime = 9 * 0.32;
  audio.say("waiting");
  expect(player.state.kind).toBe("stalled");
  back.write(chunk(64));
  await settle();
  expect(audio.currentTime).toBeGreaterThan(60 * 0.32);
  audio.say("playing");
  expect(player.state.kind).toBe("playing");
  expect(player.metrics.stalls).toBe(1);
});

test("PL-6 after a stall the sound waits until what is at hand lasts: for a burst not at all, else for what is missing", async () => {
  const { audio, live } = await playing();
  audio.currentTime = 9 * 0.32;
  audio.say("waiting");
  live.write(chunk(9));
  await settle();
  expect(audio.playbackRate).toBe(0);
  await vi.advanceTimersByTimeAsync(300);
  expect(audio.playbackRate).toBe(0);
  await vi.advanceTimersByTimeAsync(300);
  expect(audio.playbackRate).toBe(1);
  audio.currentTime = 10 * 0.32;
  audio.say("playing");
  audio.say("waiting");
  live.write(chunk(10));
  await settle();
  expect(audio.playbackRate).toBe(0);
  live.write(...chunks(11, 17));
  await settle();
  expect(audio.playbackRate).toBe(1);
});

test("PL-8 what comes twice after a reconnection is taken once", async () => {
  const { audio, server, live, seen } = await playing();
  const title: RoomEvent = { t: "title", title: "once" };
  live.write(chunk(9, [title]));
  await settle();
  live.break();
  server.answers.set(stream, () => new FakeStream(init(), ...chunks(6, 8), chunk(9, [title]), chunk(10)));
  await vi.advanceTimersByTimeAsync(200);
  expect(audio.source?.buffer.ranges).toEqual([[0, expect.closeTo(11 * 0.32)]]);
  audio.currentTime = 3.4;
  await vi.advanceTimersByTimeAsync(200);
  expect(seen.filter(({ t }) => t === "event")).toHaveLength(1);
});

test("PL-9 when the Space has ended, what is buffered plays out before the player says so", async () => {
  const { player, audio, server, live } = await playing();
  server.answers.set("/live/one/state.json", () => Response.json(liveState({ status: "ended" })));
  server.answers.set(stream, () => new Response(null, { status: 404 }));
  live.end();
  await vi.advanceTimersByTimeAsync(100);
  expect(audio.finished).toBe(true);
  expect(player.state.kind).toBe("playing");
  audio.ended = true;
  audio.say("pause");
  audio.say("ended");
  expect(player.state).toEqual({ kind: "ended" });
});

test("PL-9 a Space that is not there fails and says so", async () => {
  const { player, server } = setUp();
  server.answers.set(stream, () => new Response(null, { status: 404 }));
  server.answers.set("/live/one/state.json", () => new Response(null, { status: 404 }));
  player.play();
  await settle();
  expect(player.state).toEqual({ kind: "failed", why: "not-found" });
});

test("PL-10 a server that is away is asked again and again, and the sound comes back by itself", async () => {
  const { player, audio, server, live } = await playing();
  live.break();
  server.answers.clear();
  await vi.advanceTimersByTimeAsync(60_000);
  audio.say("waiting");
  expect(player.state.kind).toBe("stalled");
  const asked = server.asked.filter((url) => url === stream).length;
  expect(asked).toBeGreaterThan(5);
  server.answers.set(stream, () => new FakeStream(init(), ...chunks(200, 203)));
  await vi.advanceTimersByTimeAsync(10_000);
  expect(player.metrics.reconnects).toBeGreaterThanOrEqual(asked - 1);
  expect(audio.source?.buffer.ranges.at(-1)?.[1]).toBeCloseTo(204 * 0.32);
});

test("PL-12 a stream that something holds back is given up for numbered segments, and the reason is told", async () => {
  const { player, audio, server } = setUp();
  server.answers.set(stream, () => new FakeStream());
  server.answers.set("/live/one/opus-32k/init.mp4", () => new Response(bytes(init())));
  for (const n of [2, 3]) server.answers.set(`/live/one/opus-32k/${n}.m4s`, () => segment(n));
  player.play();
  await vi.advanceTimersByTimeAsync(12_000);
  expect(player.metrics.way).toEqual({ by: "segments", why: "stream-held-back" });
  expect(audio.source?.buffer.ranges).toEqual([[expect.closeTo(6 * 0.32), expect.closeTo(12 * 0.32)]]);
});

test("PL-12 without streaming fetch the segments are taken from the start", async () => {
  const { player, server } = setUp({ streams: false });
  server.answers.set("/live/one/opus-32k/init.mp4", () => new Response(bytes(init())));
  player.play();
  await settle();
  expect(player.metrics.way).toEqual({ by: "segments", why: "no-streaming-fetch" });
  expect(server.asked).not.toContain(stream);
});

test("PL-12 without Media Source the browser's own HLS plays, else the player says that there is no way", () => {
  const { player, audio } = setUp({ mediaSource: undefined });
  audio.hls = true;
  player.play();
  expect(audio.src).toBe("/live/one/index.m3u8");
  expect(player.metrics.way).toEqual({ by: "hls", why: "no-media-source" });
  player.stop();
  audio.hls = false;
  player.play();
  expect(player.state).toEqual({ kind: "failed", why: "no-way-to-play" });
});

test("PL-12 AAC is asked for where Opus does not play, and the lean rendition at level 2", async () => {
  const first = setUp();
  FakeMediaSource.supported = (type) => type.includes("mp4a");
  first.player.play();
  await settle();
  expect(first.server.asked[0]).toBe("/live/one/aac-64k/stream.mp4");
  const second = setUp();
  FakeMediaSource.supported = () => true;
  second.player.learn(liveState({ level: 2 }));
  second.player.play();
  await settle();
  expect(second.server.asked[0]).toBe("/live/one/opus-16k/stream.mp4");
});

test("PL-13 a browser that refuses sound without a click is told as a state, never as an error", async () => {
  const { player, audio } = setUp();
  audio.refusal = new DOMException("no", "NotAllowedError");
  player.play();
  await settle();
  expect(player.state).toEqual({ kind: "failed", why: "refused-by-browser" });
});

test("PL-14 stop ends everything, twice without harm, and play begins anew", async () => {
  const { player, audio, server, live } = await playing();
  player.stop();
  player.stop();
  live.break();
  const asked = server.asked.length;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(server.asked.length).toBe(asked);
  expect([player.state.kind, audio.paused, audio.src]).toEqual(["idle", true, ""]);
  server.answers.set(stream, () => new FakeStream(init(), ...chunks(300, 305)));
  player.play();
  await settle();
  expect(audio.currentTime).toBeCloseTo(306 * 0.32 - behind);
});

test("PL-14 a pause by the system stops: live sound is not kept for later", async () => {
  const { player, audio } = await playing();
  audio.say("pause");
  expect(player.state).toEqual({ kind: "idle" });
});

test("PL-11 a decoder that fails is opened anew and plays on", async () => {
  const { player, audio, server, live } = await playing();
  const before = audio.source;
  if (!before) throw new Error("not attached");
  before.buffer.broken = 1;
  server.answers.set(stream, () => new FakeStream(init(), ...chunks(9, 12)));
  live.write(chunk(9));
  await vi.advanceTimersByTimeAsync(1000);
  expect(audio.source).not.toBe(before);
  expect(audio.source?.buffer.ranges).toEqual([[expect.closeTo(9 * 0.32), expect.closeTo(13 * 0.32)]]);
  audio.say("playing");
  expect(player.state.kind).toBe("playing");
});

test("PL-11 a decoder that fails again and again is given up for the browser's own HLS", async () => {
  const { player, audio, server, live } = await playing();
  audio.hls = true;
  const breakEach = setInterval(() => audio.source && (audio.source.buffer.broken = 1), 1);
  server.answers.set(stream, () => new FakeStream(init(), ...chunks(9, 12)));
  live.write(chunk(9));
  await vi.advanceTimersByTimeAsync(30_000);
  clearInterval(breakEach);
  expect(player.metrics.way).toEqual({ by: "hls", why: "decoder-refused" });
});
