import { X509Certificate, createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import https from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { makePair } from "../../src/edge/certificate.test-pair.ts";
import type { Invite } from "../../src/wire/api.ts";
import { livePaths } from "../../src/wire/paths.ts";
import type { LiveState } from "../../src/wire/state.ts";
import { ChunkReader } from "./boxes.ts";
import { chromiumIsInstalled, hear, openBrowser, stallsOf } from "./browser.ts";
import { CountedUpstream, Front, type FrontKind, isInstalled, type Pem } from "./front.ts";
import { decode, ffmpegIsInstalled, hearingRate, likeness } from "./hearing.ts";
import { freePort, Server } from "./server.ts";
import { pressListen } from "./stage-page.ts";

/** Programs of Debian in front of a real server, with the configurations of `deploy/`, and the server's own TLS. */
const rendition = "opus-32k";
let server: Server;
let pem: Pem;
let folder: string;
/** What Chromium takes for a good certificate: the hash of this key. */
let pin: string;
let tlsPort: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fronts-"));
  pem = await makePair(folder);
  const { publicKey } = new X509Certificate(await readFile(pem.cert));
  pin = createHash("sha256")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest("base64");
  tlsPort = await freePort();
  server = await Server.start({
    demo: true,
    env: {
      ROSTRA_TRUSTED_PROXIES: "127.0.0.1",
      ROSTRA_TLS_CERT: pem.cert,
      ROSTRA_TLS_KEY: pem.key,
      ROSTRA_TLS_PORT: String(tlsPort),
    },
  });
  await server.claim();
  await server.until("demo", (state) => state.status === "live" && !state.hold && (state.latest ?? 0) > 5);
}, 60_000);
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

interface Asked {
  readonly method?: string;
  readonly headers?: http.OutgoingHttpHeaders;
  readonly body?: string;
  /** The client's own address. @default 127.0.0.9 */
  readonly from?: string;
}

async function ask(
  url: string,
  { method = "GET", headers = {}, body, from = "127.0.0.9" }: Asked = {},
): Promise<Answer> {
  const { protocol, port, pathname, search, host } = new URL(url);
  const ca = protocol === "https:" ? { ca: await readFile(pem.cert), servername: "localhost" } : {};
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const request = (protocol === "https:" ? https : http).request(
    {
      hostname: "127.0.0.1",
      localAddress: from,
      port,
      path: pathname + search,
      method,
      headers: { host, ...headers },
      agent: false,
      ...ca,
    },
    (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("error", reject);
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) }),
      );
    },
  );
  request.on("error", reject);
  request.end(body);
  return promise;
}

const json = <T>(answer: Answer): T => JSON.parse(answer.body.toString()) as T;
const stateOf = async (url: string): Promise<LiveState> => json(await ask(url + livePaths.state("demo")));

