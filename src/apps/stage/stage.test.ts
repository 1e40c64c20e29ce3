import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createDecoder, createEncoder } from "libopus-wasm";
import { afterEach, beforeEach, expect, test } from "vitest";
import { anchoredClock, newAnchor } from "../../foundation/clock.ts";
import { epochMs, later } from "../../foundation/duration.ts";
import { Link, listenUnix, readBody, sendJson } from "../../foundation/link.ts";
import { silentLog } from "../../foundation/log.ts";
import { Meter } from "../../foundation/meter.ts";
import { Scope } from "../../foundation/scope.ts";
import { openClient, type TestClient } from "../../stage/client.fixture.ts";
import { browserOffer } from "../../stage/offers.fixture.ts";
import { joined, shareAt, tone } from "../../stage/speech.fixture.ts";
import type { Answer, StageLine, StageSpec } from "../../wire/stages.ts";
import { segmentFrom, segmentMs } from "../../wire/timeline.ts";
import { fenceHeader } from "../../wire/timelines.ts";
import { sockets } from "../config.ts";
import { runStage } from "../stage.ts";

const clock = anchoredClock(newAnchor());
/** Both ends of the process: the stage under test, and a stand-in origin that takes every chunk. */
let scope: Scope;
let stage: Link;
let lines: StageLine[];
let ingested: { readonly path: string; readonly fence: string }[];
/** What the origin does with a chunk of this fence. */
let verdict: (fence: string) => "taken" | "away" | "fenced";
let leases: number;

beforeEach(async () => {
  scope = new Scope();
  lines = [];
  ingested = [];
  verdict = () => "taken";
  leases = 0;
  const run = await mkdtemp(join(tmpdir(), "rostra-stage-"));
  scope.onEnd(() => rm(run, { recursive: true, force: true }));
  const origin = await listenUnix(
    sockets.origin(run),
    async (request, response) => {
      await readBody(request, 1_000_000);
      if (request.method === "POST") return sendJson(response, 200, { fence: 7 + leases++ });
      const fence = String(request.headers[fenceHeader]);
      const what = verdict(fence);
      if (what === "away") return sendJson(response, 503, {});
      if (what === "fenced") return sendJson(response, 409, { code: "fenced" });
      ingested.push({ path: request.url ?? "", fence });
      response.writeHead(204).end();
    },
    silentLog,
  );
  scope.onEnd(() => {
    origin.closeAllConnections();
    origin.close();
  });
  await runStage({
    data: run,
    run,
    port: 0,
    host: "127.0.0.1",
    udpPort: 0,
    iceTcpPort: 0,
    publicIps: [],
    publicUrl: undefined,
    databaseUrl: undefined,
    clock,
    log: silentLog,
    meter: new Meter(),
    scope,
  });
  stage = new Link(sockets.stage(run));
  scope.onEnd(() => stage.close());
  const following = stage.follow("/events", (line) => lines.push(line as StageLine), {
    signal: scope.signal,
    log: silentLog,
  });
  scope.onEnd(() => following);
  await heard((line) => line.t === "synced");
});

afterEach(() => scope.end());

const heard = (what: (line: StageLine) => boolean): Promise<void> =>
  expect.poll(() => lines.some(what), { timeout: 15_000, interval: 20 }).toBe(true);

const spec = (people: StageSpec["people"], onAirFrom: number | null = null): StageSpec => ({
  epochMs: epoch,
  onAirFrom,
  people,
});
const epoch = epochMs(Math.floor(clock.now()) - 10_000);
const person = (id: string) => ({ id, muted: false });

const put = (body: unknown) => stage.request({ method: "PUT", path: "/stages/talk", body });
const post = (body: unknown) => stage.request({ method: "POST", path: "/stages/talk/sessions", body });
const codeOf = (answer: { body: Buffer }): string => (JSON.parse(answer.body.toString()) as { code: string }).code;

