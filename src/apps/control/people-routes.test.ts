import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ms } from "../../foundation/duration.ts";
import { day, minute, password, TestDesk } from "./people-routes.test-browser.ts";

let desk: TestDesk;
beforeEach(async () => {
  desk = await TestDesk.open();
});
afterEach(() => desk.end());

test("PE-1 the owner link makes the owner, once, and is stored and logged nowhere", async () => {
  const browser = desk.browser();
  expect((await browser.ask("GET", "/me")).json).toEqual({
    signedIn: false,
    name: null,
    role: null,
    ownerExists: false,
  });
  const [first, second] = [await desk.people.newOwnerLink(), await desk.people.newOwnerLink()];
  const claimed = await browser.post("/owner/claim", { token: first?.token, name: "Ada" });
  expect(claimed.status).toBe(204);
  expect((await browser.ask("GET", "/me")).json).toEqual({
    signedIn: true,
    name: "Ada",
    role: "owner",
    ownerExists: true,
  });
  for (const token of [first?.token, second?.token]) {
    const again = await desk.browser().post("/owner/claim", { token, name: "Eve" });
    expect([again.status, again.json.code]).toEqual([410, "owner-link-used"]);
  }
  expect(await desk.people.newOwnerLink()).toBeUndefined();
  const kept =
    (await readFile(join(desk.folder, "rostra.db"), "latin1")) +
    (await readFile(join(desk.folder, "rostra.db-wal"), "latin1"));
  for (const secret of [first?.token ?? "?", second?.token ?? "?", ...browser.cookies.values()]) {
    expect(kept).not.toContain(secret);
    expect(desk.logged()).not.toContain(secret);
  }
});

test("PE-2 a link is good for a day; a forged or empty one never", async () => {
  const link = await desk.people.newOwnerLink();
  desk.clock.advance(ms(day));
  const late = await desk.browser().post("/owner/claim", { token: link?.token, name: "Ada" });
  expect([late.status, late.json.code]).toEqual([410, "owner-link-expired"]);
  const forged = await desk.browser().post("/owner/claim", { token: "A".repeat(43), name: "Ada" });
  expect([forged.status, forged.json.code]).toEqual([404, "owner-link-unknown"]);
  for (const body of [
    {},
    { token: "", name: "x" },
    { token: link?.token },
    { token: link?.token, name: "  " },
    { token: 1, name: "x" },
  ]) {
    expect((await desk.browser().post("/owner/claim", body)).status).toBe(400);
  }
});

test("PE-3 a later link gives the account back and signs everybody else out", async () => {
  const before = await desk.ownerWithPassword();
  const after = await desk.owner();
  expect(await before.signedIn()).toBe(false);
  expect(await after.signedIn()).toBe(true);
  expect((await desk.browser().post("/session", { password })).status).toBe(204);
});

test("PE-4 cookies are HttpOnly, SameSite=Lax, and __Host- with Secure over HTTPS", async () => {
  const secure = await desk.owner();
  expect(secure.lastCookies).toHaveLength(2);
  for (const one of secure.lastCookies)
    expect(one).toMatch(/^__Host-rostra(-device)?=[\w.-]{43,}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax; Secure$/);
  const link = await desk.people.newOwnerLink(true);
  const plain = desk.browser({ "x-forwarded-proto": "http", origin: "http://rostra.example" });
  await plain.post("/owner/claim", { token: link?.token, name: "Ada" });
  for (const one of plain.lastCookies)
    expect(one).toMatch(/^rostra(-device)?=[\w.-]{43,}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax$/);
});

test("PE-5 a session slides: it lasts thirty days from its last use and no longer", async () => {
  const browser = await desk.owner();
  for (let n = 0; n < 4; n++) {
    desk.clock.advance(ms(20 * day));
    expect(await browser.signedIn()).toBe(true);
    expect(browser.lastCookies[0]).toContain(`Max-Age=${30 * 86_400}`);
  }
  desk.clock.advance(ms(30 * day));
  expect(await browser.signedIn()).toBe(false);
});

test("PE-6 signing out ends the session on the server, not only in the browser", async () => {
  const browser = await desk.owner();
  const kept = new Map(browser.cookies);
  expect((await browser.ask("DELETE", "/session")).status).toBe(204);
  expect(browser.cookies.has("__Host-rostra")).toBe(false);
  for (const [name, value] of kept) browser.cookies.set(name, value);
  expect(await browser.signedIn()).toBe(false);
  expect((await desk.browser().ask("DELETE", "/session")).status).toBe(204);
});

