import { expect, test } from "vitest";
import { livePlaylist } from "../hls/media.ts";
import { masterPlaylist } from "../hls/master.ts";
import { livePaths } from "../wire/paths.ts";
import { TestEdge, until } from "./edge.test-server.ts";

const path = livePaths.playlist("a", "aac-64k");
const facts = (edge: TestEdge, latest: number) => ({
  epochMs: edge.origin.state("a").epochMs ?? 0,
  first: edge.origin.state("a").first ?? 0,
  latest,
  ended: false,
});

test("ED-19 playlists are written here, by id and by slug, without asking the origin", async () => {
  await using edge = await TestEdge.start({}, (origin) => origin.open("a", 10));
  const master = await edge.get(livePaths.master("slug-a"));
  expect(master.body.toString()).toBe(masterPlaylist());
  expect(master.headers).toMatchObject({
    "content-type": "application/vnd.apple.mpegurl",
    "cache-control": "public, max-age=1",
    "access-control-allow-origin": "*",
  });
  const media = await edge.get(path);
  expect(media.body.toString()).toBe(livePlaylist(facts(edge, 9)));
  expect([...edge.origin.fetches.keys()].filter((url) => url.includes("m3u8"))).toEqual([]);
});

test("ED-90 the multivariant playlist names two of the edges that the state tells, others for others, never the one that is asked", async () => {
  const edges = [
    "https://b.example",
    "https://c.example/deep",
    "https://d.example",
    "https://here.example:8443",
    "http://plain.example",
  ];
  await using edge = await TestEdge.start({}, (origin) =>
    origin.open("a", 10, { edges: [...edges, "none", "ftp://x.example"] }),
  );
  const seen = new Set<string>();
  for (let i = 0; i < 60; i++) {
    const { body } = await edge.get(livePaths.master("slug-a"), { headers: { host: "here.example:8443" } });
    const lines = body.toString().split("\n");
    const spares = lines.filter((line) => line.startsWith("http") && line.includes("/aac-64k/"));
    expect(body.toString()).toBe(masterPlaylist(spares.map((uri) => uri.replace("/aac-64k/index.m3u8", ""))));
    expect(new Set(spares).size).toBe(2);
    for (const uri of spares) seen.add(uri.replace("/live/a/aac-64k/index.m3u8", ""));
  }
  expect([...seen].toSorted()).toEqual(edges.slice(0, 3));
  edge.origin.change("a", { edges: ["http://plain.example"] });
  await until(() => edge.edge.directory.find("a")?.state.edges.length === 1);
  const plain = (await edge.get(livePaths.master("a"))).body.toString();
  expect(plain).toBe(masterPlaylist(["http://plain.example/live/a"]));
});

test("ED-19 a blocking reload waits for its segment, and works through an earlier one", async () => {
  await using edge = await TestEdge.start({}, (origin) => origin.open("a", 10));
  expect((await edge.get(`${path}?_HLS_msn=9`)).body.toString()).toBe(livePlaylist(facts(edge, 9)));
  const held = [10, 10, 11].map((msn) => edge.get(`${path}?_HLS_msn=${msn}`));
  await until(() => edge.metric("rostra_edge_held_requests") === 3);
  edge.origin.publishSegment("a");
  for (const answer of await Promise.all(held.slice(0, 2)))
    expect(answer.body.toString()).toBe(livePlaylist(facts(edge, 10)));
  expect(edge.metric("rostra_edge_held_requests")).toBe(1);
  edge.origin.publishSegment("a");
  expect((await held[2])?.body.toString()).toBe(livePlaylist(facts(edge, 11)));
});

test.each(["_HLS_msn=12", "_HLS_msn=-1", "_HLS_msn=x", "_HLS_part=0"])("ED-19 %s is 400", async (query) => {
  await using edge = await TestEdge.start({}, (origin) => origin.open("a", 10));
  const answer = await edge.get(`${path}?${query}`);
  expect(answer.status).toBe(400);
  expect(JSON.parse(answer.body.toString())).toMatchObject({ code: "bad-delivery-directive" });
});

test("ED-19 the end of a Space ends its playlist, for those who wait too", async () => {
  await using edge = await TestEdge.start({}, (origin) => origin.open("a", 10));
  const held = edge.get(`${path}?_HLS_msn=10`);
  await until(() => edge.metric("rostra_edge_held_requests") === 1);
  edge.origin.change("a", { status: "ended" });
  expect((await held).body.toString()).toBe(livePlaylist({ ...facts(edge, 9), ended: true }));
});

test("ED-19 a Space without segments has no media playlist", async () => {
  await using edge = await TestEdge.start({}, (origin) => origin.open("a", 0));
  expect((await edge.get(path)).status).toBe(404);
});
