import type http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { digestHeader, edgePaths } from "../wire/edges.ts";
import { livePaths } from "../wire/paths.ts";
import { TestEdge, until } from "./edge.test-server.ts";
import { initOf, TestOrigin } from "./origin.test-server.ts";

const rendition = "opus-32k";
const path = livePaths.stream("a", rendition);
const key = "k".repeat(43);
const feedTiming = { silenceMs: 2000, lostMs: 4000, lookBackMs: 60_000, wellMs: 60_000 };

const dying: TestOrigin[] = [];
/** All tell of the same timeline. */
const epochMs = Date.now();
afterEach(async () => {
  await Promise.all(dying.splice(0).map((origin) => origin.die()));
});

async function above(): Promise<TestOrigin & { url: string }> {
  const origin = new TestOrigin("");
  origin.tickMs = 50;
  origin.open("a", 10, { epochMs });
  dying.push(origin);
  return Object.assign(origin, { url: await origin.listen() });
}

const follows = (upstreams: readonly string[], segmentwise = false): Promise<TestEdge> => {
  const push = segmentwise ? { push: { segmentFrom: 0, chunkBelow: 0 } } : {};
  return TestEdge.start({ upstreams, control: undefined, key, feedTiming, ...push });
};

const publish = async (origins: readonly TestOrigin[], chunks: number): Promise<void> => {
  for (let i = 0; i < chunks; i++) {
    for (const origin of origins) origin.publishChunk("a");
    await sleep(15);
  }
};

const streamed = (origin: TestOrigin, from: number, to: number): Buffer =>
  Buffer.concat([
    initOf(rendition),
    ...Array.from({ length: to - from + 1 }, (_, i) => origin.segment("a", rendition, from + i)),
  ]);

/** One bit of the last packet is another: the structure is that of a chunk all the same. */
function flipped(chunk: Buffer): Buffer {
  const other = Buffer.from(chunk);
  other[other.length - 1] = (other.at(-1) ?? 0) ^ 1;
  return other;
}

test("ED-58 a segment with another digest is not served nor pushed whole; it is counted, and asked for elsewhere", async () => {
  const [bad, good] = [await above(), await above()];
  bad.spoil = (chunk, _rendition, n) => (n === 10 ? flipped(chunk) : chunk);
  await using edge = await follows([bad.url, good.url], true);
  while (!(await edge.get(livePaths.state("a"))).body.includes('"push":"segment"')) await sleep(20);
  using listener = edge.stream(path);
  const held = edge.get(livePaths.segment("a", rendition, 10));
  await publish([bad, good], 6);
  expect((await held).body.equals(good.segment("a", rendition, 10))).toBe(true);
  await until(() => listener.body.length >= streamed(good, 9, 11).length);
  expect(listener.body.equals(streamed(good, 9, 11))).toBe(true);
  expect(edge.metric("rostra_edge_bad_segments_total")).toBe(1);
  expect(good.fetches.get(livePaths.segment("a", rendition, 10))).toBe(1);
});

test("ED-58 with nobody else to ask, a bad segment is asked for again, and given only once it is good", async () => {
  const one = await above();
  let tries = 0;
  one.spoil = (chunk, _rendition, n, part) => (n === 10 && part === 2 && tries++ < 2 ? flipped(chunk) : chunk);
  await using edge = await follows([one.url]);
  const held = edge.get(livePaths.segment("a", rendition, 10));
  await publish([one], 3);
  expect((await held).body.equals(one.segment("a", rendition, 10))).toBe(true);
  expect(edge.metric("rostra_edge_bad_segments_total")).toBe(2);
});

test("ED-58 a past segment is checked as well", async () => {
  const [bad, good] = [await above(), await above()];
  bad.spoil = (chunk, _rendition, n) => (n === 5 ? flipped(chunk) : chunk);
  await using edge = await follows([bad.url, good.url]);
  using _listener = edge.stream(path);
  const answer = await edge.get(livePaths.segment("a", rendition, 5));
  expect(answer.body.equals(good.segment("a", rendition, 5))).toBe(true);
  expect(edge.metric("rostra_edge_bad_segments_total")).toBe(1);
});

test("ED-58 without a digest the structure alone counts, and none is told on", async () => {
  const one = await above();
  one.tellsDigests = false;
  one.spoil = (chunk, _rendition, n) => (n === 10 ? flipped(chunk) : chunk);
  await using edge = await follows([one.url]);
  const held = edge.get(livePaths.segment("a", rendition, 10));
  await publish([one], 3);
  const { status, headers, body } = await held;
  expect([status, body.length, headers[digestHeader]]).toEqual([
    200,
    one.segment("a", rendition, 10).length,
    undefined,
  ]);
});

test("ED-58 an edge below that was given part of a bad segment is cut off before its end", async () => {
  const one = await above();
  let tries = 0;
  one.spoil = (chunk, _rendition, n, part) => (n === 10 && part === 2 && tries++ === 0 ? flipped(chunk) : chunk);
  const other = await above();
  await using edge = await follows([one.url, other.url]);
  await using below = await follows([`http://127.0.0.1:${edge.port}`]);
  using listener = below.stream(path);
  const held = below.get(livePaths.segment("a", rendition, 10));
  await until(() => listener.body.equals(streamed(one, 9, 9)));
  await publish([one, other], 1);
  await until(() => listener.body.length > streamed(one, 9, 9).length, "the first chunk has come all the way");
  await publish([one, other], 2);
  expect((await held).body.equals(one.segment("a", rendition, 10))).toBe(true);
  expect(edge.metric("rostra_edge_bad_segments_total")).toBe(1);
  expect(below.metric("rostra_edge_bad_segments_total")).toBe(0);
});

