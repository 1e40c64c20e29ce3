import { argon2Sync } from "node:crypto";
import { expect, test } from "vitest";
import { checkPassword, cost, maxWaiting, Passwords } from "./passwords.ts";

const cheap = { memory: 64, passes: 1, parallelism: 1 };

test("PE-23 a password is kept as a PHC string of Argon2id that another implementation's rules reproduce", async () => {
  const stored = await new Passwords(cheap).hash("four words at random");
  const [, kind, version, parameters, salt = "", tag = ""] = stored.split("$");
  expect([kind, version, parameters]).toEqual(["argon2id", "v=19", "m=64,t=1,p=1"]);
  const again = argon2Sync("argon2id", {
    message: "four words at random",
    nonce: Buffer.from(salt, "base64"),
    parallelism: 1,
    tagLength: 32,
    memory: 64,
    passes: 1,
  });
  expect(Buffer.from(tag, "base64").equals(again)).toBe(true);
  expect(Buffer.from(salt, "base64")).toHaveLength(16);
});

test("PE-23 only the right password is right; the same twice is stored differently; the cost may change", async () => {
  const passwords = new Passwords(cheap);
  const stored = await passwords.hash("four words at random");
  expect(await passwords.hash("four words at random")).not.toBe(stored);
  expect(await passwords.verify("four words at random", stored)).toBe(true);
  for (const wrong of ["four words at randoM", "four words at random ", "", "x".repeat(10_000)]) {
    expect(await passwords.verify(wrong, stored)).toBe(false);
  }
  expect(await new Passwords({ memory: 128, passes: 2, parallelism: 1 }).verify("four words at random", stored)).toBe(
    true,
  );
});

test("PE-23 nothing verifies against no hash or a broken one, not even an empty password", async () => {
  const passwords = new Passwords(cheap);
  const broken = [
    "",
    "$argon2id$v=19$m=64,t=1,p=1$AAAA$AAAA",
    "$argon2id$v=19$m=9999999,t=1,p=1$c2FsdHNhbHRzYWx0$AAAA",
    "plain",
  ];
  for (const stored of [null, undefined, ...broken]) {
    expect(await passwords.verify("", stored)).toBe(false);
    expect(await passwords.verify("plain", stored)).toBe(false);
  }
});

test("PE-23 an accent typed as one sign or as two is the same password", async () => {
  const passwords = new Passwords(cheap);
  const stored = await passwords.hash("caf\u00e9 and four words");
  expect(await passwords.verify("cafe\u0301 and four words", stored)).toBe(true);
});

test("PE-24 the cost is at least OWASP's, and hashes wait in a short line, one at a time", async () => {
  expect(cost.memory).toBeGreaterThanOrEqual(19_456);
  expect(cost.memory * cost.passes).toBeGreaterThanOrEqual(19_456 * 2);
  const passwords = new Passwords({ memory: 4096, passes: 1, parallelism: 1 });
  const stored = await passwords.hash("four words at random");
  const asked = Array.from({ length: maxWaiting + 6 }, () => passwords.verify("four words at random", stored));
  const results = await Promise.allSettled(asked);
  const refused = results.filter((one) => one.status === "rejected");
  expect(results.filter((one) => one.status === "fulfilled" && one.value)).toHaveLength(maxWaiting + 1);
  expect(refused).toHaveLength(5);
  for (const one of refused) expect(one.reason).toMatchObject({ code: "sign-in-busy", status: 503, retryAfter: 2 });
  expect(await passwords.verify("four words at random", stored)).toBe(true);
});

test("PE-10 ten to 256 characters of any kind, but not what is tried first", () => {
  const fine = [
    "correct horse battery",
    "пароль из слов",
    "密码是四个随机的词语吗",
    "🎙️🎚️🎛️🎤🎧🎵🎶🎷🎸",
    "aB3$aB3$xY",
    "x y".repeat(80) + "zw",
    "1029384756k!",
  ];
  for (const password of fine) expect(() => checkPassword(password, ["Ada"]), password).not.toThrow();
  const weak = [
    "123456789",
    "password12",
    "PASSWORD!!!",
    "1234567890",
    "9876543210",
    "abcdefghij",
    "aaaaaaaaaa",
    "abababababab",
    "letmein2024",
    "Qwertyuiop",
    "1q2w3e4r5t",
    "passwordpassword",
    "ada lovelace",
    "AdaLovelace1815",
    "!!!iloveyou!!!",
    "rostra2026!",
    "x".repeat(257),
  ];
  for (const password of weak) {
    expect(() => checkPassword(password, ["Ada Lovelace"]), password).toThrow(
      expect.objectContaining({ code: "weak-password", status: 422 }),
    );
  }
});
