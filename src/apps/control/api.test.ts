import { afterEach, beforeEach, expect, test } from "vitest";
import type { Space } from "../../wire/api.ts";
import { createServer } from "./server.ts";
import { openapi } from "./openapi.ts";
import { methodsOf, operations } from "./operations.ts";
import { processesOf } from "./ops-routes.ts";
import { readLimits, writeLimits } from "./rate.ts";
import { TestControl, until } from "./testing/control.ts";

let control: TestControl;
beforeEach(async () => {
  control = await TestControl.open();
});
afterEach(() => control.end());

type Ask = Parameters<TestControl["ask"]>[2];
const refused = async (method: string, path: string, ask?: Ask): Promise<[number, string, string | undefined]> => {
  const { status, headers, json } = await control.ask(method, path, ask);
  expect(headers["content-type"]).toBe("application/problem+json");
  expect(headers["cache-control"]).toBe("no-store");
  expect(json).toMatchObject({
    status,
    title: expect.any(String),
    detail: expect.any(String),
    action: expect.any(String),
  });
  expect(json.type).toBe(`urn:rostra:problem:${json.code}`);
  return [status, json.code, json.pointer];
};
const json = { "content-type": "application/json" };

test("CO-10 every refusal is a problem document", async () => {
  const post = (body: unknown, headers = json): ReturnType<typeof refused> =>
    refused("POST", "/spaces", { body, headers });
  expect(await post({})).toEqual([400, "invalid-body", "/title"]);
  expect(await post({ title: "x", colour: "red" })).toEqual([400, "invalid-body", "/colour"]);
  expect(await post({ title: "   " })).toEqual([400, "invalid-body", "/title"]);
  expect(await post({ title: "x", visibility: "secret" })).toEqual([400, "invalid-body", "/visibility"]);
  expect(await post({ title: "x", language: "not a language" })).toEqual([400, "invalid-body", "/language"]);
  expect(await post("[]")).toEqual([400, "invalid-body", "/title"]);
  expect(await post("{")).toEqual([400, "not-json", undefined]);
  expect(await post(JSON.stringify({ title: "x", description: "y".repeat(70_000) }))).toEqual([
    413,
    "too-large",
    undefined,
  ]);
  expect(await post("title=x", { "content-type": "application/x-www-form-urlencoded" })).toEqual([
    415,
    "unsupported-media-type",
    undefined,
  ]);
  for (const path of ["/nothing", "/spaces/x/y/z", "/api", "/api/v2/spaces"]) {
    expect((await refused("GET", path))[1]).toBe("not-found");
  }
  for (const name of ["nowhere", "NOWHERE", "a%2Fb", "%2e%2e", "a%00b"]) {
    expect((await refused("GET", `/spaces/${name}`))[1]).toBe("not-found");
  }
  for (const name of ["%E0%A4%A", "x".repeat(300)]) {
    expect(await refused("GET", `/spaces/${name}`)).toEqual([400, "bad-address", undefined]);
  }
  expect(await refused("PUT", "/spaces", { body: {} })).toEqual([405, "method-not-allowed", undefined]);
  expect((await control.ask("PUT", "/spaces", { body: {} })).headers["allow"]).toBe("GET, POST");
});

test("CO-11 only the owner makes, edits and cancels; a foreign page cannot use the owner's cookie", async () => {
  const space = await control.space();
  const anyone = { signedIn: false, body: { title: "x" } };
  expect(await refused("POST", "/spaces", anyone)).toEqual([401, "sign-in-needed", undefined]);
  expect((await refused("PATCH", `/spaces/${space.id}`, anyone))[1]).toBe("sign-in-needed");
  for (const what of ["start", "end", "cancel", "host-token"]) {
    expect((await refused("POST", `/spaces/${space.id}/${what}`, { signedIn: false }))[1]).toBe("sign-in-needed");
  }
  expect((await refused("GET", `/spaces/${space.id}/changes`, { signedIn: false }))[1]).toBe("sign-in-needed");
  expect((await refused("GET", "/ops", { signedIn: false }))[1]).toBe("sign-in-needed");
  const headers = { origin: "https://elsewhere.test", "sec-fetch-site": "cross-site" };
  expect((await refused("POST", "/spaces", { body: { title: "x" }, headers }))[1]).toBe("foreign-origin");
  expect((await control.ask("GET", `/spaces/${space.id}`)).json.status).toBe("lobby");
});