/** Everybody joins the room as a guest, through the front. */
async function welcomeOf(url: string): Promise<unknown> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/api/v1/spaces/demo/room`, {
    ca: await readFile(pem.cert),
  });
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  socket.on("open", () => socket.send(JSON.stringify({ t: "join", name: "Guest" })));
  socket.on("message", (data: Buffer) => resolve((JSON.parse(data.toString()) as { t: unknown }).t));
  socket.on("error", reject);
  try {
    return await promise;
  } finally {
    socket.terminate();
  }
}

/** Makes changes until the address's budget is used up, and says whether another address still has its own. */
async function seesAddresses(url: string): Promise<void> {
  const claim = (from: string, forged: string): Promise<Answer> =>
    ask(`${url}/api/v1/owner/claim`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-forwarded-for": forged, forwarded: `for=${forged}` },
      body: "{}",
      from,
    });
  const [spender, other] = [`127.0.7.${(address += 1)}`, `127.0.7.${(address += 1)}`];
  const statuses = await Promise.all(
    Array.from({ length: 75 }, async (_, i) => (await claim(spender, `198.51.100.${i}`)).status),
  );
  expect(statuses.filter((status) => status === 429).length, `refused of ${statuses.join(" ")}`).toBeGreaterThan(5);
  expect((await claim(other, spender)).status, "another address").not.toBe(429);
}
let address = 10;

/** Chromium plays the Space's page through a front: there is sound, it is the programme, and it goes on. */
async function plays(url: string, wanted: object): Promise<void> {
  const { browser, page } = await openBrowser({
    flags: [`--ignore-certificate-errors-spki-list=${pin}`],
  });
  try {
    await page.goto(`${url}/s/demo`);
    await pressListen(page);
    const since = Date.now();
    const sound = await hear(page, 5000);
    expect(Math.max(...sound.map(Math.abs)), "loudest sample").toBeGreaterThan(0.01);
    // A busy machine may take a moment; a front that holds the sound back takes seconds.
    const stalled = (await stallsOf(page)).filter(([from]) => from > since).reduce((sum, [a, b]) => sum + b - a, 0);
    expect(stalled, "milliseconds stalled").toBeLessThan(1000);
    const way: unknown = await page.evaluate(`document.querySelector("rostra-player")?.player?.metrics.way ?? null`);
    if (way !== null) expect(way).toMatchObject(wanted);
    if (!ffmpegIsInstalled()) return;
    const file = join(folder, `${new URL(url).port}.mp4`);
    const parts = [await ask(server.url + livePaths.init("demo", rendition))];
    const { first, latest } = await stateOf(server.url);
    for (let n = Math.max(first ?? 0, (latest ?? 0) - 20); n <= (latest ?? 0); n++)
      parts.push(await ask(server.url + livePaths.segment("demo", rendition, n)));
    await writeFile(file, Buffer.concat(parts.map(({ body }) => body)));
    const heard = likeness(sound.subarray(0, 4 * hearingRate), decode(file));
    console.log(`Chromium through ${url}: likeness ${heard.score.toFixed(3)}`);
    expect(heard.score).toBeGreaterThan(0.6);
  } finally {
    await browser.close();
  }
}

const chromiumPlays = chromiumIsInstalled();

describe.each(["varnish", "nginx-cache"] as const)("%s as an edge", (kind: FrontKind) => {
  const there = isInstalled(kind);
  let upstream: CountedUpstream;
  let front: Front;
  beforeAll(async () => {
    if (!there) return;
    upstream = await CountedUpstream.start(server.url);
    front = await Front.start(kind, upstream.port);
  }, 30_000);
  afterAll(async () => {
    await front?.[Symbol.asyncDispose]();
    await upstream?.[Symbol.asyncDispose]();
  });
  const asked = (path: string): number =>
    [...upstream.counts].filter(([url]) => url.startsWith(path)).reduce((sum, [, n]) => sum + n, 0);

  test.skipIf(!there)(
    "ED-78 each object is fetched once, and is the same bytes, whatever the audience and its queries",
    async () => {
      const { latest } = await server.state("demo");
      const paths = [livePaths.init("demo", rendition), livePaths.segment("demo", rendition, (latest ?? 0) - 3)];
      for (const path of paths) {
        const original = await ask(server.url + path);
        const all = await Promise.all(
          Array.from({ length: 30 }, (_, i) =>
            ask(`${front.url}${path}${i % 2 ? `?bust=${i}` : ""}`, {
              headers: { cookie: `a=${i}`, "accept-encoding": i % 3 ? "gzip, br" : "" },
            }),
          ),
        );
        for (const answer of all) {
          expect(answer.status).toBe(200);
          expect(answer.body.equals(original.body), path).toBe(true);
          expect(answer.headers).toMatchObject({ "content-type": "audio/mp4", "access-control-allow-origin": "*" });
          expect(answer.headers["cache-control"]).toContain("immutable");
        }
        expect(asked(path), path).toBe(1);
        const part = await ask(front.url + path, { headers: { range: "bytes=10-19" } });
        expect([part.status, part.body.equals(original.body.subarray(10, 20))]).toEqual([206, true]);
        expect(asked(path), path).toBe(1);
      }
    },
  );

  test.skipIf(!there)("ED-78 early requests for a segment are one, and all are answered with it", async () => {
    const { latest } = await server.state("demo");
    const path = livePaths.segment("demo", rendition, (latest ?? 0) + 2);
    const all = await Promise.all(Array.from({ length: 40 }, () => ask(front.url + path)));
    const original = await ask(server.url + path);
    expect(all.map(({ status }) => status)).toEqual(Array.from({ length: 40 }, () => 200));
    expect(all.every(({ body }) => body.equals(original.body))).toBe(true);
    expect(asked(path)).toBe(1);
  });

  test.skipIf(!there)("ED-78 the state and playlists are a second old at most, and fetched once a second", async () => {
    const path = livePaths.state("demo");
    await ask(front.url + path);
    const before = asked(path);
    const since = Date.now();
    let asks = 0;
    while (Date.now() - since < 2500) {
      const state = await stateOf(front.url);
      asks++;
      expect(Date.now() - state.now).toBeLessThan(5000);
      await sleep(20);
    }
    expect(asks).toBeGreaterThan(20);
    expect(asked(path) - before).toBeLessThanOrEqual(4);
    const playlist = livePaths.playlist("demo", rendition);
    const { latest } = await server.state("demo");
    const blocked = await Promise.all(
      Array.from({ length: 10 }, (_, i) => ask(`${front.url}${playlist}?x=${i}&_HLS_msn=${(latest ?? 0) + 1}`)),
    );
    for (const { status, body } of blocked)
      expect([status, body.includes(`${(latest ?? 0) + 1}.m4s`)]).toEqual([200, true]);
    expect(asked(playlist)).toBe(1);
    expect((await ask(front.url + livePaths.master("demo"))).body.toString()).toContain("#EXTM3U");
  });

  test.skipIf(!there)(
    "ED-78 endless responses are refused so that a player goes by segments, and junk goes no further",
    async () => {
      const refused = await ask(front.url + livePaths.stream("demo", rendition));
      expect([
        refused.status,
        json<{ code: string }>(refused).code,
        refused.headers["access-control-allow-origin"],
      ]).toEqual([501, "no-stream-here", "*"]);
      for (const path of [
        "/live/demo/opus-32k/01.m4s",
        "/live/demo/opus-99k/1.m4s",
        "/live/demo/x",
        "/live/demo/opus-32k/1.m4s/..%2f",
        "/live/DEMO/state.json",
      ])
        expect((await ask(front.url + path)).status, path).toBe(404);
      expect([...upstream.counts.keys()].filter((url) => /01\.m4s|99k|DEMO|%2f|stream/.test(url))).toEqual([]);
    },
  );

  test.skipIf(!there)("ED-79 the API, the room and the page pass, and who asks is who asks", async () => {
    expect((await ask(`${front.url}/s/demo?lang=fr`)).body.toString()).toContain("<!doctype html>");
    expect((await ask(`${front.url}/api/openapi.json`)).status).toBe(200);
    const post = async () => (await fetch(front.url + livePaths.place("demo"), { method: "POST" })).text();
    expect(await post()).not.toBe(await post());
    expect((await ask(front.url + livePaths.place("demo", "A".repeat(56)))).status).toBe(401);
    expect((await ask(front.url + livePaths.line("demo"))).status).toBe(200);
    expect(await welcomeOf(front.url)).toBe("welcome");
    await seesAddresses(front.url);
  });

  test.skipIf(!there || !chromiumPlays)("ED-78 Chromium plays the Space's page through it", () =>
    plays(front.url, { by: "segments" }),
  );

  test.skipIf(!there)("ED-78 while the server is away the state and the segments there are go on", async () => {
    const { latest } = await stateOf(front.url);
    const segment = livePaths.segment("demo", rendition, latest ?? 0);
    const kept = await ask(front.url + segment);
    await upstream.close();
    await sleep(3500);
    const state = await ask(front.url + livePaths.state("demo"));
    expect(state.status).toBe(200);
    expect((await ask(front.url + segment)).body.equals(kept.body)).toBe(true);
    await upstream.open();
    await expect
      .poll(async () => (await stateOf(front.url)).latest ?? 0, { timeout: 10_000 })
      .toBeGreaterThan(latest ?? 0);
  });
});

/** What is behind TLS has to be the server itself. */
async function isTransparent(url: string): Promise<void> {
  const state = await stateOf(url);
  expect(state.id).toBe((await stateOf(url)).id);
  const path = livePaths.segment("demo", rendition, state.latest ?? 0);
  expect((await ask(url + path)).body.length).toBeGreaterThan(1000);
  expect(await welcomeOf(url)).toBe("welcome");
  await flows(url);
  await seesAddresses(url);
}

/** An endless response comes chunk by chunk, in order, when it is made. */
async function flows(url: string): Promise<void> {
  const reader = new ChunkReader();
  const slots: number[] = [];
  const at: number[] = [];
  const { port, host } = new URL(url);
  const request = https.get({
    headers: { host },
    port,
    host: "127.0.0.1",
    path: livePaths.stream("demo", rendition),
    ca: await readFile(pem.cert),
    servername: "localhost",
    agent: false,
  });
  request.on("response", (response) =>
    response.on("data", (data: Buffer) => {
      const chunks = reader.push(data);
      slots.push(...chunks.map(({ slot }) => slot));
      if (chunks.length > 0) at.push(performance.now());
    }),
  );
  request.on("error", () => {});
  await expect.poll(() => slots.length, { timeout: 10_000 }).toBeGreaterThan(12);
  request.destroy();
  expect(slots).toEqual(Array.from({ length: slots.length }, (_, i) => (slots[0] ?? 0) + i));
  // Each comes by itself: had they been held back, they would have come at once.
  const pauses = at.slice(1).filter((time, i) => time - (at[i] ?? 0) > 100);
  expect(pauses.length, "chunks that came by themselves").toBeGreaterThan(4);
}

test("ED-70 TLS of its own: the same answers, endless responses, rooms and addresses", async () => {
  await isTransparent(`https://localhost:${tlsPort}`);
}, 30_000);

