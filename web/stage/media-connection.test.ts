import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { asTrack, FakeTrack, FakeWhip, offerSdp, problemResponse } from "./stage.test-browser.ts";
import { MediaConnection } from "./media-connection.ts";

const url = "https://radio.example/api/v1/spaces/town-hall/whip";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function connection(whip: FakeWhip, track = new FakeTrack()): MediaConnection {
  return new MediaConnection({ url, token: "a-token", track: asTrack(track), ports: whip, random: () => 1 });
}

/** Lets the offer go out (gathering is bounded) and the answer come in. */
const negotiate = (): Promise<unknown> => vi.advanceTimersByTimeAsync(510);

async function connected(whip: FakeWhip): Promise<MediaConnection> {
  const media = connection(whip);
  media.start();
  await negotiate();
  whip.peer.becomes("connected");
  return media;
}

test("SP-2 one sendrecv audio section is offered to the WHIP URL with the token, after bounded gathering", async () => {
  const whip = new FakeWhip();
  const media = connection(whip);
  media.start();
  await vi.advanceTimersByTimeAsync(499);
  expect(whip.offers).toHaveLength(0);
  await vi.advanceTimersByTimeAsync(1);
  expect(whip.offers).toEqual([
    {
      url,
      method: "POST",
      authorization: "Bearer a-token",
      body: expect.stringContaining("m=audio 9 UDP/TLS/RTP/SAVPF 111 9\r\n"),
      keepalive: false,
    },
  ]);
  expect(whip.offers[0]?.body).toContain("useinbandfec=1");
  expect(whip.peer.direction).toBe("sendrecv");
  expect(whip.peer.remoteDescription?.sdp).toContain("useinbandfec=1");
});

test("SP-3 connected is said only when media is connected, not when the answer came", async () => {
  const whip = new FakeWhip();
  const media = connection(whip);
  media.start();
  await negotiate();
  whip.peer.becomes("connecting");
  expect(media.state.get().kind).toBe("connecting");
  whip.peer.becomes("connected");
  expect(media.state.get()).toMatchObject({ kind: "connected", transport: "udp" });
});

test("SP-4 media that does not connect in six seconds is asked for over TCP, and then over UDP again", async () => {
  const whip = new FakeWhip();
  const media = connection(whip);
  media.start();
  await negotiate();
  await vi.advanceTimersByTimeAsync(6000);
  await negotiate();
  expect(whip.offers.map((one) => one.url)).toEqual([url, `${url}?transport=tcp`]);
  expect(whip.requests.find((one) => one.method === "DELETE")?.url).toBe(`${url}/s1`);
  await vi.advanceTimersByTimeAsync(6000 + 8000);
  await negotiate();
  expect(whip.offers[2]?.url).toBe(url);
});

test("SP-4 a connection that came about over TCP is remade over TCP", async () => {
  const whip = new FakeWhip();
  const media = connection(whip);
  media.start();
  await negotiate();
  await vi.advanceTimersByTimeAsync(6000);
  await negotiate();
  whip.peer.becomes("connected");
  whip.peer.becomes("failed");
  await vi.advanceTimersByTimeAsync(1000);
  expect(whip.offers.at(-1)?.url).toBe(`${url}?transport=tcp`);
});

test("SP-5 an interruption of less than two seconds keeps the session, a longer one makes a new one", async () => {
  const whip = new FakeWhip();
  const media = await connected(whip);
  whip.peer.becomes("disconnected");
  expect(media.state.get().kind).toBe("interrupted");
  await vi.advanceTimersByTimeAsync(1900);
  whip.peer.becomes("connected");
  await vi.advanceTimersByTimeAsync(5000);
  expect(media.state.get().kind).toBe("connected");
  expect(whip.peers).toHaveLength(1);
  whip.peer.becomes("disconnected");
  await vi.advanceTimersByTimeAsync(2000);
  expect(media.state.get().kind).toBe("waiting");
  await vi.advanceTimersByTimeAsync(300);
  await negotiate();
  expect(whip.offers).toHaveLength(2);
  expect(whip.offers[1]?.authorization).toBe("Bearer a-token");
});