test("CO-11 those on stage start, end and invite as their role allows", async () => {
  const space = await control.space();
  const enter = async (role: string): Promise<string> => {
    const socket = await control.join(space.id, await control.invite(space.id, role));
    return (await socket.next("welcome")).token;
  };
  const [host, cohost, speaker] = [await enter("host"), await enter("cohost"), await enter("speaker")];
  const invite = async (token: string, role: string): Promise<number> =>
    (await control.ask("POST", `/spaces/${space.id}/invites`, { token, body: { role } })).status;
  expect(await Promise.all([invite(host, "host"), invite(host, "cohost"), invite(host, "speaker")])).toEqual([
    201, 201, 201,
  ]);
  expect(await Promise.all([invite(cohost, "cohost"), invite(cohost, "speaker")])).toEqual([403, 201]);
  expect(await invite(speaker, "speaker")).toBe(403);
  expect((await refused("POST", `/spaces/${space.id}/end`, { token: speaker }))[1]).toBe("not-allowed");
  expect((await refused("POST", `/spaces/${space.id}/end`, { token: cohost }))[1]).toBe("not-allowed");
  expect((await control.ask("POST", `/spaces/${space.id}/end`, { token: host })).json.status).toBe("ended");
  expect((await refused("POST", `/spaces/${space.id}/end`, { token: host }))[1]).toBe("space-ended");
});

test("CO-12 the list: live, upcoming, over; unlisted and cancelled ones are not in it", async () => {
  const at = (minutes: number): string => new Date(control.now + minutes * 60_000).toISOString();
  const make = (title: string, more: object = {}): Promise<Space> => control.space({ title, ...more });
  const [later, sooner] = [await make("Later", { startAt: at(500) }), await make("Sooner", { startAt: at(100) })];
  await make("Secret", { visibility: "unlisted" });
  const [live, over, off] = [await make("Live"), await make("Over"), await make("Off", { startAt: at(50) })];
  await control.speak(live.id, await control.invite(live.id, "host"));
  await until(() => control.origin.spec(live.id)?.status === "live");
  await control.ask("POST", `/spaces/${over.id}/end`);
  await control.ask("POST", `/spaces/${off.id}/cancel`);
  control.origin.sayState(live.id, { listeners: 9 });
  await until(async () => (await control.ask("GET", `/spaces/${live.id}`)).json.listeners === 9);
  control.offset += 2000;
  const list = async (query = ""): Promise<string[]> =>
    ((await control.ask("GET", `/spaces${query}`, { signedIn: false })).json.spaces as Space[]).map(
      ({ title }) => title,
    );
  expect(await list()).toEqual(["Live", "Sooner", "Later", "Over"]);
  expect(await list("?limit=2")).toEqual(["Live", "Sooner"]);
  expect(await list("?status=scheduled")).toEqual(["Sooner", "Later"]);
  expect(await list("?status=cancelled")).toEqual(["Off"]);
  expect((await control.ask("GET", "/spaces?all=true", { signedIn: false })).status).toBe(401);
  const own = (await control.ask("GET", "/spaces?all=true")).json.spaces as Space[];
  expect(own.map(({ title }) => title)).toEqual(expect.arrayContaining(["Secret", "Off", "Over", "Live"]));
  expect(await list("?status=ended&limit=1")).toEqual(["Over"]);
  for (const query of ["?limit=0", "?limit=999", "?limit=-1", "?limit=x", "?status=hold"]) {
    expect((await refused("GET", `/spaces${query}`))[1]).toBe("invalid-body");
  }
  expect([later.status, sooner.status]).toEqual(["scheduled", "scheduled"]);
});

test("CO-13 slugs come from titles and are never given twice", async () => {
  const slugs = [];
  for (const title of ["Über Größe!", "Über Größe!", "日本語", "--", "a".repeat(200)]) {
    slugs.push((await control.space({ title })).slug);
  }
  expect(slugs[0]).toBe("uber-gro-e");
  expect(slugs[1]).toMatch(/^uber-gro-e-[a-z2-7]{4}$/);
  expect(slugs[2]).toMatch(/^[a-z2-7]{4,8}$/);
  expect(slugs[4]).toBe("a".repeat(48));
  await control.space({ title: "Mine", slug: "mine" });
  expect(await refused("POST", "/spaces", { body: { title: "x", slug: "mine" } })).toEqual([
    409,
    "slug-taken",
    "/slug",
  ]);
  expect((await refused("POST", "/spaces", { body: { title: "x", slug: "No Slug" } }))[2]).toBe("/slug");
  expect((await control.ask("GET", "/spaces/mine")).json.title).toBe("Mine");
});

