import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { homeAfterMs } from "./attend.ts";
import { bytes, FakeMediaSource, FakeStream, init } from "./media.test-double.ts";
import { chunks, epoch, liveState, segment, setUp, stream } from "./server.test-double.ts";

const a = "http://a.example";
const b = "http://b.example";
const state = "/live/one/state.json";
const settle = (ms = 1): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
type Playing = Awaited<ReturnType<typeof playing>>;

beforeEach(() => {
  vi.useFakeTimers({ now: epoch + 3200 });
  FakeMediaSource.supported = () => true;
});
afterEach(() => vi.useRealTimers());

/** A player that plays chunks 0 to 8 from its home. */
async function playing(edges: readonly string[] = [a]) {
  const all = setUp();
  all.player.learn(liveState({ edges }));
  const live = new FakeStream(init(), ...chunks(0, 8));
  all.server.answers.set(stream, () => live);
  all.player.play();
  await settle();
  all.audio.say("playing");
  return { ...all, live };
}

/** Home breaks off and answers nothing any more. */
function homeDies({ server, live }: Playing): void {
  server.answers.delete(stream);
  server.answers.delete(state);
  live.break();
}

/** How often each place was asked for its endless response. */
const streamsAsked = ({ server }: Playing): string[] =>
  server.asked.filter((url) => url.endsWith(stream)).map((url) => url.slice(0, -stream.length));

test("PL-16 when home is gone it is asked once more, and then the sound goes on from another edge without a gap", async () => {
  const all = await playing();
  all.server.answers.set(a + stream, () => new FakeStream(init(), ...chunks(15, 17)));
  for (const n of [3, 4]) all.server.answers.set(`${a}/live/one/opus-32k/${n}.m4s`, () => segment(n));
  homeDies(all);
  await settle(700);
  expect(streamsAsked(all)).toEqual(["", "", a]);
  expect(all.audio.source?.buffer.ranges).toEqual([[0, expect.closeTo(18 * 0.32)]]);
  expect(all.player.metrics).toMatchObject({ moves: 1, gaps: 0, filled: 1 });
  expect(all.player.base).toBe(a);
});

test("PL-16 a worker that restarted is found at the same place: nobody moves", async () => {
  const all = await playing();
  all.server.answers.set(stream, () => new FakeStream(init(), ...chunks(7, 10)));
  all.live.break();
  await settle(100);
  expect(all.player.metrics).toMatchObject({ moves: 0, gaps: 0, reconnects: 1 });
  expect(all.audio.source?.buffer.ranges).toEqual([[0, expect.closeTo(11 * 0.32)]]);
});

test.each([500, 502, 503])("PL-16 an edge that answers %i is left", async (status) => {
  const all = await playing([a, b]);
  all.server.answers.set(stream, () => new Response(null, { status }));
  for (const base of [a, b]) all.server.answers.set(base + stream, () => new FakeStream(init(), ...chunks(7, 10)));
  all.live.break();
  await settle(700);
  expect(all.player.metrics).toMatchObject({ moves: 1, gaps: 0 });
  expect([a, b]).toContain(all.player.base);
});

test("PL-16 by segments too: one that has played and now answers 503 is left for another at once", async () => {
  const { player, audio, server } = setUp({ streams: false });
  server.answers.set(state, () => Response.json(liveState({ edges: [a] })));
  for (const base of ["", a])
    server.answers.set(`${base}/live/one/opus-32k/init.mp4`, () => new Response(bytes(init())));
  server.answers.set("/live/one/opus-32k/2.m4s", () => segment(2));
  server.answers.set("/live/one/opus-32k/3.m4s", () => new Response(null, { status: 503 }));
  server.answers.set(`${a}/live/one/opus-32k/3.m4s`, () => segment(3));
  player.play();
  await settle(85);
  expect(server.asked.filter((url) => url.endsWith("3.m4s"))).toEqual(
    ["", a].map((base) => `${base}/live/one/opus-32k/3.m4s`),
  );
  expect(audio.source?.buffer.ranges).toEqual([[expect.closeTo(6 * 0.32), expect.closeTo(12 * 0.32)]]);
});

test("PL-16 an edge that falls silent is left without asking it again: what was buffered is used up", async () => {
  const all = await playing();
  all.server.answers.set(a + stream, () => new FakeStream(init(), ...chunks(18, 22)));
  all.audio.currentTime = 9 * 0.32;
  all.audio.say("waiting");
  await settle(4200);
  expect(streamsAsked(all)).toEqual(["", a]);
  all.audio.say("playing");
  expect(all.player.state.kind).toBe("playing");
});

