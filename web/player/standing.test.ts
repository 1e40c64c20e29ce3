import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Place } from "../../src/wire/tickets.ts";
import type { PlayerState } from "./contract.ts";
import { FakeMediaSource, FakeStream, init } from "./media.test-double.ts";
import { chunks, liveState, setUp, stream } from "./server.test-double.ts";
import { seatTriedMs } from "./standing.ts";

const settle = async (ms = 1): Promise<void> => {
  await vi.advanceTimersByTimeAsync(ms);
  await vi.dynamicImportSettled();
  await vi.advanceTimersByTimeAsync(1);
};
const place = "/live/one/place";
const seat = "a-seat-that-was-signed-for-one";
const ticket = "a-place-that-was-signed-for-one";
const refused = (code: string, status = 503): Response => Response.json({ code }, { status });
const line = (over: Partial<Extract<Place, { kind: "line" }>> = {}): Response =>
  Response.json({ kind: "line", ticket, before: 9, waiting: 20, turnIn: [60, 120], askAgainMs: 5000, ...over });
const given = (on = seat): Response => Response.json({ kind: "seat", seat: on });

/** A tab's storage. */
const kept = new Map<string, string>();
beforeEach(() => {
  vi.useFakeTimers();
  FakeMediaSource.supported = () => true;
  kept.clear();
  vi.stubGlobal("sessionStorage", {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, text: string) => void kept.set(key, text),
    removeItem: (key: string) => void kept.delete(key),
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** A server at level 3: nobody is let in without the seat. */
function full() {
  const all = setUp();
  all.player.learn(liveState({ level: 3 }));
  all.server.answers.set("/live/one/state.json", () => Response.json(liveState({ level: 3 })));
  all.server.answers.set("/live/one/opus-16k/stream.mp4", () => refused("no-seat"));
  all.server.answers.set(place, () => line());
  all.server.answers.set(`${place}/${ticket}`, () => line());
  const lean = "/live/one/opus-16k/stream.mp4";
  all.server.answers.set(`${lean}?seat=${seat}`, () => new FakeStream(init(), ...chunks(6, 12)));
  return { ...all, lean };
}
const states = (seen: ReturnType<typeof full>["seen"]): PlayerState[] =>
  seen.flatMap((change) => (change.t === "player" ? [change.state] : []));

test("PL-60 who is not let in stands in line, says how it stands, and listens by itself when there is a seat", async () => {
  const { player, server, audio, seen, lean } = full();
  player.play();
  await settle(50);
  expect(player.state).toEqual({ kind: "waiting", before: 9, waiting: 20, turnIn: [60, 120] });
  server.answers.set(`${place}/${ticket}`, () => line({ before: 2, turnIn: [5, 20] }));
  await settle(6100);
  expect(player.state).toEqual({ kind: "waiting", before: 2, waiting: 20, turnIn: [5, 20] });
  server.answers.set(`${place}/${ticket}`, () => given());
  await settle(6100);
  audio.say("playing");
  expect(player.state.kind).toBe("playing");
  expect(states(seen).map(({ kind }) => kind)).toEqual([
    "connecting",
    "waiting",
    "waiting",
    "waiting",
    "connecting",
    "playing",
  ]);
  expect(server.asked.filter((path) => path.includes("stream.mp4"))).toEqual([lean, `${lean}?seat=${seat}`]);
  expect(player.metrics).toMatchObject({ moves: 0, reconnects: 0 });
});

test("PL-60 while it waits it asks when it is told to and not sooner, and stop ends it", async () => {
  const { player, server } = full();
  server.answers.set(`${place}/${ticket}`, () => line({ askAgainMs: 30_000 }));
  server.answers.set(place, () => line({ askAgainMs: 30_000 }));
  player.play();
  await settle(50);
  await settle(29_000);
  expect(server.asked.filter((path) => path.startsWith(place))).toEqual([]);
  await settle(60_000);
  const asked = server.asked.filter((path) => path.startsWith(place)).length;
  expect([2, 3]).toContain(asked);
  player.stop();
  await settle(120_000);
  expect(player.state.kind).toBe("idle");
  expect(server.asked.filter((path) => path.startsWith(place))).toHaveLength(asked);
  expect(server.posted).toEqual([place]);
});

test.each([0, 4])(
  "PL-60 who listened and has no seat any more stands in line too (readyState %i)",
  async (readyState) => {
    const { player, server, audio } = setUp();
    const first = new FakeStream(init(), ...chunks(0, 6));
    server.answers.set(stream, () => first);
    server.answers.set(place, () => line({ askAgainMs: 500 }));
    server.answers.set(`${place}/${ticket}`, () => line({ askAgainMs: 500 }));
    server.answers.set(`${stream}?seat=${seat}`, () => new FakeStream(init(), ...chunks(7, 12)));
    player.learn(liveState());
    player.play();
    await settle();
    audio.say("playing");
    server.answers.set(stream, () => refused("no-seat"));
    first.break();
    await settle(200);
    expect(player.state).toMatchObject({ kind: "waiting", before: 9 });
    audio.say("waiting");
    expect(player.state.kind).toBe("waiting");
    Object.assign(audio, { readyState });
    server.answers.set(`${place}/${ticket}`, () => given());
    await settle(1000);
    expect(player.state.kind).toBe(readyState > 2 ? "playing" : "connecting");
    audio.say("playing");
    expect(player.state.kind).toBe("playing");
  },
);

test("PL-61 the seat that a stream tells is shown when it comes back", async () => {
  const { player, server } = setUp();
  const first = new FakeStream(init(), ...chunks(0, 6));
  first.response.headers.set("rostra-seat", seat);
  server.answers.set(stream, () => first);
  const next = new FakeStream(init(), ...chunks(7, 9));
  server.answers.set(`${stream}?seat=${seat}`, () => next);
  player.learn(liveState());
  player.play();
  await settle();
  first.break();
  await settle(100);
  expect(server.asked.filter((path) => path.startsWith(stream))).toEqual([stream, `${stream}?seat=${seat}`]);
});

test("PL-61 by segments the seat is shown with the first only: the others are everybody's", async () => {
  const { player, server } = setUp({ streams: false });
  const path = (n: number): string => `/live/one/opus-32k/${n}.m4s`;
  player.learn(liveState());
  server.answers.set(path(2), () => refused("no-seat"));
  server.answers.set("/live/one/opus-32k/init.mp4", () => new Response(init().slice()));
  server.answers.set(place, () => given());
  player.play();
  await settle(100);
  expect(server.asked).toContain(`${path(2)}?seat=${seat}`);
  expect(server.asked.filter((one) => one.includes("?seat=") && !one.startsWith(path(2)))).toEqual([]);
});

test("PL-62 a reload keeps the place, and the seat of who was listening", async () => {
  kept.set("rostra-place:one", ticket);
  const waiting = full();
  waiting.player.play();
  await settle(50);
  expect(waiting.server.posted).toEqual([]);
  expect(waiting.server.asked).toContain(`${place}/${ticket}`);
  waiting.player.stop();
  kept.set("rostra-seat:one", seat);
  const seated = full();
  seated.player.play();
  await settle(50);
  expect(seated.server.asked.filter((path) => path.startsWith(place))).toEqual([]);
  expect(seated.server.asked).toContain(`${seated.lean}?seat=${seat}`);
});

test("PL-62 a seat or a place that is not ours any more is given up for a new place", async () => {
  kept.set("rostra-seat:one", seat);
  kept.set("rostra-place:one", ticket);
  const { player, server, lean } = full();
  server.answers.set(`${lean}?seat=${seat}`, () => refused("bad-ticket", 401));
  server.answers.set(`${place}/${ticket}`, () => refused("bad-ticket", 401));
  const another = "another-place-signed-for-one";
  for (const path of [place, `${place}/${another}`]) server.answers.set(path, () => line({ ticket: another }));
  player.play();
  await settle(50);
  // It was tried just now: the ordinary way comes first.
  await settle(seatTriedMs + 20_000);
  expect(server.posted).toEqual([place]);
  expect(player.state).toMatchObject({ kind: "waiting", before: 9 });
  expect(kept.get("rostra-seat:one")).toBeUndefined();
  expect(kept.get("rostra-place:one")).toBe(another);
});

test("PL-63 an edge that does not answer for places is asked ever more rarely, then another one", async () => {
  const a = "http://a.example";
  const { player, server, lean } = full();
  server.answers.set("/live/one/state.json", () => Response.json(liveState({ level: 3, edges: [a] })));
  player.learn(liveState({ level: 3, edges: [a] }));
  server.answers.delete(place);
  server.answers.set(a + lean, () => new FakeStream(init(), ...chunks(6, 12)));
  player.play();
  for (let i = 0; i < 60; i++) await settle(1000);
  const posted = server.posted.length;
  expect(posted).toBeGreaterThanOrEqual(3);
  expect(posted).toBeLessThan(12);
  expect(server.asked).toContain(a + lean);
});

test("PL-63 a Retry-After is waited for before a place is asked for again", async () => {
  const { player, server } = full();
  server.answers.set(place, () => Response.json({}, { status: 429, headers: { "retry-after": "20" } }));
  player.play();
  await settle(50);
  await settle(19_000);
  expect(server.posted).toHaveLength(1);
  await settle(4_000);
  expect(server.posted).toHaveLength(2);
});

test("PL-63 what is answered and no place makes nobody ask at once again", async () => {
  const { player, server } = full();
  for (const nonsense of [null, {}, { kind: "line", ticket, before: 0, waiting: 1, turnIn: null }])
    server.answers.set(place, () => Response.json(nonsense));
  server.answers.set(`${place}/${ticket}`, () => Response.json({ kind: "line", ticket, before: 0, waiting: 1 }));
  player.play();
  await settle(20_000);
  expect(server.asked.filter((path) => path.startsWith(place)).length + server.posted.length).toBeLessThan(5);
  expect(player.state.kind).toBe("waiting");
});

test("PL-60 a refusal that has nothing to do with seats is none: another edge has its turn as before", async () => {
  const { player, server } = setUp();
  player.learn(liveState());
  server.answers.set(stream, () => refused("overloaded"));
  player.play();
  await settle(5000);
  expect(server.posted).toEqual([]);
  expect(player.state.kind).toBe("connecting");
});

test("PL-64 the browser's own HLS, which tells nobody why it fails, asks for a place from level 3 on", async () => {
  const { player, audio, server } = setUp({ mediaSource: undefined });
  audio.hls = true;
  server.answers.set(place, () => given());
  player.learn(liveState({ level: 3 }));
  player.play();
  await settle(10);
  expect(audio.src).toBe("/live/one/index.m3u8");
  audio.say("error");
  await settle(100);
  expect(audio.src).toBe(`/live/one/index.m3u8?seat=${seat}`);
});
