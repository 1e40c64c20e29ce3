import { expect, test } from "vitest";
import { challengeExpiry, deviceId, newChallenge, newDevice, newToken, tokenHash } from "./tokens.ts";

const key = Buffer.alloc(32, 1);
const otherKey = Buffer.alloc(32, 2);

test("PE-25 a challenge proves who made it, for what and until when; any changed bit is refused", () => {
  const challenge = newChallenge(key, "login", 1_790_000_300_000.5);
  const text = challenge.toString("base64url");
  expect(challengeExpiry(key, "login", text, 1_790_000_000_000)).toBe(1_790_000_300_001);
  expect(challengeExpiry(key, "login", text, 1_790_000_300_001)).toBeUndefined();
  expect(challengeExpiry(key, "register a", text, 0)).toBeUndefined();
  expect(challengeExpiry(otherKey, "login", text, 0)).toBeUndefined();
  for (let bit = 0; bit < challenge.length * 8; bit++) {
    const changed = Buffer.from(challenge);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(challengeExpiry(key, "login", changed.toString("base64url"), 0), `bit ${bit}`).toBeUndefined();
  }
  for (const wrong of ["", "x", text.slice(0, -2), `${text}AA`, "ä"]) {
    expect(challengeExpiry(key, "login", wrong, 0)).toBeUndefined();
  }
});

test("PE-26 a device token is ours or nothing", () => {
  const token = newDevice(key);
  expect(deviceId(key, token)).toBe(token.split(".")[0]);
  expect(deviceId(otherKey, token)).toBeUndefined();
  const other = newDevice(key);
  const mixed = `${token.split(".")[0]}.${other.split(".")[1]}`;
  for (const wrong of [undefined, "", ".", "a.", ".b", mixed, `${token}.x`, token.slice(0, -4)]) {
    expect(deviceId(key, wrong)).toBeUndefined();
  }
});

test("PE-1 tokens have 256 bits, and their hash tells nothing of them", () => {
  const tokens = new Set(Array.from({ length: 100 }, newToken));
  expect(tokens.size).toBe(100);
  for (const token of tokens) {
    expect(Buffer.from(token, "base64url")).toHaveLength(32);
    expect(tokenHash(token)).toMatch(/^[\w-]{43}$/);
    expect(tokenHash(token)).not.toBe(token);
  }
});