test("CO-14 the description has every route under /api, and no other", async () => {
  const document = (await control.ask("GET", "/api/openapi.json")).json as { paths: Record<string, object> };
  expect(document).toEqual(JSON.parse(JSON.stringify(await openapi())));
  const described = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ":$1")}`),
  );
  const routes: string[] = [];
  const context = { log: { error: () => {} } } as unknown as Parameters<typeof createServer>[0]["context"];
  const app = await createServer(
    { context, desk: {}, meter: { counter: () => ({}) }, metricsSocket: "" } as unknown as Parameters<
      typeof createServer
    >[0],
    (method, path) => routes.push(`${method} ${path}`),
  );
  await app.ready();
  const served = routes.filter((route) => route.includes(" /api") && !route.startsWith("HEAD "));
  expect(described.toSorted((a, b) => a.localeCompare(b))).toEqual(served.toSorted((a, b) => a.localeCompare(b)));
  expect(new Set(operations.map(({ path, method }) => `${method} ${path}`)).size).toBe(operations.length);
  expect(methodsOf("/api/v1/spaces/x/whip")).toEqual(["POST", "OPTIONS"]);
  expect(JSON.stringify(document)).toContain('"required":["title"]');
});

test("CO-15 a flood of changes is 429, told by the edge's address and not by what the client claims", async () => {
  const headers = (n: number): Record<string, string> => ({ "x-forwarded-for": `10.0.0.${n}, 192.0.2.7` });
  const statuses = [];
  for (let n = 0; n < writeLimits.burst + 10; n++) {
    statuses.push((await control.ask("POST", "/session", { signedIn: false, body: {}, headers: headers(n) })).status);
  }
  expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(0);
  expect((await control.ask("GET", "/spaces", { headers: headers(1) })).status).toBe(200);
  expect((await control.ask("POST", "/spaces", { body: { title: "x" } })).status).toBe(201);
});

test("CO-15 an IPv6 network has one budget, however many addresses it writes from", async () => {
  const statuses = [];
  for (let n = 0; n < writeLimits.burst + 10; n++) {
    const headers = { "x-forwarded-for": `2001:db8:0:7::${(n + 1).toString(16)}` };
    statuses.push((await control.ask("POST", "/session", { signedIn: false, body: {}, headers })).status);
  }
  expect(statuses).toContain(429);
});

test("CO-19 a flood of questions is 429 for its address, the opening of WebSockets too", async () => {
  const headers = { "x-forwarded-for": "192.0.2.9" };
  const statuses: number[] = [];
  let refusal = "";
  // What grows back meanwhile is spent as well, until both have been refused.
  for (let n = 0; n < 200 && !(statuses.includes(429) && refusal.includes("429")); n++) {
    const asked = Array.from({ length: 50 }, () => control.ask("GET", "/me", { signedIn: false, headers }));
    const opened = statuses.includes(429) ? control.socket("x", headers) : undefined;
    await opened?.then(
      (socket) => socket.close(),
      (thrown: unknown) => (refusal = String(thrown)),
    );
    for (const { status } of await Promise.all(asked)) statuses.push(status);
  }
  expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(readLimits.burst - 1);
  expect(statuses).toContain(429);
  expect(refusal).toContain("429");
  const other = await control.ask("GET", "/me", { headers: { "x-forwarded-for": "192.0.2.10" } });
  expect([other.status, other.json.signedIn]).toEqual([200, true]);
});

test("CO-17 nothing is cached, no secret is logged, the owner link is for this machine alone", async () => {
  const space = await control.space();
  const invite = await control.invite(space.id, "host");
  await control.speak(space.id, invite);
  const link = await control.ask("POST", "/internal/owner-link", { body: { force: true } });
  expect(link.json.path).toMatch(/^\/owner#.{20,}/);
  expect((await control.ask("POST", "/internal/owner-link", { body: {} })).json).toEqual({ path: null });
  const outside = { body: {}, headers: { "x-forwarded-for": "192.0.2.1" } };
  expect((await refused("POST", "/internal/owner-link", outside))[1]).toBe("not-for-outside");
  for (const path of ["/spaces", `/spaces/${space.id}`, "/me", "/api/openapi.json"]) {
    expect((await control.ask("GET", path)).headers["cache-control"]).toBe("no-store");
  }
  const log = control.log.join("");
  expect(log).toContain("space-changed");
  for (const secret of [invite, String(link.json.path).slice(7), control.cookie.split("=")[1] ?? ""]) {
    expect(log).not.toContain(secret);
  }
});

test("CO-18 starts that cannot be are refused", async () => {
  const year = 366 * 86_400_000;
  for (const startAt of [
    "2024-13-45T10:00:00Z",
    "yesterday",
    new Date(control.now - 120_000).toISOString(),
    new Date(control.now + year + 1e6).toISOString(),
  ]) {
    expect(await refused("POST", "/spaces", { body: { title: "x", startAt } })).toEqual([
      400,
      "invalid-body",
      "/startAt",
    ]);
  }
  const space = await control.space();
  expect((await refused("POST", `/spaces/${space.id}/start`))[1]).toBe("stage-empty");
  await control.speak(space.id, await control.invite(space.id, "speaker"));
  await until(() => control.origin.spec(space.id)?.stage[0]?.present === true);
  expect((await control.ask("POST", `/spaces/${space.id}/start`)).status).toBe(200);
  expect(
    (await refused("PATCH", `/spaces/${space.id}`, { body: { startAt: new Date(control.now).toISOString() } }))[1],
  ).toBe("space-live");
  expect((await refused("POST", `/spaces/${space.id}/cancel`))[1]).toBe("space-live");
});

test("CO-16 a Host that is none does not break the calendar", async () => {
  const { id } = await control.space();
  const answer = await control.ask("GET", `/spaces/${id}/calendar.ics`, { headers: { host: "a:b:c" } });
  expect([answer.status, answer.text.includes("@localhost")]).toEqual([200, true]);
});

test("CO-16 the calendar of a Space is served as one", async () => {
  const space = await control.space({ title: "Talk; now", startAt: "2099-01-02T03:04:05Z" }).catch(() => undefined);
  expect(space).toBeUndefined();
  const soon = await control.space({ title: "Talk; now" });
  const file = await control.ask("GET", `/spaces/${soon.slug}/calendar.ics`, { signedIn: false });
  expect(file.headers["content-type"]).toBe("text/calendar; charset=utf-8");
  expect(file.text).toContain(`SUMMARY:Talk\\; now\r\n`);
  expect(file.text).toContain(`URL:http://rostra.test/s/${soon.slug}\r\n`);
});