test("PE-7 a request that another site's page makes is refused and does nothing", async () => {
  const browser = await desk.ownerWithPassword();
  const foreign: Record<string, string>[] = [
    { origin: "https://evil.example" },
    { origin: "null" },
    { origin: "https://rostra.example.evil.example" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site", origin: "https://other.rostra.example" },
  ];
  for (const headers of foreign) {
    const attacker = desk.browser(headers);
    for (const [name, value] of browser.cookies) attacker.cookies.set(name, value);
    for (const answer of [
      await attacker.ask("DELETE", "/session"),
      await attacker.post("/owner/password", { password: "chosen by somebody else" }),
      await attacker.post("/session", { password }),
    ]) {
      expect([answer.status, answer.json.code]).toEqual([403, "foreign-origin"]);
    }
  }
  expect(await browser.signedIn()).toBe(true);
  expect((await desk.browser().post("/session", { password })).status).toBe(204);
  const own = desk.browser({ "sec-fetch-site": "same-origin" });
  expect((await own.post("/session", { password })).status).toBe(204);
});

test("PE-8 a wrong password, no password and no account read the same", async () => {
  const nobody = await desk.browser().post("/session", { password });
  const browser = await desk.owner();
  const none = await desk.browser().post("/session", { password });
  await browser.post("/owner/password", { password });
  const wrong = await desk.browser().post("/session", { password: `${password}!` });
  expect(nobody.status).toBe(401);
  expect(nobody.json.code).toBe("sign-in-refused");
  expect(none).toEqual(nobody);
  expect(wrong).toEqual(nobody);
  expect(desk.logged()).not.toContain(password);
});

test("PE-9 guesses are slowed down by address and by account, the right password too, and by waiting they go on", async () => {
  await desk.ownerWithPassword();
  const guesser = desk.browser();
  const answers: number[] = [];
  for (let n = 0; n < 12; n++) answers.push((await guesser.post("/session", { password: `wrong ${n} guess` })).status);
  expect(answers).toEqual([...Array<number>(10).fill(401), 429, 429]);
  const right = await guesser.post("/session", { password });
  expect([right.status, right.json.code]).toEqual([429, "too-many-attempts"]);
  expect((await desk.browser({ "x-forwarded-for": "192.0.2.2" }).post("/session", { password })).status).toBe(204);
  for (const [outcome, count] of Object.entries({ "sign-in-refused": 10, "too-many-attempts": 3, accepted: 1 })) {
    expect(desk.meter.expose()).toContain(`rostra_sign_ins_total{outcome="${outcome}"} ${count}\n`);
  }
  desk.clock.advance(ms(2000));
  expect((await guesser.post("/session", { password })).status).toBe(204);
});

test("PE-9 guesses from many addresses are slowed down together, but not the owner's known device", async () => {
  const device = await desk.ownerWithPassword();
  await device.ask("DELETE", "/session");
  let refusedAt = 0;
  for (let n = 1; n <= 40 && refusedAt === 0; n++) {
    const { status } = await desk.browser({ "x-forwarded-for": `2001:db8:${n}::1` }).post("/session", {
      password: "wrong guess",
    });
    if (status === 429) refusedAt = n;
  }
  expect(refusedAt).toBe(21);
  const stranger = desk.browser({ "x-forwarded-for": "198.51.100.9" });
  expect((await stranger.post("/session", { password })).status).toBe(429);
  stranger.cookies.set("__Host-rostra-device", "forged.AAAA");
  expect((await stranger.post("/session", { password })).status).toBe(429);
  expect((await device.post("/session", { password })).status).toBe(204);
});

test("PE-10 a weak password is refused with its reason, and the old one stays", async () => {
  const browser = await desk.ownerWithPassword();
  for (const weak of [
    "short",
    "x".repeat(257),
    "password2024!",
    "0123456789",
    "aaaaaaaaaaaa",
    "adaadaada1",
    "Administrator",
  ]) {
    const answer = await browser.post("/owner/password", { password: weak });
    expect([weak, answer.status, answer.json.code, answer.json.pointer]).toEqual([
      weak,
      422,
      "weak-password",
      "/password",
    ]);
  }
  expect((await desk.browser().post("/session", { password })).status).toBe(204);
});

test("PE-11 setting a password ends the other sessions, needs a fresh sign-in, and needs to be signed in", async () => {
  const browser = await desk.ownerWithPassword();
  const other = desk.browser();
  await other.post("/session", { password });
  expect((await browser.post("/owner/password", { password: "another four words" })).status).toBe(204);
  expect([await browser.signedIn(), await other.signedIn()]).toEqual([true, false]);
  desk.clock.advance(ms(61 * minute));
  const late = await browser.post("/owner/password", { password: "yet another four words" });
  expect([late.status, late.json.code]).toEqual([403, "sign-in-again"]);
  const stranger = await desk.browser().post("/owner/password", { password: "yet another four words" });
  expect([stranger.status, stranger.json.code]).toEqual([401, "sign-in-needed"]);
});

test("PE-11 an account without any way to sign in may set its first password at any time", async () => {
  const browser = await desk.owner();
  desk.clock.advance(ms(3 * day));
  expect((await browser.post("/owner/password", { password })).status).toBe(204);
});

test("PE-19 bodies of the wrong shape are 400 and say where", async () => {
  const browser = await desk.owner();
  const big = "A".repeat(40_000);
  const bodies: [string, object][] = [
    ["/session", {}],
    ["/session", { password: 1 }],
    ["/session", { password: "x".repeat(1025) }],
    ["/session", { password: "x", more: true }],
    ["/owner/password", { password: null }],
    ["/passkeys/login/verify", { id: "x" }],
    [
      "/passkeys/register/verify",
      { id: "x", rawId: "x", type: "public-key", response: { clientDataJSON: big, attestationObject: "" } },
    ],
    ["/passkeys/login/verify", { id: "ä", rawId: "x", type: "public-key", response: {} }],
  ];
  for (const [path, body] of bodies) {
    const answer = await browser.post(path, body);
    expect([path, answer.status, answer.json.code]).toEqual([path, 400, "invalid-body"]);
  }
});