test("SP-6 a failed peer and a server at fault are tried again with growing delays, until it works", async () => {
  const whip = new FakeWhip();
  whip.answers.push(
    () => Promise.reject(new TypeError("network")),
    () => problemResponse(503, "stage-away"),
  );
  const media = connection(whip);
  media.start();
  await negotiate();
  expect(media.state.get()).toEqual({ kind: "waiting", attempt: 1, delay: 300 });
  await vi.advanceTimersByTimeAsync(300 + 510);
  expect(media.state.get()).toEqual({ kind: "waiting", attempt: 2, delay: 600 });
  await vi.advanceTimersByTimeAsync(600 + 510);
  whip.peer.becomes("connected");
  expect(media.state.get().kind).toBe("connected");
  whip.peer.becomes("failed");
  expect(media.state.get()).toEqual({ kind: "waiting", attempt: 1, delay: 300 });
});

test("SP-6 the server's Retry-After is obeyed", async () => {
  const whip = new FakeWhip();
  whip.answers.push(() => problemResponse(429, "too-many", { "retry-after": "7" }));
  const media = connection(whip);
  media.start();
  await negotiate();
  expect(media.state.get()).toMatchObject({ kind: "waiting", delay: 7000 });
});

test("SP-7 a refused token is told with the server's problem and not tried again", async () => {
  const whip = new FakeWhip();
  whip.answers.push(() => problemResponse(401, "invite-expired"));
  const media = connection(whip);
  media.start();
  await negotiate();
  expect(media.state.get()).toMatchObject({ kind: "refused", status: 401, problem: { code: "invite-expired" } });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(whip.offers).toHaveLength(1);
});

test("SP-8 rejoining drops the old session and offers anew at once; another microphone needs no offer", async () => {
  const whip = new FakeWhip();
  const media = await connected(whip);
  media.start();
  expect(whip.requests.at(-1)).toMatchObject({ method: "DELETE", url: `${url}/s1` });
  await negotiate();
  expect(whip.offers).toHaveLength(2);
  whip.peer.becomes("connected");
  const headset = new FakeTrack("headset");
  await media.useTrack(asTrack(headset));
  expect(whip.peer.sent.at(-1)).toBe(headset);
  expect(whip.offers).toHaveLength(2);
});

test("SP-8 silence takes the place of a microphone that is gone, and gives it to the next", async () => {
  const whip = new FakeWhip();
  const media = await connected(whip);
  await media.useTrack(undefined);
  await media.useTrack(undefined);
  expect(whip.silences).toHaveLength(1);
  expect(whip.peer.sent.at(-1)).toBe(whip.silences[0]);
  const headset = new FakeTrack("headset");
  await media.useTrack(asTrack(headset));
  expect(whip.peer.sent.at(-1)).toBe(headset);
  expect(whip.silences[0]?.readyState).toBe("ended");
  await media.useTrack(undefined);
  media.end();
  expect(whip.silences.map(({ readyState }) => readyState)).toEqual(["ended", "ended"]);
  expect(whip.offers).toHaveLength(1);
});

test("SP-9 leaving ends the session once, by a DELETE that outlives the page, even twice or before the answer", async () => {
  const whip = new FakeWhip();
  const media = await connected(whip);
  media.end();
  media.end();
  expect(whip.requests.filter((one) => one.method === "DELETE")).toEqual([
    expect.objectContaining({ url: `${url}/s1`, authorization: "Bearer a-token", keepalive: true }),
  ]);
  expect(media.state.get()).toEqual({ kind: "off" });

  const early = connection(whip);
  early.start();
  early.end();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(early.state.get()).toEqual({ kind: "off" });
  expect(whip.peer.connectionState).toBe("closed");
});

test("SP-9 an answer that comes after leaving is ended on the server", async () => {
  const whip = new FakeWhip();
  const answer = Promise.withResolvers<Response>();
  whip.answers.push(() => answer.promise);
  const media = connection(whip);
  media.start();
  await negotiate();
  media.end();
  answer.resolve(new Response(offerSdp, { status: 201, headers: { location: "/late" } }));
  await vi.advanceTimersByTimeAsync(0);
  expect(whip.requests.at(-1)).toMatchObject({ method: "DELETE", url: "https://radio.example/late" });
});

test("SP-10 the connection's health is what the other side reports", async () => {
  const media = await connected(new FakeWhip());
  expect(await media.health()).toEqual({ roundTripMs: 42, lossPercent: 3 });
});
