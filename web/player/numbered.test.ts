import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { beaconEveryMs } from "../../src/wire/state.ts";
import { bytes, FakeMediaSource, FakeStream, init } from "./media.test-double.ts";
import { chunks, epoch, liveState, segment, setUp, stream } from "./server.test-double.ts";

const state = "/live/one/state.json";
const numbered = (n: number): string => `/live/one/opus-32k/${n}.m4s`;
const settle = (ms = 1): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
/** The latest segment that is complete by now. */
const latest = (): number => Math.floor((Date.now() - epoch) / 960) - 1;

beforeEach(() => {
  vi.useFakeTimers({ now: epoch + 100 * 960 });
  FakeMediaSource.supported = () => true;
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

interface Cache {
  /** Asked-for segments with how many were published then. */
  readonly asked: [n: number, latest: number][];
  /** The oldest segment there is. */
  first: number;
  /** How long each answer takes beyond the publication, ms. */
  slowMs: number;
  /** What segments are refused with, if they are. */
  refuses: Response | undefined;
}

/** A cache in front: state, init and numbered segments, early ones held until they are published; no endless responses. */
function behindCache(over: Parameters<typeof liveState>[0] = {}) {
  const cache: Cache = { asked: [], first: 0, slowMs: 0, refuses: undefined };
  const all = setUp({
    fetch: async (url, request) => {
      const path = (url as string).replace("http://home.example", "");
      if (request?.method === "POST")
        return posted.push([path, request.credentials]) ? new Response(null, { status: 204 }) : Response.error();
      all.server.asked.push(path);
      const n = Number(/(\d+)\.m4s$/.exec(path)?.[1] ?? Number.NaN);
      if (!Number.isNaN(n)) return answer(n);
      if (path.endsWith("init.mp4")) return new Response(bytes(init()));
      if (path === state)
        return Response.json(liveState({ now: Date.now(), latest: latest(), first: cache.first, ...over }));
      return new Response(null, { status: 501 });
    },
  });
  const posted: [path: string, credentials: RequestCredentials | undefined][] = [];
  async function answer(n: number): Promise<Response> {
    cache.asked.push([n, latest()]);
    if (cache.refuses) return cache.refuses.clone();
    if (n < cache.first || n > latest() + 2) return new Response(null, { status: 404 });
    while (n > latest()) await new Promise((done) => setTimeout(done, 20));
    if (cache.slowMs) await new Promise((done) => setTimeout(done, cache.slowMs));
    return segment(n);
  }
  return { ...all, cache, posted };
}

test("PL-20 a cache that has no endless response is asked once for one; segments come at once, and from then on", async () => {
  const { player, server, cache } = behindCache();
  player.learn(liveState());
  player.play();
  await settle(5);
  expect(server.asked.slice(0, 3)).toEqual([stream, state, "/live/one/opus-32k/init.mp4"]);
  expect(player.metrics).toMatchObject({ way: { by: "segments", why: "no-stream-here" }, reconnects: 0 });
  cache.refuses = new Response(null, { status: 503, headers: { "retry-after": "1" } });
  await settle(5000);
  cache.refuses = undefined;
  player.stop();
  player.play();
  await settle(3000);
  expect(server.asked.filter((url) => url === stream)).toHaveLength(1);
});

test.each([403, 404, 405])(
  "PL-20 %i for the endless response while the state tells segments is the same",
  async (status) => {
    const { player, server, audio } = setUp();
    player.learn(liveState());
    server.answers.set(stream, () => new Response(null, { status }));
    server.answers.set("/live/one/opus-32k/init.mp4", () => new Response(bytes(init())));
    for (const n of [2, 3]) server.answers.set(numbered(n), () => segment(n));
    player.play();
    await settle(5);
    expect(player.metrics.way).toEqual({ by: "segments", why: "no-stream-here" });
    expect(audio.source?.buffer.ranges).toEqual([[expect.closeTo(6 * 0.32), expect.closeTo(12 * 0.32)]]);
  },
);

test("PL-20 a Space that has no sound yet has a stream later", async () => {
  const { player, server } = setUp();
  const early = liveState({ status: "lobby", latest: null });
  player.learn(early);
  server.answers.set(state, () => Response.json(early));
  server.answers.set(stream, () => new Response(null, { status: 404 }));
  player.play();
  await settle(1000);
  server.answers.set(state, () => Response.json(liveState()));
  await settle(100);
  server.answers.set(stream, () => new FakeStream(init(), ...chunks(0, 8)));
  await settle(9000);
  expect(player.metrics.way).toEqual({ by: "stream" });
});

test("PL-21 segments are asked for one by one, at most one before it is published, and play about one behind", async () => {
  const { player, audio, cache } = behindCache();
  player.play();
  await settle(20_000);
  expect(cache.asked.length).toBeGreaterThan(18);
  expect(cache.asked.every(([n], i) => i === 0 || n === (cache.asked[i - 1]?.[0] ?? 0) + 1)).toBe(true);
  for (const [n, published] of cache.asked) expect(n - published).toBeLessThanOrEqual(1);
  expect(audio.source?.buffer.ranges).toHaveLength(1);
  expect(latest() + 1 - (audio.source?.buffer.ranges[0]?.[1] ?? 0) / 0.96).toBeLessThanOrEqual(0.01);
});

test("PL-21 a cache that answers more slowly than segments come is kept up with", async () => {
  const { player, audio, cache } = behindCache();
  cache.slowMs = 1400;
  player.play();
  await settle(60_000);
  for (const [n, published] of cache.asked) expect(n - published).toBeLessThanOrEqual(1);
  const [, end = 0] = audio.source?.buffer.ranges[0] ?? [];
  expect(latest() + 1 - end / 0.96).toBeLessThan(3);
  expect(player.metrics.gaps).toBe(0);
});

test("PL-21 refusals are waited out, and what is missing then is fetched: no gap", async () => {
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  const { player, audio, cache } = behindCache();
  player.play();
  await settle(3000);
  cache.refuses = new Response(null, { status: 503, headers: { "retry-after": "1" } });
  await settle(3000);
  const refused = cache.asked.length;
  cache.refuses = undefined;
  await settle(9000);
  expect(refused).toBeLessThan(20);
  expect(audio.source?.buffer.ranges).toHaveLength(1);
  expect(player.metrics.gaps).toBe(0);
});

test("PL-21 a segment that is too old is left, and the sound goes on at the latest", async () => {
  const { player, audio, cache } = behindCache();
  player.play();
  await settle(3000);
  cache.refuses = new Response(null, { status: 503 });
  await settle(30_000);
  cache.refuses = undefined;
  cache.first = latest() - 3;
  await settle(12_000);
  expect(player.metrics.gaps).toBe(1);
  expect((audio.source?.buffer.ranges.at(-1)?.[1] ?? 0) / 0.96).toBeGreaterThan(latest() - 1);
});

test("PL-22 who does not listen by stream says so every ten seconds, with no cookie, if it is drawn; the share is learned", async () => {
  vi.spyOn(Math, "random").mockReturnValue(0.3);
  const over = { beacon: 0.5 };
  const { player, audio, posted, server } = behindCache(over);
  player.play();
  await settle(10);
  audio.say("playing");
  await settle(6 * beaconEveryMs);
  await vi.dynamicImportSettled();
  posted.length = 0;
  await settle(6 * beaconEveryMs);
  expect(posted.length).toBe(6);
  expect(new Set(posted.map(String))).toEqual(new Set(["/live/one/beacon?share=0.5,omit"]));
  over.beacon = 0.25;
  server.asked.length = 0;
  await settle(4 * beaconEveryMs);
  posted.length = 0;
  await settle(6 * beaconEveryMs);
  expect(posted).toEqual([]);
  expect(server.asked.filter((url) => url === state).length).toBeLessThanOrEqual(4);
});

test("PL-22 who listens by stream says nothing", async () => {
  const { player, audio, server } = setUp();
  const live = new FakeStream(init(), ...chunks(300, 303));
  server.answers.set(stream, () => live);
  player.learn(liveState({ beacon: 1 }));
  player.play();
  await settle();
  audio.say("playing");
  for (let slot = 304; slot < 500; slot++) {
    live.write(...chunks(slot, slot));
    await settle(320);
    await vi.dynamicImportSettled();
  }
  expect(server.posted).toEqual([]);
});
