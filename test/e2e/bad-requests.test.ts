import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Space } from "../../src/wire/api.ts";
import { expectRefusals, expectWell, facts, type Refusal } from "./refusals.ts";
import { Server } from "./server.ts";
import { ask, exchange, readAnswer, type WireAnswer, type WireRequest } from "./wire-client.ts";

/** Everything bad that a request can be, whatever it carries, through the public port of a real server. */
let server: Server;
let space: Space;

beforeAll(async () => {
  server = await Server.start({ demo: true });
  await server.claim();
  space = await server.createSpace({ title: "Bad requests" });
  await server.until("demo", (state) => state.status === "live" && !state.hold && state.latest !== null);
}, 60_000);
afterAll(() => server?.[Symbol.asyncDispose]());

describe("addresses", () => {
  const fetches = async (): Promise<string[]> =>
    (await server.metrics()).match(/^rostra_edge_upstream_fetches_total.*$/gm) ?? [];

  test("EE-8 every bad address is nothing, and causes no request to the origin", async () => {
    const before = await fetches();
    const { latest } = await server.state("demo");
    const live = "/live/demo/opus-32k";
    const nothing = (what: string, path: string, gets: Refusal["gets"] = [404, "not-found"]): Refusal => ({
      what,
      path,
      gets,
    });
    const numbers = [
      "-1",
      "+1",
      "99999999999",
      "9".repeat(400),
      "01",
      "00",
      "0x10",
      "1e3",
      "1.5",
      "NaN",
      "",
      "1;2",
      "1%20",
    ];
    await expectRefusals(server, [
      ...numbers.map((n) => nothing(`segment ${n}`, `${live}/${Buffer.from(n).toString("latin1")}.m4s`)),
      nothing("segment in other digits", `${live}/${Buffer.from("٣").toString("latin1")}.m4s`, [400, "not-http"]),
      nothing("segment far in the future", `${live}/${(latest ?? 0) + 100}.m4s`),
      nothing("segment of the largest number", `${live}/9999999999.m4s`),
      nothing("unknown rendition", "/live/demo/opus-512k/1.m4s"),
      nothing("rendition of the prototype", "/live/demo/__proto__/init.mp4"),
      nothing("unknown file", `${live}/secret.txt`),
      nothing("unknown Space", "/live/nobody/state.json"),
      nothing("unknown Space's segment", "/live/nobody/opus-32k/1.m4s"),
      nothing("unknown Space's replay", "/replay/nobody/index.m3u8"),
      nothing("Space in capitals", "/live/DEMO/state.json"),
      nothing("encoded", "/live/d%65mo/state.json"),
      nothing("double-encoded", "/live/d%2565mo/state.json"),
      nothing("encoded slash", "/live%2Fdemo/state.json"),
      nothing("broken encoding", "/live/%zz/state.json"),
      nothing("dots", "/live/demo/../demo/state.json"),
      nothing("dots to files", "/../../../etc/passwd"),
      nothing("encoded dots", "/%2e%2e/%2e%2e/etc/passwd"),
      nothing("double-encoded dots", "/%252e%252e/etc/passwd"),
      nothing("dots among assets", "/assets/../../package.json"),
      nothing("backslashes", "/..\\..\\package.json"),
      nothing("NUL, encoded", "/live/demo%00/state.json"),
      nothing("double slash", "/live//demo/state.json"),
      nothing("trailing slash", "/live/demo/state.json/"),
      nothing("a long path", `/live/${"a".repeat(8000)}`),
      nothing("many parts", `/live/demo${"/a".repeat(3000)}`),
      nothing("API: dots", "/api/v1/../../internal/owner-link"),
      nothing("API: encoded", "/api/v1/spaces/%64emo"),
      nothing("API: the inside", "/internal/owner-link"),
      nothing("metrics", "/metrics"),
      nothing("API: long", `/api/v1/spaces/${"a".repeat(900)}`),
      ...["POST", "PUT", "DELETE", "PATCH"].map((method) => ({
        ...nothing(`${method} of a segment`, `${live}/${latest}.m4s`, [405, "method-not-allowed"]),
        method,
      })),
      {
        ...nothing("POST of the state", "/live/demo/state.json", [405, "method-not-allowed"]),
        method: "POST",
        body: "x",
      },
      { ...nothing("GET of nothing with a body", "/live/nobody/state.json"), body: "x".repeat(100) },
      nothing("playlist too far ahead", `/live/demo/aac-64k/index.m3u8?_HLS_msn=${(latest ?? 0) + 50}`, [
        400,
        "bad-delivery-directive",
      ]),
      nothing("playlist's directive no number", "/live/demo/aac-64k/index.m3u8?_HLS_msn=x", [
        400,
        "bad-delivery-directive",
      ]),
      { ...nothing("stream with a body", `${live}/stream.mp4`, [400, "stream-needs-own-connection"]), body: "x" },
    ]);
    expect(await fetches()).toEqual(before);
    await expectWell(server);
  }, 60_000);

  test("EE-8 unusual but good requests of media are answered: queries ignored, HEAD, OPTIONS, every form of Range", async () => {
    const { latest } = await server.state("demo");
    const path = `/live/demo/opus-32k/${latest}.m4s`;
    const get = (more: Partial<WireRequest> = {}): Promise<WireAnswer> => ask(server.url, { path, ...more });
    const { status, body: whole } = await get();
    expect([status, whole.length > 1000]).toEqual([200, true]);
    expect((await get({ path: `${path}?a=1&b=/../%00` })).body.equals(whole)).toBe(true);
    const head = await get({ method: "HEAD" });
    expect([head.status, head.headers["content-length"], head.body.length]).toEqual([200, String(whole.length), 0]);
    const options = await get({ method: "OPTIONS" });
    expect([options.status, options.headers["access-control-allow-origin"]]).toEqual([204, "*"]);
    const end = whole.length - 1;
    for (const [range, wanted, bytes] of [
      ["bytes=0-9", 206, whole.subarray(0, 10)],
      ["bytes=-10", 206, whole.subarray(-10)],
      [`bytes=${end}-`, 206, whole.subarray(end)],
      ["bytes=5-99999999", 206, whole.subarray(5)],
      ["bytes=-99999999", 206, whole],
      ["bytes=9-5", 200, whole],
      ["bytes=0-1,3-4", 200, whole],
      ["bytes=a-b", 200, whole],
      ["bytes=", 200, whole],
      [`bytes=0-${"9".repeat(400)}`, 200, whole],
      ["lines=1-2", 200, whole],
    ] as const) {
      const answer = await get({ headers: { range } });
      expect([range, answer.status, answer.body.equals(bytes)]).toEqual([range, wanted, true]);
    }
    for (const range of [`bytes=${whole.length}-`, "bytes=-0"]) {
      const answer = await get({ headers: { range } });
      expect([range, ...facts(answer)]).toEqual([range, "application/problem+json", 416, "range-not-there"]);
      expect(answer.headers["content-range"]).toBe(`bytes */${whole.length}`);
    }
    await expectWell(server);
  }, 30_000);
});

