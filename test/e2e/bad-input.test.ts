import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { epochMs, ms, seconds } from "../../src/foundation/duration.ts";
import { Invites } from "../../src/room/invites.ts";
import { openSecrets } from "../../src/store/secrets.ts";
import { browserOffer, videoLines } from "../../src/stage/offers.fixture.ts";
import type { Space } from "../../src/wire/api.ts";
import { Server } from "./server.ts";
import { expectRefusals, expectWell, facts, type Refusal } from "./refusals.ts";
import { ask, type WireAnswer } from "./wire-client.ts";

/** Everything bad that a body or a token can have in it, through the public port of a real server. */
let server: Server;
let space: Space;
/** An invite that is good. */
let invite = "";

beforeAll(async () => {
  server = await Server.start({ demo: true, env: { ROSTRA_TRUSTED_HOPS: "1" } });
  await server.claim();
  space = await server.createSpace({ title: "Bad input", slug: "bad-input" });
  ({ token: invite } = await server.invite(space.id, "host", "Somebody"));
  await server.until("demo", (state) => state.status === "live" && !state.hold && state.latest !== null);
}, 60_000);
afterAll(() => server?.[Symbol.asyncDispose]());

/** A caller's own address: budgets are by address, and this table is not about them. */
let callers = 0;
const from = (): Record<string, string> => ({ "x-forwarded-for": `192.0.2.${++callers % 250}` });