test("PL-23 while all edges are away each is asked again and again, and the first that is back is heard", async () => {
  const all = await playing([a, b]);
  homeDies(all);
  await settle(120_000);
  const asked = streamsAsked(all);
  for (const base of ["", a, b]) expect(asked.filter((one) => one === base).length, base).toBeGreaterThan(4);
  expect(asked.length).toBeLessThan(120);
  expect(all.player.state.kind).toBe("playing");
  all.server.answers.set(b + stream, () => new FakeStream(init(), ...chunks(400, 403)));
  await settle(30_000);
  expect(all.audio.source?.buffer.ranges.at(-1)?.[1]).toBeCloseTo(404 * 0.32);
});

test("PL-23 an edge that does not know the Space is passed by; only home can say that it is gone", async () => {
  const all = await playing();
  for (const path of [stream, state]) all.server.answers.set(a + path, () => new Response(null, { status: 404 }));
  homeDies(all);
  await settle(60_000);
  expect(all.player.state.kind).toBe("playing");
  for (const path of [stream, state]) all.server.answers.set(path, () => new Response(null, { status: 404 }));
  await settle(120_000);
  expect(all.player.state).toEqual({ kind: "failed", why: "not-found" });
});

test("PL-17 some minutes after it failed home is asked for its state, and gone back to without a gap", async () => {
  const all = await playing();
  let next = 9;
  const away = new FakeStream(init(), ...chunks(7, 9));
  all.server.answers.set(a + stream, () => away);
  homeDies(all);
  await settle(700);
  expect(all.player.base).toBe(a);
  let back: FakeStream | undefined;
  const clock = setInterval(() => (back ?? away).write(...chunks(++next, next)), 320);
  await settle(homeAfterMs - 10_000);
  expect(all.server.asked.filter((url) => url === state)).toEqual([]);

  // It answers, but it has no new sound yet.
  all.server.answers.set(state, () => Response.json(liveState({ now: Date.now(), latest: 2, edges: [a] })));
  await settle(homeAfterMs + 30_000);
  expect(all.player.base).toBe(a);
  // Pauses have jitter: a second question may just fall into this time.
  expect([1, 2]).toContain(all.server.asked.filter((url) => url === state).length);

  const latest = (): number => Math.floor((Date.now() - epoch) / 960) - 1;
  all.server.answers.set(state, () => Response.json(liveState({ now: Date.now(), latest: latest(), edges: [a] })));
  all.server.answers.set(stream, () => (back = new FakeStream(init(), ...chunks(next - 3, next))));
  await settle(2 * homeAfterMs + 30_000);
  clearInterval(clock);
  expect(all.player.base).toBe("");
  expect(all.player.metrics).toMatchObject({ gaps: 0, moves: 1 });
  expect(all.audio.source?.buffer.ranges.length).toBe(1);
});

test("PL-19 when an edge drains the next response follows at once; nothing is asked but it, and nothing is taken twice", async () => {
  const all = await playing();
  const before = all.server.asked.length;
  all.server.answers.set(stream, () => new FakeStream(init(), ...chunks(6, 8), ...chunks(9, 9)));
  all.live.end();
  await settle(100);
  expect(all.server.asked.slice(before)).toEqual([stream]);
  expect(all.audio.source?.buffer.ranges).toEqual([[0, expect.closeTo(10 * 0.32)]]);
  expect(all.player.metrics).toMatchObject({ gaps: 0, filled: 0, moves: 0 });
});

test("PL-19 an edge that ends each response without a new sound in it is left", async () => {
  const all = await playing();
  all.server.answers.set(stream, () => {
    const short = new FakeStream(init(), ...chunks(6, 8));
    short.end();
    return short;
  });
  all.server.answers.set(a + stream, () => new FakeStream(init(), ...chunks(6, 11)));
  all.live.end();
  await settle(700);
  expect(all.player.base).toBe(a);
});

test("PL-9 a response that ends after the sound has said that it is over is followed by the state, not by another", async () => {
  const all = await playing();
  const before = all.server.asked.length;
  all.server.answers.set(state, () => Response.json(liveState({ status: "ended" })));
  all.live.write(...chunks(9, 9, [{ t: "status", status: "ended", hold: false }]));
  await settle();
  all.live.end();
  await settle();
  expect(all.server.asked.slice(before)).toEqual([state]);
  expect(all.audio.finished).toBe(true);
});

test("PL-14 after stop it begins at home again", async () => {
  const all = await playing();
  all.server.answers.set(a + stream, () => new FakeStream(init(), ...chunks(7, 9)));
  homeDies(all);
  await settle(700);
  all.player.stop();
  expect(all.player.base).toBe("");
});
