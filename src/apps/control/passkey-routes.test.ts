import { generateKeyPairSync } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ms } from "../../foundation/duration.ts";
import { SoftwareAuthenticator, type Wrong } from "./passkey-routes.test-authenticator.ts";
import { type Answer, type Browser, minute, origin, TestDesk } from "./people-routes.test-browser.ts";

let desk: TestDesk;
beforeEach(async () => {
  desk = await TestDesk.open();
});
afterEach(() => desk.end());

async function withPasskey(counter?: number): Promise<{ browser: Browser; key: SoftwareAuthenticator }> {
  const browser = await desk.owner();
  const key = new SoftwareAuthenticator(origin, counter);
  const options = await browser.post("/passkeys/register/options");
  expect(options.status).toBe(200);
  const made = await browser.post("/passkeys/register/verify", key.create(options.json));
  expect(made).toEqual({ status: 201, json: { id: key.id.toString("base64url") } });
  return { browser, key };
}

const login = async (key: SoftwareAuthenticator, wrong?: Wrong): Promise<Answer & { browser: Browser }> => {
  const browser = desk.browser();
  const options = await browser.post("/passkeys/login/options");
  const answer = await browser.post("/passkeys/login/verify", key.get(options.json, wrong));
  return { ...answer, browser };
};

test("PE-12 a passkey is registered and signs in, again and again, counting or not", async () => {
  for (const counter of [undefined, 41]) {
    const { key } = await withPasskey(counter);
    for (let n = 0; n < 2; n++) {
      const { status, browser } = await login(key);
      expect(status).toBe(204);
      expect((await browser.ask("GET", "/me")).json).toMatchObject({ signedIn: true, name: "Ada" });
    }
  }
});

test("PE-13 a passkey's answer for another site, user, challenge or key is refused, all with the same words", async () => {
  const { key } = await withPasskey();
  const other = new SoftwareAuthenticator(origin);
  const cases: Wrong[] = [
    { origin: "https://evil.example" },
    { origin: "http://rostra.example" },
    { rpId: "evil.example" },
    { verified: false },
    { userHandle: Buffer.from("somebody else").toString("base64url") },
    { challenge: Buffer.alloc(54, 1).toString("base64url") },
    { challenge: "" },
    { key: generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey },
  ];
  const unknown = await login(other);
  expect([unknown.status, unknown.json.code]).toEqual([401, "passkey-refused"]);
  for (const wrong of cases) {
    const answer = await login(key, wrong);
    expect([wrong, answer.status, answer.json]).toEqual([wrong, 401, unknown.json]);
    expect(answer.browser.cookies.size).toBe(0);
  }
  expect((await login(key)).status).toBe(204);
});

test("PE-14 an answer is good once and for five minutes, and only for what was asked", async () => {
  const { browser, key } = await withPasskey();
  const options = await browser.post("/passkeys/login/options");
  const answer = key.get(options.json);
  const both = await Promise.all([1, 2, 3].map(() => desk.browser().post("/passkeys/login/verify", answer)));
  expect(both.map((one) => one.status).toSorted((a, b) => a - b)).toEqual([204, 401, 401]);

  const slow = await browser.post("/passkeys/login/options");
  desk.clock.advance(ms(5 * minute));
  expect((await browser.post("/passkeys/login/verify", key.get(slow.json))).status).toBe(401);

  const registration = await browser.post("/passkeys/register/options");
  expect((await browser.post("/passkeys/login/verify", key.get(registration.json))).status).toBe(401);
});

test("PE-15 a counter that does not grow is taken for a copied key", async () => {
  const { key } = await withPasskey(5);
  expect((await login(key)).status).toBe(204);
  expect((await login(key, { counter: 6 })).status).toBe(401);
  expect((await login(key, { counter: 3 })).status).toBe(401);
  expect((await login(key, { counter: 100 })).status).toBe(204);
});

test("PE-16 registering needs the owner, lately signed in, and our challenge for that very account", async () => {
  const { browser, key } = await withPasskey();
  const stranger = desk.browser();
  expect((await stranger.post("/passkeys/register/options")).status).toBe(401);
  const options = await browser.post("/passkeys/register/options");
  expect((await stranger.post("/passkeys/register/verify", key.create(options.json))).status).toBe(401);
  const again = await browser.post("/passkeys/register/verify", key.create(options.json));
  expect([again.status, again.json.code]).toEqual([409, "passkey-refused"]);
  const loginOptions = await browser.post("/passkeys/login/options");
  const second = new SoftwareAuthenticator(origin);
  const wrong = { challenge: loginOptions.json.challenge as string };
  for (const bad of [wrong, { origin: "https://evil.example" }, { rpId: "evil.example" }, { verified: false }]) {
    const fresh = await browser.post("/passkeys/register/options");
    const refused = await browser.post("/passkeys/register/verify", second.create(fresh.json, bad));
    expect([bad, refused.status, refused.json.code]).toEqual([bad, 422, "passkey-refused"]);
  }
  desk.clock.advance(ms(61 * minute));
  expect((await browser.post("/passkeys/register/options")).json.code).toBe("sign-in-again");
});

test("PE-17 passkeys are listed and removed by their owner; a removed one signs in no more", async () => {
  const { browser, key } = await withPasskey();
  await login(key);
  const listed = await browser.ask("GET", "/passkeys");
  expect(listed.json.passkeys).toEqual([
    { id: key.id.toString("base64url"), createdAt: expect.any(String), lastUsedAt: expect.any(String) },
  ]);
  const path = `/passkeys/${key.id.toString("base64url")}`;
  expect((await desk.browser().ask("GET", "/passkeys")).status).toBe(401);
  expect((await desk.browser().ask("DELETE", path)).status).toBe(401);
  expect((await browser.ask("DELETE", path)).status).toBe(204);
  expect((await browser.ask("DELETE", path)).status).toBe(204);
  expect((await login(key)).status).toBe(401);
});

test("PE-18 an address without a name cannot have passkeys, and says what to do", async () => {
  for (const host of ["192.0.2.7:8080", "[2001:db8::7]:8080"]) {
    const answer = await desk.browser({ host, origin: `https://${host}` }).post("/passkeys/login/options");
    expect([answer.status, answer.json.code]).toEqual([409, "passkey-needs-name"]);
  }
  const local = desk.browser({ host: "localhost:8080", origin: "http://localhost:8080", "x-forwarded-proto": "http" });
  expect((await local.post("/passkeys/login/options")).json.rpId).toBe("localhost");
});