/** A participant who speaks a tone for as long as the test lasts. */
async function comeOnStage(participant: string, hertz: number, transport: "udp" | "tcp" = "udp") {
  const client: TestClient = await openClient({ transport });
  const answer = await post({ participant, sdp: client.offer, transport });
  expect(answer.status).toBe(201);
  const { session, sdp } = JSON.parse(answer.body.toString()) as Answer;
  await client.accept(sdp);
  await client.connected();
  const encoder = await createEncoder({ channels: 1, bitrate: 40_000 });
  const from = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    for (; sent * 20 < performance.now() - from; sent++)
      void client.send(encoder.encodeFloat(tone(sent, hertz)), sent % 65_536, sent * 960);
  }, 10);
  scope.onEnd(async () => {
    clearInterval(timer);
    encoder.free();
    await client.close();
  });
  return { client, session };
}

/** The last second of what a client hears. */
async function soundOf(client: TestClient): Promise<Float32Array> {
  const decoder = await createDecoder({ channels: 1 });
  const sound = joined(client.received.slice(-70).map(({ payload }) => decoder.decodeFloat(payload)));
  decoder.free();
  return sound.subarray(20 * 960);
}

test("ST-70 a stage is made by PUT and ended by DELETE; what is not there is 404, what is off is 400", async () => {
  expect((await post({ participant: "ana", sdp: browserOffer() })).status).toBe(404);
  expect((await put({ epochMs: "now" })).status).toBe(400);
  expect((await put(spec([person("ana")]))).status).toBe(204);
  expect((await put(spec([person("ana")]))).status).toBe(204);
  expect((await stage.request({ method: "DELETE", path: "/stages/talk/sessions/nobody" })).status).toBe(404);
  expect((await stage.request({ path: "/stages/talk" })).status).toBe(404);
  expect((await stage.request({ method: "DELETE", path: "/stages/talk" })).status).toBe(204);
  expect((await stage.request({ method: "DELETE", path: "/stages/talk" })).status).toBe(404);
});

test("ST-71 offers that cannot be used are refused with their codes, and counted", async () => {
  await put(spec([person("ana")]));
  const refused = async (body: unknown): Promise<[number, string]> => {
    const answer = await post(body);
    return [answer.status, codeOf(answer)];
  };
  const megabyte = `v=0\r\n${"a=x\r\n".repeat(200_000)}`;
  expect(await refused({ participant: "ana", sdp: megabyte })).toEqual([413, "too-large"]);
  expect(await refused({ participant: "ana", sdp: megabyte.slice(0, 100_000) })).toEqual([413, "sdp-too-large"]);
  expect(await refused({ participant: "ana", sdp: "hello" })).toEqual([400, "sdp-malformed"]);
  expect(await refused({ participant: "ana", sdp: browserOffer({ codecs: [] }) })).toEqual([422, "sdp-no-opus"]);
  expect(await refused({ participant: "eve", sdp: browserOffer() })).toEqual([403, "not-on-stage"]);
  expect(await refused({ sdp: browserOffer() })).toEqual([400, "invalid"]);
  const metrics = (await stage.request({ path: "/metrics" })).body.toString();
  expect(metrics).toContain('rostra_stage_offers_refused_total{code="sdp-no-opus"} 1');
  expect(JSON.parse((await stage.request({ path: "/healthz" })).body.toString())).toMatchObject({
    ok: true,
    all: 0,
    transports: ["udp", "tcp"],
  });
});

test("ST-72 speakers over UDP and TCP hear each other and not themselves", async () => {
  await put(spec([person("ana"), person("bo")]));
  const ana = await comeOnStage("ana", 440);
  const bo = await comeOnStage("bo", 1000, "tcp");
  await expect
    .poll(async () => shareAt(await soundOf(ana.client), 1000), { timeout: 15_000, interval: 200 })
    .toBeGreaterThan(0.8);
  await expect
    .poll(async () => shareAt(await soundOf(bo.client), 440), { timeout: 15_000, interval: 200 })
    .toBeGreaterThan(0.8);
  expect(shareAt(await soundOf(ana.client), 440)).toBeLessThan(0.01);
  expect(shareAt(await soundOf(bo.client), 1000)).toBeLessThan(0.01);
});