test.skipIf(!chromiumPlays)("ED-70 Chromium plays the Space's page over the server's own TLS", () =>
  plays(`https://localhost:${tlsPort}`, { by: "stream" }),
);

test.for(["nginx-tls", "caddy"] as const)(
  "ED-79 %s as TLS in front lets everything pass",
  { timeout: 60_000 },
  async (kind, { skip }) => {
    skip(!isInstalled(kind), "it is not installed");
    await using front = await Front.start(kind, Number(new URL(server.url).port), pem);
    await isTransparent(front.url);
    // The session of this origin has a name that only HTTPS can set.
    const cookie = server.cookie.replaceAll(/(^|; )/g, "$1__Host-");
    const headers = { cookie, origin: front.url, "content-type": "application/json" };
    const slug = `through-${kind}`;
    const made = await ask(`${front.url}/api/v1/spaces`, {
      method: "POST",
      headers,
      body: JSON.stringify({ title: "Through", slug, startAt: new Date(Date.now() + 3_600_000).toISOString() }),
      from: "127.0.0.77",
    });
    expect(made.status, made.body.toString()).toBe(201);
    const invited = await ask(`${front.url}/api/v1/spaces/${slug}/invites`, {
      method: "POST",
      headers,
      body: '{"role":"speaker","name":"Ana"}',
      from: "127.0.0.77",
    });
    expect(JSON.stringify(json<Invite>(invited))).toContain(`${front.url}/`);
    if (kind === "caddy" && chromiumPlays) await plays(front.url, { by: "stream" });
  },
);

test.skipIf(!isInstalled("haproxy"))(
  "ED-79 HAProxy as TLS in front tells who speaks by the PROXY protocol",
  async () => {
    await using own = await Server.start({
      demo: true,
      env: { ROSTRA_TRUSTED_PROXIES: "127.0.0.1", ROSTRA_PROXY_PROTOCOL: "1" },
    });
    await using front = await Front.start("haproxy", Number(new URL(own.url).port), pem);
    await expect
      .poll(async () => (await ask(front.url + livePaths.state("demo"))).status, { timeout: 15_000 })
      .toBe(200);
    await expect.poll(async () => (await stateOf(front.url)).latest ?? 0, { timeout: 15_000 }).toBeGreaterThan(1);
    await isTransparent(front.url);
    await expect(ask(own.url + livePaths.state("demo"), { from: "127.0.0.1" })).resolves.toMatchObject({ status: 400 });
  },
  60_000,
);