test("CO-10 the ops page is told of processes, as the supervisor measured them", async () => {
  const text = [
    'rostra_up{process="edge 1"} 1',
    'rostra_process_resident_memory_bytes{process="edge 1"} 1000',
    'rostra_process_event_loop_delay_seconds{process="edge 1",quantile="0.99"} 0.02',
    'rostra_process_restarts_total{process="supervisor",name="edge 1"} 3',
    'rostra_edge_listeners{process="edge 1"} 40',
    'rostra_edge_numbered_listeners{process="edge 1"} 2',
    'rostra_edge_held_requests{process="edge 1"} 1',
    'rostra_edge_joins_total{process="edge 1"} 50',
    'rostra_edge_stream_sent_bytes_total{process="edge 1"} 6000',
    'rostra_edge_numbered_sent_bytes_total{process="edge 1"} 500',
    'rostra_edge_slow_skips_total{process="edge 1"} 4',
    'rostra_edge_slow_closes_total{process="edge 1"} 3',
    'rostra_edge_upstream_fetches_total{process="edge 1",kind="segment"} 9',
    'rostra_edge_upstream_fetches_total{process="edge 1",kind="replay"} 2',
    'rostra_service_level{process="edge 1",cause="egress"} 2',
    'rostra_up{process="stage"} 0',
  ].join("\n");
  const none = { cpuSeconds: null, uptimeSeconds: null };
  const there = { listeners: 40, numbered: 2, held: 1 };
  const edge = { ...there, joins: 50, sentBytes: 6500, skips: 4, closes: 3, fetches: 11, level: 2, cause: "egress" };
  expect(processesOf(text).filter(({ name }) => name !== "supervisor")).toEqual([
    { name: "edge 1", up: true, rss: 1000, loopDelaySeconds: 0.02, restarts: 3, edge, ...none },
    { name: "stage", up: false, rss: null, loopDelaySeconds: null, restarts: null, edge: null, ...none },
  ]);
  const space = await control.space();
  const { json: ops } = await control.ask("GET", "/ops");
  expect(ops).toMatchObject({ processes: [], sockets: 0, spaces: [{ id: space.id, status: "lobby", onStage: 0 }] });
  expect(ops.links).toEqual({ origin: true, stage: true });
});
