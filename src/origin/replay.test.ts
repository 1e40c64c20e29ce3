import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test, vi } from "vitest";
import { readOggOpus } from "../audio/ogg.ts";
import { parseChunk } from "../cmaf/parse.ts";
import type { Link } from "../foundation/link.ts";
import { Scope } from "../foundation/scope.ts";
import type { ReplayMarks } from "../wire/marks.ts";
import { livePaths } from "../wire/paths.ts";
import type { ReplayState } from "../wire/replay.ts";
import type { LiveState } from "../wire/state.ts";
import { chunkMs, segmentMs } from "../wire/timeline.ts";
import type { Lease } from "../wire/timelines.ts";
import { spec } from "./origin.test-kit.ts";
import { clock, put, send, startOrigin } from "./origin.test-server.ts";

/** A Space that has ended after three segments of programme, and the origin that has it. */
let to: Link;
const shared = new Scope();

beforeAll(async () => {
  const data = await mkdtemp(join(tmpdir(), "rostra-replay-"));
  shared.onEnd(() => rm(data, { recursive: true, force: true }));
  const started = await startOrigin(data);
  shared.onEnd(() => started.scope.end());
  to = started.link;
  const epoch = Math.floor(clock.now()) - 5 * segmentMs;
  const person = { id: "p1", name: "Ada", role: "host" as const, muted: false, present: true };
  const body = spec({
    id: "r1",
    slug: "talk",
    title: 'A "talk"; \u00fcber\r\nalles',
    epochMs: epoch,
    status: "live",
    liveFrom: epoch + 4 * segmentMs,
    startAt: epoch,
    stage: [person],
  });
  await put(to, body);
  const { fence } = await to.json<Lease>({ method: "POST", path: "/timelines/r1/lease" });
  // Ahead of its time, so that a machine that stalls for a second is not late.
  const next = (started.origin.need("r1").timeline?.undecided ?? 0) + 2;
  for (let slot = next; slot < next + 7; slot++)
    expect(await send(to, "r1", epoch, slot, fence, 900)).toEqual([204, 204, 204]);
  await put(to, { ...body, status: "ended", endedAt: Math.round(clock.now()), stage: [] });
  await vi.waitFor(async () => {
    expect((await to.json<LiveState>({ path: livePaths.state("r1") })).replay).toBe(true);
  }, 5_000);
  return () => shared.end();
});

test("OR-60 a Space that has ended is replayed: the same segments, marks, and files that seek", async () => {
  const told = await to.json<ReplayState>({ path: "/replay/talk/state.json" });
  expect(told.durationMs).toBe((told.last - told.first + 1) * segmentMs);
  expect(told.liveAt).toBe(told.epochMs + told.first * segmentMs);

  const playlist = (await to.request({ path: "/replay/r1/aac-64k/index.m3u8" })).body.toString();
  const uris = playlist.split("\n").filter((line) => line.endsWith(".m4s"));
  expect(uris).toHaveLength(told.last - told.first + 1);
  expect(playlist.endsWith("#EXT-X-ENDLIST\n")).toBe(true);
  for (const uri of uris) {
    const replayed = await to.request({ path: `/replay/r1/aac-64k/${uri}` });
    const heard = await to.request({ path: `/live/r1/aac-64k/${uri}` });
    expect(replayed.status).toBe(200);
    expect(replayed.headers["cache-control"]).toContain("immutable");
    expect(replayed.body.equals(heard.body)).toBe(true);
  }
  expect((await to.request({ path: `/replay/r1/aac-64k/${told.last + 1}.m4s` })).status).toBe(404);
  expect((await to.request({ path: `/replay/r1/aac-64k/${told.first - 1}.m4s` })).status).toBe(404);

  const marks = await to.json<ReplayMarks>({ path: "/replay/r1/marks.json" });
  expect(marks.people).toEqual([{ id: "p1", name: "Ada" }]);
  expect(marks.spoke).toHaveLength(1);
  const [, from = 0, until = 0] = marks.spoke[0] ?? [];
  expect(until - from).toBe(7 * chunkMs);
});

test("OR-62 the downloads hold every packet, their length is told, and every range is that part of the whole", async () => {
  const told = await to.json<ReplayState>({ path: "/replay/r1/state.json" });
  const packets = { "opus-32k": [] as Uint8Array[], "aac-64k": [] as Uint8Array[] };
  for (const name of ["opus-32k", "aac-64k"] as const) {
    for (let n = told.first; n <= told.last; n++) {
      let { body } = await to.request({ path: `/replay/r1/${name}/${n}.m4s` });
      for (; body.length > 0;) {
        const size = chunkBytes(body);
        packets[name].push(...parseChunk(body.subarray(0, size)).packets);
        body = body.subarray(size);
      }
    }
  }
  for (const file of ["audio.m4a", "audio.opus"] as const) {
    const path = `/replay/r1/${file}`;
    const whole = await to.request({ path });
    expect(whole.headers).toMatchObject({
      "content-length": String(whole.body.length),
      "accept-ranges": "bytes",
      "content-disposition": `attachment; filename="talk.${file.slice(6)}"`,
    });
    const hash = createHash("sha256").update(whole.body).digest("hex");
    for (const [from, until] of [
      [0, 1],
      [0, whole.body.length],
      [whole.body.length - 7, whole.body.length],
      [700, 9_001],
    ] as const) {
      const part = await to.request({ path, headers: { range: `bytes=${from}-${until - 1}` } });
      expect(part.status).toBe(206);
      expect(part.headers["content-range"]).toBe(`bytes ${from}-${until - 1}/${whole.body.length}`);
      expect(part.body.equals(whole.body.subarray(from, until))).toBe(true);
    }
    // Put together from pieces of an odd length it is the same file.
    const pieces: Buffer[] = [];
    for (let at = 0; at < whole.body.length; at += 3_331) {
      pieces.push((await to.request({ path, headers: { range: `bytes=${at}-${at + 3_330}` } })).body);
    }
    expect(createHash("sha256").update(Buffer.concat(pieces)).digest("hex")).toBe(hash);
    const past = await to.request({ path, headers: { range: `bytes=${whole.body.length}-` } });
    expect([past.status, past.headers["content-range"]]).toEqual([416, `bytes */${whole.body.length}`]);
    const same = await to.request({ path, headers: { "if-none-match": String(whole.headers.etag) } });
    expect(same.status).toBe(304);
    const other = await to.request({ path, headers: { range: "bytes=0-1", "if-range": '"other"' } });
    expect([other.status, other.body.length]).toEqual([200, whole.body.length]);
    if (file === "audio.opus") {
      const read = readOggOpus(whole.body);
      expect(Buffer.concat(read.packets).equals(Buffer.concat(packets["opus-32k"]))).toBe(true);
    } else expect(whole.body.includes(Buffer.concat(packets["aac-64k"]))).toBe(true);
  }
});

test("OR-64 a Space that is removed is gone, with its replay", async () => {
  expect((await to.request({ method: "DELETE", path: "/timelines/r1" })).status).toBe(204);
  expect((await to.request({ method: "DELETE", path: "/timelines/r1" })).status).toBe(204);
  expect((await to.request({ path: "/replay/r1/state.json" })).status).toBe(404);
  expect((await to.request({ path: livePaths.state("r1") })).status).toBe(404);
});

/** The size of the chunk at the start: its event boxes, moof and mdat. */
function chunkBytes(bytes: Buffer): number {
  let at = 0;
  while (bytes.toString("latin1", at + 4, at + 8) !== "mdat") at += bytes.readUInt32BE(at);
  return at + bytes.readUInt32BE(at);
}
