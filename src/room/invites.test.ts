import { createHmac } from "node:crypto";
import { SignJWT } from "jose";
import { expect, test } from "vitest";
import { epochMs, minutes, seconds } from "../foundation/duration.ts";
import { Problem } from "../foundation/errors.ts";
import { Invites, participantTokenLife } from "./invites.ts";

const key = Buffer.alloc(32, 7);
let now = 1_723_478_400_000;
const invites = new Invites(key, () => epochMs(now));
const invite = { id: "abcdefghijkl", role: "speaker", name: "Ada" } as const;

const refused = async (token: string, space = "space"): Promise<string> => {
  try {
    await invites.read(token, space);
  } catch (thrown) {
    if (thrown instanceof Problem) return `${thrown.status} ${thrown.code}`;
    throw thrown;
  }
  return "taken";
};
const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

test("RO-30 an invite and a participant's token say what they were made for", async () => {
  const token = await invites.invite("space", invite, minutes(5));
  expect(await invites.read(token, "space")).toEqual({ kind: "invite", space: "space", ...invite });
  const made = await invites.invite("space", { ...invite, by: "someone" }, minutes(5));
  expect(await invites.read(made, "space")).toMatchObject({ by: "someone" });
  const back = await invites.participant("space", "someone", "Ada");
  expect(await invites.read(back, "space")).toEqual({
    kind: "participant",
    space: "space",
    participant: "someone",
    name: "Ada",
  });
});

test("RO-30 neither passes for the other", async () => {
  const claims = { aud: "space", exp: now / 1000 + 60, sub: "someone", jti: "abcdefghijkl" };
  const sign = (typ: string, more: object = {}): Promise<string> =>
    new SignJWT({ ...claims, ...more }).setProtectedHeader({ alg: "HS256", typ }).sign(key);
  expect(await refused(await sign("JWT"))).toBe("401 invite-invalid");
  expect(await refused(await sign("rostra-invite+jwt"))).toBe("401 invite-invalid");
  expect(await refused(await sign("rostra-invite+jwt", { role: "listener" }))).toBe("401 invite-invalid");
  expect(await refused(await sign("rostra-participant+jwt", { sub: "x".repeat(65) }))).toBe("401 invite-invalid");
  expect(await refused(await sign("rostra-participant+jwt"))).toBe("taken");
});

test("RO-31 expired and foreign are told apart", async () => {
  const token = await invites.invite("space", invite, seconds(60));
  expect(await refused(token, "other")).toBe("403 invite-other-space");
  now += 59_000;
  expect(await refused(token)).toBe("taken");
  now += 2000;
  expect(await refused(token)).toBe("401 invite-expired");
  const back = await invites.participant("space", "someone");
  now += participantTokenLife + 1000;
  expect(await refused(back)).toBe("401 invite-expired");
});

test("RO-31 what this server did not sign is invalid", async () => {
  const token = await invites.invite("space", invite, minutes(5));
  const [head = "", body = "", mac = ""] = token.split(".");
  const claims = JSON.parse(Buffer.from(body, "base64url").toString()) as object;
  const host = part({ ...claims, role: "host" });
  const none = part({ alg: "none", typ: "rostra-invite+jwt" });
  const hs512 = part({ alg: "HS512", typ: "rostra-invite+jwt" });
  const mac512 = createHmac("sha512", key).update(`${hs512}.${body}`).digest("base64url");
  const other = await new Invites(Buffer.alloc(32, 8), () => epochMs(now)).invite("space", invite, minutes(5));
  const forged = [
    `${head}.${host}.${mac}`,
    `${none}.${body}.`,
    `${none}.${host}.${mac}`,
    `${hs512}.${body}.${mac512}`,
    other,
    "",
    "a.b.c",
    "not a token",
    "é".repeat(5000),
    `${token}x`,
  ];
  for (const one of forged) expect(await refused(one)).toBe("401 invite-invalid");
  const endless = await new SignJWT({ aud: "space", role: "host", jti: "abcdefghijkl" })
    .setProtectedHeader({ alg: "HS256", typ: "rostra-invite+jwt" })
    .sign(key);
  expect(await refused(endless)).toBe("401 invite-invalid");
  expect(() => new Invites(Buffer.alloc(31), () => epochMs(now))).toThrow("31 bytes");
});

test("RO-32 an invite to a Space is good in its rehearsal too, and the other way round none is", async () => {
  const toSpace = await invites.invite("space", invite, minutes(5));
  expect(await invites.read(toSpace, "rehearsal", "space")).toMatchObject({
    kind: "invite",
    space: "rehearsal",
    role: "speaker",
  });
  const toRehearsal = await invites.invite("rehearsal", invite, minutes(5));
  expect(await invites.read(toRehearsal, "rehearsal", "space")).toMatchObject({ kind: "invite" });
  expect(await refused(toRehearsal)).toBe("403 invite-other-space");
  const elsewhere = await invites.invite("other", invite, minutes(5));
  await expect(invites.read(elsewhere, "rehearsal", "space")).rejects.toMatchObject({ code: "invite-other-space" });
  const place = await invites.participant("space", "someone");
  await expect(invites.read(place, "rehearsal", "space")).rejects.toMatchObject({ code: "invite-other-space" });
});