const request = (path: string, more = ""): string => `GET ${path} HTTP/1.1\r\nhost: localhost\r\n${more}\r\n`;

describe("connections", () => {
  test("EE-8 what is no HTTP, too large a head or too slow is told so and cut off", async () => {
    const [noise, head, path, nul, slow] = await Promise.all(
      [
        "\x16\x03\x01\x02\x00\x01\x00 hello\r\n\r\n",
        request("/healthz", `cookie: ${"x".repeat(20_000)}\r\n`),
        request(`/${"x".repeat(20_000)}`),
        request("/live/demo\0/state.json"),
        "GET /healthz HTTP/1.1\r\nhost: loc",
      ].map(async (bytes) => {
        const since = Date.now();
        return { ...readAnswer(await exchange(server.url, bytes, 20_000)), tookMs: Date.now() - since };
      }),
    );
    const type = "application/problem+json";
    expect(facts(noise!)).toEqual([type, 400, "not-http"]);
    expect(facts(head!)).toEqual([type, 431, "head-too-large"]);
    expect(facts(path!)).toEqual([type, 431, "head-too-large"]);
    expect(facts(nul!)).toEqual([type, 400, "not-http"]);
    expect(facts(slow!)).toEqual([type, 408, "request-too-slow"]);
    expect(slow!.tookMs).toBeLessThan(19_000);
    await expectWell(server);
  }, 60_000);

  test("EE-8 pipelined requests are answered in order, bad ones among them", async () => {
    const many = ["/healthz", "/nothing", "/live/demo/opus-32k/-1.m4s", "/healthz", "/api/v1/me"].map((one) =>
      request(one),
    );
    const got = await exchange(server.url, many.join("") + request("/healthz", "connection: close\r\n"));
    const statuses = [...got.toString("latin1").matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
    expect(statuses).toEqual(["200", "404", "404", "200", "200", "200"]);
    await expectWell(server);
  }, 30_000);
});

describe("the room's WebSocket", () => {
  interface Closed {
    readonly code: number;
    readonly messages: readonly { t: string; problem?: { code: string; detail: string; action: string } }[];
  }

  /** Opens a room's WebSocket, says something, and waits until the server closes it. */
  function converse(room: string, speak: (socket: WebSocket) => void): Promise<Closed> {
    const socket = new WebSocket(`${server.url.replace("http", "ws")}/api/v1/spaces/${room}/room`);
    const messages: Closed["messages"][number][] = [];
    socket.addEventListener("message", ({ data }) =>
      messages.push(JSON.parse(String(data)) as (typeof messages)[number]),
    );
    socket.addEventListener("open", () => speak(socket));
    return new Promise((done) => socket.addEventListener("close", ({ code }) => done({ code, messages })));
  }
  const refusals = ({ messages }: Closed): (string | undefined)[] =>
    messages
      .filter(({ t }) => t === "refused")
      .map(({ problem }) => (problem?.detail && problem.action ? problem.code : "?"));

  test("EE-8 junk, a frame of 1 MB, a wrong first message and a flood are told and closed", async () => {
    const join = JSON.stringify({ t: "join" });
    const say = (text: string | Uint8Array<ArrayBuffer>) => converse(space.id, (socket) => socket.send(text));
    // A client that still writes when its connection ends may lose what it was told (TCP resets it): it tries again.
    const megabyte = async (tries = 3): Promise<Closed> => {
      const closed = await say(`"${"x".repeat(1 << 20)}"`);
      return closed.code === 1006 && tries > 1 ? megabyte(tries - 1) : closed;
    };
    for (const [what, conversation, code, problem] of [
      ["junk", say("hello"), 4403, ["message-invalid"]],
      ["binary", say(new Uint8Array([0, 1, 2, 255])), 4403, ["message-invalid"]],
      ["unknown message", say('{"t":"dance"}'), 4403, ["message-invalid"]],
      ["wrong first message", say('{"t":"mute","muted":true}'), 4403, ["message-invalid"]],
      ["bad token", say('{"t":"join","token":"x"}'), 4401, ["invite-invalid"]],
      ["1 MB", megabyte(), 1009, []],
      ["no such Space", converse("nobody", (socket) => socket.send(join)), 4403, ["not-found"]],
    ] as const) {
      const closed = await conversation;
      expect([what, closed.code, refusals(closed)]).toEqual([what, code, problem]);
    }
    const flood = await converse(space.id, (socket) => {
      socket.send(join);
      for (let i = 0; i < 500; i++) socket.send(JSON.stringify({ t: "rename", name: `Name ${i}` }));
    });
    expect([flood.code, refusals(flood).at(-1)]).toEqual([1008, "too-many-messages"]);
    await expectWell(server);
  }, 60_000);

  test("EE-8 a frame that is none, and an upgrade elsewhere, are refused", async () => {
    const upgrade = (path: string): string =>
      request(
        path,
        "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n",
      );
    const junk = await exchange(server.url, `${upgrade(`/api/v1/spaces/${space.id}/room`)}\xff\xff\xff\xff no frame`);
    expect(readAnswer(junk).status).toBe(101);
    const elsewhere = readAnswer(await exchange(server.url, upgrade("/api/v1/nothing"), 2000));
    expect(facts(elsewhere)).toEqual(["application/problem+json", 404, "not-found"]);
    await expectWell(server);
  }, 30_000);
});