test("ST-73 the stream of events names the sessions there are, then every change, and the levels of those there", async () => {
  await put(spec([person("ana")]));
  const { session } = await comeOnStage("ana", 440);
  const named = { t: "session", space: "talk", participant: "ana", session };
  await heard((line) => line.t === "voices" && line.voices.some((voice) => voice.id === "ana" && voice.db > -40));
  await heard((line) => line.t === "health" && line.sessions.some((one) => one.participant === "ana"));
  await heard((line) => line.t === "tick");
  const states = lines.flatMap((line) => (line.t === "session" ? [line] : []));
  expect(states).toEqual([
    { ...named, state: "connecting" },
    { ...named, state: "connected" },
  ]);

  const again: StageLine[] = [];
  const second = new AbortController();
  const following = stage.follow("/events", (line) => again.push(line as StageLine), {
    signal: second.signal,
    log: silentLog,
  });
  await expect.poll(() => again.length, { timeout: 5000 }).toBeGreaterThanOrEqual(2);
  expect(again.slice(0, 2)).toEqual([{ ...named, state: "connected" }, { t: "synced" }]);
  second.abort();
  await following;

  expect((await stage.request({ method: "DELETE", path: `/stages/talk/sessions/${session}` })).status).toBe(204);
  await heard((line) => line.t === "session" && line.state === "gone");
});

/** Waits until no chunk has come for two chunks' time, and says how many there are. */
async function countOnceQuiet(): Promise<number> {
  for (let tries = 0; tries < 15; tries++) {
    const before = ingested.length;
    await sleep(700);
    if (ingested.length === before) return before;
  }
  throw new Error(`chunks keep coming: ${ingested.length}`);
}

test("ST-74 the programme is published from its start on while somebody is there, and not before or after", async () => {
  const voice = { id: "voice", muted: false, recording: "en" };
  const first = segmentFrom(epoch, later(clock.now(), 600));
  await put(spec([voice], epoch + first * segmentMs));
  await expect.poll(() => ingested.length, { timeout: 15_000, interval: 50 }).toBeGreaterThanOrEqual(9);
  expect(new Set(ingested.map(({ fence }) => fence))).toEqual(new Set(["7"]));
  const places = ingested.map(({ path }) => /^\/ingest\/talk\/([a-z0-9-]+)\/(\d+)\/(\d)$/.exec(path) ?? []);
  expect(new Set(places.map(([, rendition]) => rendition))).toEqual(new Set(["opus-32k", "opus-16k", "aac-64k"]));
  expect(places.find(([, rendition]) => rendition === "opus-32k")?.slice(2)).toEqual([String(first), "0"]);
  await heard((line) => line.t === "health" && line.onAir);

  // Nobody is left: nothing more is published, until somebody is there again.
  await put(spec([], epoch + first * segmentMs));
  const quiet = await countOnceQuiet();
  await put(spec([voice], epoch + first * segmentMs));
  await expect.poll(() => ingested.length, { timeout: 15_000, interval: 50 }).toBeGreaterThan(quiet + 3);

  await put(spec([voice], null));
  await countOnceQuiet();
  await heard((line) => line.t === "voices" && line.voices.length > 0);
});

test("ST-76 a programme that is back on air is not stopped by what the last one has still to send", async () => {
  const voice = { ...person("demo"), recording: "en" };
  await put(spec([voice], epoch));
  await expect.poll(() => ingested.length, { timeout: 10_000 }).toBeGreaterThan(0);
  verdict = () => "away";
  await expect.poll(() => lines.findLast((line) => line.t === "health")?.onAir).toBe(true);
  await sleep(700);
  await put(spec([voice], null));
  await put(spec([voice], epoch));
  await expect.poll(() => leases).toBe(2);
  let fenced = 0;
  verdict = (fence) => {
    if (fence !== "7") return "taken";
    fenced++;
    return "fenced";
  };
  await expect.poll(() => fenced).toBeGreaterThan(0);
  const before = ingested.length;
  await expect.poll(() => ingested.length - before, { timeout: 10_000 }).toBeGreaterThan(9);
  expect(new Set(ingested.slice(before).map(({ fence }) => fence))).toEqual(new Set(["8"]));
});

test("ST-75 a stage with nobody on it makes no voices and no sound", async () => {
  await put(spec([person("ana")], epoch));
  await heard((line) => line.t === "health");
  await sleep(500);
  expect(lines.some((line) => line.t === "voices")).toBe(false);
  expect(ingested).toEqual([]);
});
