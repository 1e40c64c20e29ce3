import { createHash } from "node:crypto";
import http from "node:http";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import type { Link, LinkResponse } from "../foundation/link.ts";
import { silentLog } from "../foundation/log.ts";
import { Scope } from "../foundation/scope.ts";
import { chunksHeader, livePaths } from "../wire/paths.ts";
import { renditionNames } from "../wire/rendition.ts";
import type { LiveState } from "../wire/state.ts";
import { chunkMs, segmentMs } from "../wire/timeline.ts";
import { type FeedLine, fenceHeader, ingestPath, type TimelineSpec } from "../wire/timelines.ts";
import { folder, programmeChunk, spec } from "./origin.test-kit.ts";
import { clock, code, produce, put, startOrigin } from "./origin.test-server.ts";

/** One origin, and one Space that is live, for all tests that only look. */
let link: Link;
let socket: string;
let epoch: number;
let live: TimelineSpec;
const shared = new Scope();

beforeAll(async () => {
  const started = await startOrigin(await folderOf());
  ({ link, socket } = started);
  shared.onEnd(() => started.scope.end());
  epoch = Math.floor(clock.now()) - 3 * segmentMs;
  const person = { id: "p1", name: "Ada", role: "host" as const, muted: false, present: true };
  live = spec({ epochMs: epoch, status: "live", liveFrom: epoch + 3 * segmentMs, startAt: epoch, stage: [person] });
  expect((await put(link, live)).status).toBe(204);
  const stop = new AbortController();
  const producing = produce(link, live.id, epoch, 9, stop.signal);
  shared.onEnd(async () => {
    stop.abort();
    await producing;
  });
  return () => shared.end();
});

async function folderOf(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "rostra-origin-"));
  shared.onEnd(() => rm(path, { recursive: true, force: true }));
  return path;
}

const state = (): Promise<LiveState> => link.json<LiveState>({ path: livePaths.state("town-hall") });

const sendChunk = (path: string, body: Uint8Array): Promise<LinkResponse> =>
  link.request({ method: "PUT", path, body, headers: { [fenceHeader]: "1" } });

