import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { TestEdge, until } from "./edge.test-server.ts";
import type { TestOrigin } from "./origin.test-server.ts";

const inline = 'globalThis.start = "now";';
const files: Readonly<Record<string, string>> = {
  "index.html": `<!doctype html><title>Home</title><script>${inline}</script><script src="/assets/a-1234abcd.js"></script>`,
  "space.html": "<!doctype html><title>Space</title>",
  "desk.html": "<!doctype html><title>Desk</title>",
  "embed.html": "<!doctype html><title>Embedded</title>",
  "assets/a-1234abcd.js": "export const a = 1;".repeat(100),
  "player.js": "export const player = 1;",
  "favicon.svg": "<svg/>",
};

const built = async (_origin: TestOrigin, folder: string): Promise<void> => {
  await mkdir(join(folder, "web/assets"), { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(folder, "web", name), text);
    await writeFile(join(folder, "web", `${name}.gz`), gzipSync(text));
    await writeFile(join(folder, "web", `${name}.br`), brotliCompressSync(text));
  }
};

test("ED-26 each address gets its page", async () => {
  await using edge = await TestEdge.start({}, built);
  const titles = {
    "/": "Home",
    "/s/town-hall": "Space",
    "/desk": "Desk",
    "/desk/town-hall": "Desk",
    "/sign-in": "Desk",
  };
  for (const [path, title] of Object.entries(titles)) {
    const answer = await edge.get(path);
    expect([path, answer.status, /<title>(.*)<\/title>/.exec(answer.body.toString())?.[1]]).toEqual([path, 200, title]);
    expect(answer.headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(answer.headers["cache-control"]).toBe("no-cache");
  }
  for (const path of ["/s/", "/s/Ä", "/s/%61", "/desk/a/b", "/assets/", "/assets/a-1234abcd.js.br", "/web/index.html"])
    expect([path, (await edge.get(encodeURI(path).replaceAll("%25", "%"))).status]).toEqual([path, 404]);
});

test("ED-26 a file is compressed as the client accepts, each form with its own tag", async () => {
  await using edge = await TestEdge.start({}, built);
  const path = "/assets/a-1234abcd.js";
  const text = files["assets/a-1234abcd.js"] ?? "";
  const form = async (accepted: string) => {
    const { headers, body } = await edge.get(path, { headers: { "accept-encoding": accepted } });
    expect(headers).toMatchObject({
      "content-type": "text/javascript; charset=utf-8",
      "cache-control": "public, max-age=31536000, immutable",
      vary: "accept-encoding",
      "x-content-type-options": "nosniff",
    });
    return { encoding: headers["content-encoding"], etag: headers.etag, body };
  };
  const br = await form("gzip, deflate, br");
  expect([br.encoding, brotliDecompressSync(br.body).toString()]).toEqual(["br", text]);
  const gz = await form("gzip;q=0.5, br;q=0");
  expect([gz.encoding, gunzipSync(gz.body).toString()]).toEqual(["gzip", text]);
  const plain = await form("identity");
  expect([plain.encoding, plain.body.toString()]).toEqual([undefined, text]);
  expect(new Set([br.etag, gz.etag, plain.etag]).size).toBe(3);
});

test("ED-26 a page that is known already is 304", async () => {
  await using edge = await TestEdge.start({}, built);
  const { etag } = (await edge.get("/")).headers;
  const again = await edge.get("/", { headers: { "if-none-match": `"other", W/${etag}` } });
  expect([again.status, again.body.length, again.headers.etag]).toEqual([304, 0, etag]);
  expect((await edge.get("/", { headers: { "if-none-match": '"other"' } })).status).toBe(200);
  const head = await edge.get("/", { method: "HEAD" });
  expect([head.status, head.body.length]).toEqual([200, 0]);
});

test("ED-27 a page's policy names its inline scripts and keeps others from framing it", async () => {
  await using edge = await TestEdge.start({}, built);
  const policyOf = async (path: string): Promise<string> =>
    String((await edge.get(path)).headers["content-security-policy"]);
  const home = await policyOf("/");
  const digest = createHash("sha256").update(inline).digest("base64");
  expect(home).toContain(`script-src 'self' 'sha256-${digest}';`);
  expect(home).toContain("media-src 'self' blob:");
  expect(home).toMatch(/frame-ancestors 'self'$/);
  expect(await policyOf("/s/a")).toContain("script-src 'self';");
  expect(await policyOf("/embed.html")).toMatch(/frame-ancestors \*$/);
  expect((await edge.get("/player.js")).headers["access-control-allow-origin"]).toBe("*");
  expect((await edge.get("/favicon.svg")).headers["access-control-allow-origin"]).toBeUndefined();
});

test("ED-91 a Space's page may ask the edges that its state tells, as origins, and no other page may", async () => {
  const edges = [
    "https://b.example",
    "http://c.example:8080/deep",
    "https://b.example/again",
    "https://x.example; script-src *",
    "https://user@d.example",
    "ftp://e.example",
    "*",
    "https:",
    "\nhttps://f.example?q",
  ];
  await using edge = await TestEdge.start({}, async (origin, folder) => {
    await built(origin, folder);
    origin.open("a", 10, { edges });
    origin.open("b", 10);
  });
  const directive = async (path: string, name: string): Promise<string | undefined> =>
    String((await edge.get(path)).headers["content-security-policy"])
      .split("; ")
      .find((one) => one.startsWith(name));
  const told = "https://b.example http://c.example:8080";
  for (const path of ["/s/slug-a", "/s/a", "/s/slug-a/"]) {
    expect(await directive(path, "connect-src")).toBe(`connect-src 'self' ${told}`);
    expect(await directive(path, "media-src")).toBe(`media-src 'self' blob: ${told}`);
    expect(await directive(path, "script-src")).toBe("script-src 'self'");
  }
  for (const path of ["/s/b", "/s/unknown", "/", "/desk/slug-a"])
    expect([path, await directive(path, "connect-src")]).toEqual([path, "connect-src 'self'"]);
  edge.origin.change("b", { edges: ["https://g.example"] });
  await until(() => edge.edge.directory.find("b")?.state.edges.length === 1);
  const known = (await edge.get("/s/b")).headers.etag ?? "";
  const again = await edge.get("/s/b", { headers: { "if-none-match": known } });
  expect([again.status, again.headers["content-security-policy"]]).toEqual([
    304,
    expect.stringContaining("connect-src 'self' https://g.example"),
  ]);
});

test("ED-28 without built pages the answer says how to build them", async () => {
  await using edge = await TestEdge.start();
  const answer = await edge.get("/");
  expect([answer.status, answer.headers["cache-control"]]).toEqual([503, "no-store"]);
  expect(answer.body.toString()).toContain("npm run build:web");
  expect((await edge.get("/assets/x.js")).status).toBe(404);
});