type Answer = (response: http.ServerResponse, segment: Buffer, other: Buffer) => void;

/** What an upstream may answer in place of a segment. */
const answers: readonly (readonly [string, Answer])[] = [
  ["an older segment", (response, _segment, other) => void response.end(other)],
  [
    "HTML",
    (response) => void response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html>".repeat(90)),
  ],
  ["a redirect", (response) => void response.writeHead(302, { location: "http://127.0.0.1:9/" }).end()],
  ["nothing", (response) => void response.end()],
  ["half of it", (response, segment) => void response.end(segment.subarray(0, segment.length >> 1))],
  ["one byte less", (response, segment) => void response.end(segment.subarray(0, -1))],
  ["one byte more", (response, segment) => void response.end(Buffer.concat([segment, Buffer.of(0)]))],
  [
    "a chunk more",
    (response, segment) => void response.end(Buffer.concat([segment, segment.subarray(0, segment.length / 3)])),
  ],
  ["twice all of it", (response, segment) => void response.end(Buffer.concat([segment, segment]))],
  ["another rendition", (response, _segment, other) => void response.end(other)],
  [
    "a length that is a lie, too long",
    (response, segment) => {
      response.writeHead(200, { "content-length": segment.length + 1000 }).write(segment);
      setTimeout(() => response.destroy(), 50);
    },
  ],
  [
    "a length that is a lie, too short",
    (response, segment) => void response.writeHead(200, { "content-length": 500 }).end(segment.subarray(0, 500)),
  ],
  [
    "a gigabyte",
    (response) => {
      const zeros = Buffer.alloc(1024 * 1024);
      const more = (): void => {
        while (!response.destroyed && response.write(zeros));
        if (!response.destroyed) response.once("drain", more);
      };
      response.writeHead(200, { "content-length": 1024 ** 3 });
      more();
    },
  ],
  [
    "a box that never ends",
    (response) => {
      response.writeHead(200).write(Buffer.from([0, 15, 0, 0, ...Buffer.from("mdat")]));
      const timer = setInterval(() => response.write(Buffer.alloc(10)), 20);
      response.once("close", () => clearInterval(timer));
    },
  ],
  ["500", (response) => void response.writeHead(500).end()],
  ["304", (response) => void response.writeHead(304).end()],
  ["a broken connection", (response) => void response.destroy()],
];

test.each(answers)(
  "ED-59 an upstream that answers %s harms nobody: the segment comes from elsewhere",
  async (what, answer) => {
    const [bad, good] = [await above(), await above()];
    const n = 10;
    const aac = livePaths.segment("a", "aac-64k", n);
    bad.intercept = (request, response) => {
      if (request.url !== livePaths.segment("a", rendition, n)) return false;
      const other = what === "another rendition" ? bad.segment("a", "aac-64k", n) : bad.segment("a", rendition, n - 1);
      answer(response, bad.segment("a", rendition, n), other);
      return true;
    };
    await using edge = await follows([bad.url, good.url]);
    using listener = edge.stream(path);
    using whole = edge.stream(livePaths.stream("a", "aac-64k"));
    await publish([bad, good], 6);
    await until(() => listener.body.length >= streamed(good, 9, 11).length);
    expect(listener.body.equals(streamed(good, 9, 11))).toBe(true);
    const numbered = await edge.get(livePaths.segment("a", rendition, n));
    expect(numbered.body.equals(good.segment("a", rendition, n))).toBe(true);
    expect((await edge.get(aac)).body.equals(good.segment("a", "aac-64k", n))).toBe(true);
    expect(whole.closed).toBe(false);
    expect(edge.metric("rostra_edge_jumps_total")).toBe(0);
  },
);

test("ED-59 a feed of lines that are none is left; a few of them are passed over", async () => {
  const [bad, good] = [await above(), await above()];
  await using edge = await follows([bad.url, good.url]);
  const say = (text: unknown): void => bad.say(text as never);
  for (const line of [
    { t: "state", state: { id: "a" } },
    "text",
    null,
    { t: "latest", id: "a", latest: "9" },
    { t: "gone", id: "../a" },
  ])
    say(line);
  bad.publishSegment("a");
  await until(() => edge.edge.directory.find("a")?.state.latest === 10);
  expect(edge.metric("rostra_edge_bad_feed_lines_total")).toBe(5);
  expect(edge.metric("rostra_edge_upstream_rank")).toBe(0);
  say({ t: "gone", id: "x".repeat(300_000) });
  for (let i = 0; i < 10; i++) say(i);
  await until(() => edge.metric("rostra_edge_upstream_rank") === 1);
  expect(edge.edge.directory.find("a")?.state.latest).toBe(10);
});

test("ED-59 a feed that is a redirect, a page, or never begins is left for the next", async () => {
  const good = await above();
  const wrong: ((response: http.ServerResponse) => void)[] = [
    (response) => void response.writeHead(302, { location: good.url }).end(),
    (response) => void response.writeHead(200).end("<!doctype html>\n".repeat(100)),
    () => {},
    (response) => void response.writeHead(200).write("x".repeat(2_000_000)),
  ];
  for (const answer of wrong) {
    const bad = await above();
    bad.intercept = (request, response) => {
      if (request.url !== edgePaths.feed) return false;
      answer(response);
      return true;
    };
    await using edge = await follows([bad.url, good.url]);
    expect(edge.edge.health()).toMatchObject({ origin: true, upstream: good.url });
  }
});
