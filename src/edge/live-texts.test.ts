import { gunzipSync } from "node:zlib";
import { expect, test, vi } from "vitest";
import { textFreshMs } from "./live-texts.ts";
import { TestEdge } from "./edge.test-server.ts";
import { follows, key, quickTicks, urlOf } from "./following.test-kit.ts";
import type { TestOrigin } from "./origin.test-server.ts";

const path = "/live/a/text.json";
const upstreamPath = "/live/a/text.json";

/** An origin that has one Space and says how often its text was asked for. */
function telling(origin: TestOrigin): void {
  origin.open("a", 10);
  let n = 0;
  origin.intercept = (request, response) => {
    if (request.url !== upstreamPath) return false;
    n++;
    origin.fetches.set(upstreamPath, n);
    const body = JSON.stringify({ v: 1, lines: [{ t: "notice", at: n, text: `${n}` }] });
    setTimeout(() => response.writeHead(200, { "content-type": "application/json" }).end(body), 30);
    return true;
  };
}
const noticeOf = (body: Buffer): string =>
  (JSON.parse(body.toString()) as { lines: { text: string }[] }).lines[0]?.text ?? "";

test("ED-160 a Space's text is asked for upstream once for all who ask within a second, by id and slug", async () => {
  await using edge = await TestEdge.start({}, telling);
  const began = performance.now();
  const answers = await Promise.all(
    Array.from({ length: 60 }, (_, i) => edge.get(i % 2 ? path : "/live/slug-a/text.json")),
  );
  const seconds = (performance.now() - began) / textFreshMs;
  for (const answer of answers) expect([answer.status, noticeOf(answer.body)]).toEqual([200, expect.any(String)]);
  expect(answers[0]?.headers).toMatchObject({
    "cache-control": "public, max-age=1, stale-if-error=60",
    "access-control-allow-origin": "*",
    "content-type": "application/json",
  });
  expect(edge.origin.fetches.get(upstreamPath)).toBeLessThanOrEqual(1 + Math.floor(seconds));
  const zipped = await edge.get(path, { headers: { "accept-encoding": "gzip" } });
  expect(zipped.headers["content-encoding"]).toBe("gzip");
  expect(gunzipSync(zipped.body).toString()).toContain('"lines"');
  expect((await edge.get("/live/nobody/text.json")).status).toBe(404);
});

test("ED-160 a second later it is asked for again, and the last is given while the source is away", async () => {
  await using edge = await TestEdge.start({}, telling);
  const first = noticeOf((await edge.get(path)).body);
  let last = first;
  await vi.waitFor(async () => {
    last = noticeOf((await edge.get(path)).body);
    expect(Number(last)).toBeGreaterThan(Number(first));
  }, 10 * textFreshMs);
  await edge.origin.die();
  await new Promise((done) => setTimeout(done, textFreshMs + 50));
  const answer = await edge.get(path);
  expect([answer.status, noticeOf(answer.body)]).toEqual([200, last]);
});

test("ED-160 with nothing kept a source that is away is told as such, and one without texts as nothing", async () => {
  await using edge = await TestEdge.start({}, (origin) => {
    origin.open("a", 10);
    origin.open("b", 10);
    origin.intercept = (request, response) => {
      if (!request.url?.endsWith("/text.json")) return false;
      if (request.url.startsWith("/live/a/")) request.socket.destroy();
      else response.writeHead(404).end();
      return true;
    };
  });
  const away = await edge.get(path);
  expect([away.status, JSON.parse(away.body.toString())]).toMatchObject([503, { code: "origin-away" }]);
  expect((await edge.get("/live/b/text.json")).status).toBe(404);
});

test("ED-160 an edge below an edge gives it too, and the origin is asked no oftener for that", async () => {
  await using main = await TestEdge.start({ key }, (origin) => {
    quickTicks(origin);
    telling(origin);
  });
  await using leaf = await follows([urlOf(main)]);
  const began = performance.now();
  const answers = await Promise.all(Array.from({ length: 20 }, () => leaf.get(path)));
  for (const answer of answers) expect([answer.status, noticeOf(answer.body)]).toEqual([200, expect.any(String)]);
  const seconds = (performance.now() - began) / textFreshMs;
  expect(main.origin.fetches.get(upstreamPath)).toBeLessThanOrEqual(1 + Math.floor(seconds));
});