describe("offers", () => {
  const whip = (what: string, sdp: string | Buffer, gets: Refusal["gets"]): Refusal => ({
    what,
    method: "POST",
    path: `/api/v1/spaces/${space.id}/whip`,
    headers: { "content-type": "application/sdp", authorization: `Bearer ${invite}`, ...from() },
    body: sdp,
    gets,
  });

  test("EE-8 every bad offer gets its problem, takes no place on the stage, and a good one is answered after", async () => {
    const [beforeMedia = ""] = browserOffer().split("m=audio");
    await expectRefusals(server, [
      whip("1 MB", browserOffer() + `a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n`.repeat(20_000), [
        413,
        "too-large",
      ]),
      whip("just over what is taken", browserOffer() + "a=x:y\r\n".repeat(9500), [413, "too-large"]),
      whip("no audio", beforeMedia + videoLines.join("\r\n") + "\r\n", [422, "sdp-no-audio", "/sdp"]),
      whip("no Opus", browserOffer({ codecs: ["a=rtpmap:0 PCMU/8000"] }), [422, "sdp-no-opus", "/sdp"]),
      whip("10,000 m-lines", browserOffer() + "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n".repeat(10_000), [413, "too-large"]),
      whip("10,000 short m-lines", "v=0\r\n" + "m=a\n".repeat(10_000), [400, "sdp-malformed"]),
      whip("100 m-lines", browserOffer({ more: Array.from({ length: 100 }, () => videoLines) }), [
        422,
        "sdp-too-many-media",
        "/sdp",
      ]),
      whip("no fingerprint", browserOffer({ transport: ["a=ice-ufrag:abcd"] }), [422, "sdp-no-transport", "/sdp"]),
      whip("empty", "", [400, "offer-empty"]),
      whip("blank", " \r\n", [400, "offer-empty"]),
      whip("not SDP", "<html>hello</html>", [400, "sdp-malformed"]),
      whip("bytes", Buffer.from([0xff, 0xfe, 0, 1, 2, 0x80]), [400, "sdp-malformed"]),
      {
        ...whip("JSON", "{}", [415, "unsupported-media-type"]),
        headers: { ...whip("", "", [0, ""]).headers, "content-type": "application/json" },
      },
    ]);
    expect((await server.state(space.id)).stage).toEqual([]);
    const good = await ask(server.url, whip("good", browserOffer(), [201, ""]));
    expect([good.status, good.headers["content-type"]]).toEqual([201, "application/sdp"]);
    const left = await ask(server.url, {
      method: "DELETE",
      path: good.headers["location"] ?? "",
      headers: { authorization: `Bearer ${invite}`, ...from() },
    });
    expect(left.status).toBe(200);
    await expectWell(server);
  }, 60_000);

  test("EE-8 every bad invite gets its problem", async () => {
    const secrets = await openSecrets(server.data);
    const clock = (agoMs: number): Invites => new Invites(secrets.key("invite"), () => epochMs(Date.now() - agoMs));
    const spec = { id: "abcdefghijkl", role: "host" as const };
    const parts = invite.split(".");
    const code = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    const claims = JSON.parse(Buffer.from(parts[1] ?? "", "base64url").toString()) as object;
    const bearing = (what: string, token: string | undefined, gets: Refusal["gets"]): Refusal => ({
      ...whip(what, browserOffer(), gets),
      headers: {
        "content-type": "application/sdp",
        ...from(),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
    });
    const forged = new Invites(Buffer.alloc(32, 7), () => epochMs(Date.now()));
    await expectRefusals(server, [
      bearing("none", undefined, [401, "token-needed"]),
      bearing("expired", await clock(3_600_000).invite(space.id, spec, seconds(60)), [401, "invite-expired"]),
      bearing("expired just now", await clock(2000).invite(space.id, spec, ms(1)), [401, "invite-expired"]),
      bearing("of another Space", await clock(0).invite("another", spec, seconds(60)), [403, "invite-other-space"]),
      bearing("forged", await forged.invite(space.id, spec, seconds(60)), [401, "invite-invalid"]),
      bearing("its role raised", [parts[0], code({ ...claims, role: "host", exp: 9e9 }), parts[2]].join("."), [
        401,
        "invite-invalid",
      ]),
      bearing("alg none", `${code({ alg: "none", typ: "rostra-invite+jwt" })}.${parts[1]}.`, [401, "invite-invalid"]),
      bearing("alg none, signed", [code({ alg: "none" }), parts[1], parts[2]].join("."), [401, "invite-invalid"]),
      bearing("alg HS512", [code({ alg: "HS512", typ: "rostra-invite+jwt" }), parts[1], parts[2]].join("."), [
        401,
        "invite-invalid",
      ]),
      bearing("cut short", invite.slice(0, -5), [401, "invite-invalid"]),
      bearing("no token at all", "hello", [401, "invite-invalid"]),
      bearing("6 KB of it", "a".repeat(6000), [401, "invite-invalid"]),
      bearing("10 KB of it", "a".repeat(10_000), [431, "head-too-large"]),
    ]);
    await expectWell(server);
  }, 60_000);
});

describe("JSON", () => {
  test("EE-8 every bad body gets its problem, with a pointer to the member", async () => {
    const post = (what: string, body: unknown, gets: Refusal["gets"], more: Partial<Refusal> = {}): Refusal => ({
      what,
      method: "POST",
      path: "/api/v1/spaces",
      headers: { "content-type": "application/json", cookie: server.cookie, origin: server.url, ...from() },
      body: typeof body === "string" ? body : JSON.stringify(body),
      gets,
      ...more,
    });
    const title = "T";
    const invites = { path: `/api/v1/spaces/${space.id}/invites` };
    await expectRefusals(server, [
      post("2 MB", { title: "x".repeat(2 << 20) }, [413, "too-large"]),
      post("100 KB", { title: "x".repeat(100_000) }, [413, "too-large"]),
      post("not JSON", "{title:", [400, "not-json"]),
      post("empty", "", [400, "not-json"]),
      post("deep", "[".repeat(30_000), [400, "not-json"]),
      post("an array", [], [400, "invalid-body", "/title"]),
      post("a number", "7", [400, "invalid-body", ""]),
      post("no title", {}, [400, "invalid-body", "/title"]),
      post("title of another type", { title: 7 }, [400, "invalid-body", "/title"]),
      post("title blank", { title: "  " }, [400, "invalid-body", "/title"]),
      post("title too long", { title: "x".repeat(201) }, [400, "invalid-body", "/title"]),
      post("description too long", { title, description: "x".repeat(5001) }, [400, "invalid-body", "/description"]),
      post("an unknown member", { title, colour: "red" }, [400, "invalid-body", "/colour"]),
      post("a prototype", '{"title":"T","__proto__":{"admin":true}}', [400, "not-json"]),
      post("language", { title, language: "??" }, [400, "invalid-body", "/language"]),
      post("visibility", { title, visibility: "secret" }, [400, "invalid-body", "/visibility"]),
      post("start not a date", { title, startAt: "tomorrow" }, [400, "invalid-body", "/startAt"]),
      post("start on no day", { title, startAt: "2030-02-31T10:00:00Z" }, [400, "invalid-body", "/startAt"]),
      post("start in the past", { title, startAt: "2020-01-01T10:00:00Z" }, [400, "invalid-body", "/startAt"]),
      post("start too far", { title, startAt: "2999-01-01T10:00:00Z" }, [400, "invalid-body", "/startAt"]),
      post("slug that is none", { title, slug: "../etc" }, [400, "invalid-body", "/slug"]),
      post("slug taken", { title, slug: "bad-input" }, [409, "slug-taken", "/slug"]),
      post("form", "title=x", [415, "unsupported-media-type"], {
        headers: { ...post("", {}, [0, ""]).headers, "content-type": "application/x-www-form-urlencoded" },
      }),
      post("role unknown", { role: "king" }, [400, "invalid-body", "/role"], invites),
      post("expiry", { role: "speaker", expiresIn: -1 }, [400, "invalid-body", "/expiresIn"], invites),
      post("Space unknown", { role: "speaker" }, [404, "not-found"], { path: "/api/v1/spaces/nobody/invites" }),
      post("not signed in", { title }, [401, "sign-in-needed"], {
        headers: { "content-type": "application/json", origin: server.url, ...from() },
      }),
      post("from another site", { title }, [403, "foreign-origin"], {
        headers: { ...post("", {}, [0, ""]).headers, origin: "https://evil.example" },
      }),
      post("method", undefined as unknown, [405, "method-not-allowed"], { method: "PUT", body: "{}" }),
      post("method unknown", "{}", [405, "method-not-allowed"], { method: "PROPFIND" }),
      post("no such route", {}, [404, "not-found"], { path: "/api/v1/nothing" }),
    ]);
    // What a real client's stack makes of the refusal of a body that it has not sent whole.
    const large = await fetch(`${server.url}/api/v1/spaces`, { method: "POST", body: "x".repeat(2 << 20) });
    expect([large.status, ((await large.json()) as { code: string }).code]).toEqual([413, "too-large"]);
    const { spaces } = await server.api<{ spaces: Space[] }>("GET", "/spaces?all=true");
    expect(spaces.map(({ slug }) => slug).toSorted()).toEqual(["bad-input", "demo"]);
    await expectWell(server);
  }, 60_000);

  test("EE-8 more changes than one address may make get 429, and others are not touched", async () => {
    const one = (address: string): Promise<WireAnswer> =>
      ask(server.url, {
        method: "POST",
        path: "/api/v1/spaces",
        headers: { "content-type": "application/json", "x-forwarded-for": address },
        body: "{}",
      });
    const flood = await Promise.all(Array.from({ length: 90 }, () => one("198.51.100.7")));
    const refused = flood.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(10);
    expect(facts(refused[0]!)).toEqual(["application/problem+json", 429, "too-many-requests"]);
    expect(refused[0]?.headers["retry-after"]).toMatch(/^\d+$/);
    expect((await one("198.51.100.8")).status).toBe(401);
    await expectWell(server);
  }, 60_000);
});
