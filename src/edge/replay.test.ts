import { expect, test } from "vitest";
import { ByteCache } from "./byte-cache.ts";
import { TestEdge, until } from "./edge.test-server.ts";
import { maxDownloadsPerAddress } from "./replay-routes.ts";

const immutable = "public, max-age=31536000, immutable";
const path = "/replay/a/opus-32k/7.m4s";

test("ED-20 an immutable replay object is fetched once for many, kept, and given in parts", async () => {
  await using edge = await TestEdge.start({}, (origin) => {
    origin.open("a", 10, { replay: true });
    origin.replay = (request, response) => {
      const body = Buffer.from(`bytes of ${request.url}`);
      const headers = { "content-type": "audio/mp4", "cache-control": immutable, "content-length": body.length };
      setTimeout(() => response.writeHead(200, { ...headers, "set-cookie": "x=1" }).end(body), 20);
    };
  });
  const answers = await Promise.all(["a", "slug-a", "a"].map((name) => edge.get(`/replay/${name}/opus-32k/7.m4s`)));
  for (const answer of answers) expect([answer.status, answer.body.toString()]).toEqual([200, `bytes of ${path}`]);
  const part = await edge.get(path, { headers: { range: "bytes=0-4" } });
  expect([part.status, part.body.toString()]).toEqual([206, "bytes"]);
  expect(part.headers).toMatchObject({ "cache-control": immutable, "access-control-allow-origin": "*" });
  expect(part.headers["set-cookie"]).toBeUndefined();
  expect(edge.origin.fetches.get(path)).toBe(1);
  await edge.origin.die();
  expect((await edge.get(path)).status).toBe(200);
  const other = await edge.get("/replay/a/marks.json");
  expect([other.status, JSON.parse(other.body.toString())]).toMatchObject([503, { code: "origin-away" }]);
});

test("ED-20 what may change is not kept, and what the origin refuses is refused", async () => {
  await using edge = await TestEdge.start({}, (origin) => {
    origin.open("a", 10, { replay: true });
    origin.replay = (request, response) => {
      if (request.url === path) response.writeHead(200, { "cache-control": "no-cache" }).end("now");
      else if (request.url === "/replay/a/marks.json")
        response.writeHead(200, { "cache-control": "public, max-age=3600" }).end("[]");
      else response.writeHead(404).end();
    };
  });
  expect((await edge.get(path)).body.toString()).toBe("now");
  expect((await edge.get(path)).body.toString()).toBe("now");
  expect(edge.origin.fetches.get(path)).toBe(2);
  for (let i = 0; i < 3; i++) expect((await edge.get("/replay/a/marks.json")).body.toString()).toBe("[]");
  expect(edge.origin.fetches.get("/replay/a/marks.json")).toBe(1);
  expect((await edge.get("/replay/a/opus-32k/8.m4s")).status).toBe(404);
});

test("ED-20 what may change is kept only until its time", () => {
  const cache = new ByteCache(100);
  cache.put("a", { headers: {}, body: Buffer.alloc(1), until: performance.now() });
  expect(cache.get("a")).toBeUndefined();
  expect(cache.bytes).toBe(0);
});

test("ED-20 what is kept stays under its cap, and the least asked for goes first", () => {
  const cache = new ByteCache(100);
  const answer = (bytes: number) => ({ headers: {}, body: Buffer.alloc(bytes), until: Infinity });
  cache.put("a", answer(40));
  cache.put("b", answer(40));
  cache.get("a");
  cache.put("c", answer(40));
  expect([cache.get("a"), cache.get("b"), cache.get("c")].map(Boolean)).toEqual([true, false, true]);
  cache.put("d", answer(101));
  expect(cache.get("d")).toBeUndefined();
  cache.put("a", answer(10));
  expect(cache.bytes).toBe(50);
});

test("ED-21 a download is streamed with its Range, and ends at the origin when the client leaves", async () => {
  let open = 0;
  await using edge = await TestEdge.start({}, (origin) => {
    origin.open("a", 10, { replay: true });
    origin.replay = (request, response) => {
      open++;
      response.once("close", () => open--);
      if (request.headers.range === "bytes=2-") {
        response.writeHead(206, { "content-range": "bytes 2-4/5", "content-length": 3, "content-type": "audio/mp4" });
        response.end("llo");
        return;
      }
      response.writeHead(200, { "content-type": "audio/mp4", "content-length": 1e9 });
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(100_000))) continue;
        if (!response.destroyed) response.once("drain", more);
      };
      more();
    };
  });
  const part = await edge.get("/replay/slug-a/audio.m4a", { headers: { range: "bytes=2-" } });
  expect([part.status, part.headers["content-range"], part.body.toString()]).toEqual([206, "bytes 2-4/5", "llo"]);
  using reader = edge.raw("GET /replay/a/audio.m4a HTTP/1.1\r\nHost: here\r\n\r\n");
  await until(() => reader.body.length > 1_000_000);
  expect(open).toBe(1);
  reader.socket.destroy();
  await until(() => open === 0);
});

test("ED-21 one address cannot take all downloads", async () => {
  let open = 0;
  await using edge = await TestEdge.start({ trust: { hops: 1 } }, (origin) => {
    origin.open("a", 10, { replay: true });
    origin.replay = (_request, response) => {
      open++;
      response.writeHead(200, { "content-type": "audio/mp4", "content-length": 5 }).write("some");
      response.once("close", () => open--);
    };
  });
  const from = (address: string) => ({ headers: { "x-forwarded-for": address } });
  const many = Array.from({ length: maxDownloadsPerAddress }, () =>
    edge.raw("GET /replay/a/audio.m4a HTTP/1.1\r\nHost: here\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n"),
  );
  await until(() => open === maxDownloadsPerAddress);
  const refused = await edge.get("/replay/a/audio.m4a", from("192.0.2.1"));
  expect([refused.status, JSON.parse(refused.body.toString())]).toMatchObject([503, { code: "overloaded" }]);
  // A HEAD is answered whatever the body would be.
  expect((await edge.get("/replay/a/audio.m4a", { method: "HEAD", ...from("192.0.2.2") })).status).toBe(200);
  for (const { socket } of many) socket.destroy();
  await until(() => open === 0);
  const again = { method: "HEAD", ...from("192.0.2.1") };
  await expect.poll(async () => (await edge.get("/replay/a/audio.m4a", again)).status).toBe(200);
});