describe.concurrent("live", () => {
  test("OR-91 the text of a Space is answered by id and by slug, cached for a second; one that is not known has none", async () => {
    await state();
    for (const name of [live.id, live.slug]) {
      const answer = await link.request({ path: livePaths.text(name) });
      expect(answer.headers["cache-control"]).toBe("public, max-age=1");
      expect(JSON.parse(answer.body.toString("utf8"))).toMatchObject({ v: 1, lines: expect.any(Array) });
    }
    expect((await link.request({ path: livePaths.text("nobody") })).status).toBe(404);
  });

  test("OR-40 a segment asked for early is held until it is complete, and has its length and lasting headers", async () => {
    const { latest } = await state();
    const n = (latest ?? 0) + 2;
    const answers = await Promise.all(
      [1, 2, 3].map(() => link.request({ path: livePaths.segment(live.id, "opus-32k", n) })),
    );
    expect(clock.now()).toBeGreaterThanOrEqual(epoch + (n + 1) * segmentMs - 1);
    for (const { status, headers, body } of answers) {
      expect(status).toBe(200);
      expect(headers).toMatchObject({
        "content-type": "audio/mp4",
        "cache-control": "public, max-age=31536000, immutable",
        "content-length": String(body.length),
        "access-control-allow-origin": "*",
        "repr-digest": `sha-256=:${createHash("sha256").update(body).digest("base64")}:`,
      });
      expect(body.equals(answers[0]?.body ?? Buffer.alloc(0))).toBe(true);
    }
    expect(answers[0]?.body.length).toBeGreaterThan(3 * 16 * 10);
  });

  test("OR-41 with the chunks header each chunk comes as it is published, and the bytes are the same", async () => {
    const { latest } = await state();
    const path = livePaths.segment(live.id, "aac-64k", (latest ?? 0) + 2);
    const pieces: { at: number; bytes: Buffer }[] = [];
    const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
    http
      .get({ socketPath: socket, path, headers: { [chunksHeader]: "1" } }, (response) => {
        response.on("data", (bytes: Buffer) => pieces.push({ at: clock.now(), bytes }));
        response.on("end", () => resolve(response));
      })
      .on("error", reject);
    const { headers, trailers } = await promise;
    expect(headers["transfer-encoding"]).toBe("chunked");
    expect(pieces).toHaveLength(3);
    expect((pieces[2]?.at ?? 0) - (pieces[0]?.at ?? 0)).toBeGreaterThan(chunkMs);
    const whole = await link.request({ path });
    expect(trailers["repr-digest"]).toBe(whole.headers["repr-digest"]);
    expect(Buffer.concat(pieces.map(({ bytes }) => bytes)).equals(whole.body)).toBe(true);
  });

  test("OR-42 too far ahead, too old, and outside the grammar: 404, for a second", async () => {
    const { latest } = await state();
    const paths = [
      livePaths.segment(live.id, "opus-32k", (latest ?? 0) + 4),
      livePaths.segment(live.id, "opus-32k", 9_999_999_999),
      livePaths.segment("nobody", "opus-32k", 0),
      livePaths.stream(live.id, "opus-32k"),
      "/live/town-hall/opus-32k/01.m4s",
      "/live/town-hall/opus-64k/1.m4s",
    ];
    for (const path of paths) {
      const answer = await link.request({ path });
      expect([path, answer.status, answer.headers["cache-control"]]).toEqual([path, 404, "public, max-age=1"]);
    }
  });

  test("OR-44 playlists follow the timeline; a blocking one waits for its segment; directives too far are refused", async () => {
    const master = await link.request({ path: livePaths.master("town-hall") });
    expect(master.headers["content-type"]).toBe("application/vnd.apple.mpegurl");
    for (const name of renditionNames) expect(master.body.toString()).toContain(`${name}/index.m3u8`);
    const { latest } = await state();
    const msn = (latest ?? 0) + 2;
    const path = livePaths.playlist(live.id, "aac-64k");
    const blocked = (await link.request({ path: `${path}?_HLS_msn=${msn}` })).body.toString();
    expect(blocked.trimEnd().endsWith(`${msn}.m4s`)).toBe(true);
    for (const uri of blocked.split("\n").filter((line) => line.endsWith(".m4s"))) {
      expect((await link.request({ path: `/live/${live.id}/aac-64k/${uri}` })).status).toBe(200);
    }
    expect(code(await link.request({ path: `${path}?_HLS_msn=${msn + 100}` }))).toBe("bad-delivery-directive");
    expect(code(await link.request({ path: `${path}?_HLS_part=1` }))).toBe("bad-delivery-directive");
  });

  test("OR-45 the state tells all that is needed to join, by id and by slug", async () => {
    const told = await state();
    expect(told).toMatchObject({
      v: 1,
      id: "s1",
      slug: "town-hall",
      status: "live",
      epochMs: epoch,
      startAt: epoch,
      push: "chunk",
      heard: 0,
      beacon: 1,
      edges: [],
      stage: [{ id: "p1", name: "Ada" }],
    });
    expect(told.latest).toBeLessThanOrEqual(Math.floor((told.now - epoch) / segmentMs));
    const init = await link.request({ path: livePaths.init(live.id, "opus-16k") });
    const inState = told.renditions.find(({ name }) => name === "opus-16k")?.init ?? "";
    expect(Buffer.from(inState, "base64").equals(init.body)).toBe(true);
    expect((await link.json<LiveState>({ path: livePaths.state("s1") })).slug).toBe("town-hall");
  });

  test("OR-46 the feed tells every Space, then each complete segment and each change", async () => {
    const lines: FeedLine[] = [];
    const stop = new AbortController();
    const following = link.follow("/feed", (line) => lines.push(line as FeedLine), {
      signal: stop.signal,
      log: silentLog,
    });
    await vi.waitFor(() => expect(lines.filter(({ t }) => t === "latest").length).toBeGreaterThan(1), 5_000);
    await link.request({
      method: "POST",
      path: `/timelines/${live.id}/events`,
      body: { events: [{ t: "notice", text: "hi" }] },
    });
    await vi.waitFor(() => expect(lines.some((line) => line.t === "state" && line.state.notice === "hi")).toBe(true));
    await vi.waitFor(() => expect(lines.some(({ t }) => t === "tick")).toBe(true), 3_000);
    stop.abort();
    await following;
    expect(lines[0]).toMatchObject({ t: "state", state: { id: "s1" } });
    expect(lines.findIndex(({ t }) => t === "synced")).toBe(lines.findIndex(({ t }) => t !== "state" && t !== "salt"));
    const latest = lines.flatMap((line) => (line.t === "latest" ? [line.latest] : []));
    expect(latest).toEqual(latest.map((_, i) => (latest[0] ?? 0) + i));
  });

  test("OR-47 what edges count is summed in the state and told on the timeline", async () => {
    for (const [edge, listeners] of [
      ["a", { s1: 3 }],
      ["b", { s1: 4, other: 9 }],
    ] as const) {
      const answer = await link.request({ method: "POST", path: "/audience", body: { edge, listeners } });
      expect(answer.status).toBe(204);
    }
    await vi.waitFor(async () => expect((await state()).listeners).toBe(7), 5_000);
    const bad = await link.request({ method: "POST", path: "/audience", body: { edge: "a", listeners: { s1: -1 } } });
    expect([bad.status, code(bad)]).toEqual([400, "invalid"]);
    const body = { edge: "a", listeners: {}, uniques: { s1: "x" } };
    expect(code(await link.request({ method: "POST", path: "/audience", body }))).toBe("bad-sketch");
  });

  test("OR-75 sketches and URLs that edges report come back in the state, and a salt follows it in the feed", async () => {
    const body = { edge: "c", listeners: {}, uniques: { s1: "sABB" }, urls: ["https://edge.example/"] };
    expect((await link.request({ method: "POST", path: "/audience", body })).status).toBe(204);
    await vi.waitFor(async () => expect((await state()).edges).toEqual(["https://edge.example"]), 5_000);
    expect((await state()).heard).toBeGreaterThan(0);
    const abort = new AbortController();
    const lines: FeedLine[] = [];
    const follow = { signal: abort.signal, log: silentLog };
    const followed = link.follow("/feed", (line) => lines.push(line as FeedLine), follow);
    await vi.waitFor(() => expect(lines).toContainEqual({ t: "synced" }), 5_000);
    abort.abort();
    await followed;
    const at = lines.findIndex((line) => line.t === "state" && line.state.id === live.id);
    expect(lines[at + 1]).toEqual({ t: "salt", id: live.id, salt: expect.stringMatching(/^[A-Za-z0-9+/]{22}==$/) });
    expect(JSON.stringify(lines[at])).not.toContain((lines[at + 1] as { salt: string }).salt);
  });

  test("OR-48 a chunk that is none, of another slot or codec, or that speaks for the room, is refused", async () => {
    const { latest } = await state();
    const n = (latest ?? 0) + 1;
    const at = ingestPath(live.id, "opus-32k", n, 0);
    expect(code(await sendChunk(at, Buffer.from("nonsense")))).toBe("bad-chunk");
    expect(code(await sendChunk(at, programmeChunk("opus-32k", 3 * n + 1)))).toBe("bad-chunk");
    expect(code(await sendChunk(at, programmeChunk("aac-64k", 3 * n)))).toBe("bad-chunk");
    expect(code(await sendChunk(at, programmeChunk("opus-32k", 3 * n, [{ t: "title", title: "mine" }])))).toBe(
      "bad-chunk",
    );
    expect((await sendChunk(at, Buffer.alloc(200 * 1024))).status).toBe(413);
    expect(code(await sendChunk(at, programmeChunk("opus-32k", 3 * n)))).toBe("fenced");
    for (const path of [
      ingestPath(live.id, "opus-64k", n, 0),
      ingestPath(live.id, "opus-32k", n, 3),
      ingestPath(live.id, "opus-32k", -1, 0),
      `/ingest/${live.id}/opus-32k/01/0`,
      `/ingest/..%2f/opus-32k/1/0`,
    ]) {
      expect((await sendChunk(path, programmeChunk("opus-32k", 3 * n))).status).toBe(404);
    }
    expect(code(await sendChunk(ingestPath("nobody", "opus-32k", n, 0), programmeChunk("opus-32k", 3 * n)))).toBe(
      "unknown-timeline",
    );
  });

  test("OR-49 media answers any page and only asks; other methods and other bodies are refused", async () => {
    const preflight = await link.request({ method: "OPTIONS", path: livePaths.state("s1") });
    expect([preflight.status, preflight.headers["access-control-allow-origin"]]).toEqual([204, "*"]);
    const head = await link.request({ method: "HEAD", path: livePaths.init("s1", "opus-32k") });
    expect([head.status, head.body.length]).toEqual([200, 0]);
    expect(Number(head.headers["content-length"])).toBeGreaterThan(0);
    expect((await link.request({ method: "POST", path: livePaths.state("s1") })).status).toBe(405);
    expect((await link.request({ method: "GET", path: "/timelines/s1" })).status).toBe(405);
    expect(code(await link.request({ method: "PUT", path: "/timelines/other", body: live }))).toBe("invalid");
    const wrong = await link.request({ method: "PUT", path: "/timelines/s1", body: { ...live, epochMs: "now" } });
    expect(JSON.parse(wrong.body.toString())).toMatchObject({ code: "invalid", pointer: "/epochMs" });
    expect((await link.json<{ ok: boolean }>({ path: "/healthz" })).ok).toBe(true);
    const metrics = (await link.request({ path: "/metrics" })).body.toString();
    expect(metrics).toMatch(/rostra_origin_chunks_published_total\{kind="programme"\} [1-9]/);
  });
});

test("OR-18 an origin that cannot read a timeline's file starts with the others", async () => {
  const data = await folder();
  const first = await startOrigin(data);
  await put(first.link, spec({ id: "good", slug: "good", epochMs: null, status: "scheduled" }));
  await first.scope.end();
  await writeFile(join(data, "timelines", "bad.json"), "{");
  const second = await startOrigin(data);
  onTestFinished(() => second.scope.end());
  expect((await second.link.json<LiveState>({ path: livePaths.state("good") })).status).toBe("scheduled");
});
