import { expect, test } from "vitest";
import { addressSubject } from "../foundation/address.ts";
import { Attempts, SignInGate, slots } from "./attempts.ts";

const backoff = { free: 3, first: 1000, longest: 5000 };

test("PE-20 after the free attempts each failure doubles the wait, up to the longest", () => {
  const attempts = new Attempts(backoff);
  const waits: number[] = [];
  let now = 1_000_000;
  for (let n = 0; n < 7; n++) {
    attempts.begin("a", now);
    waits.push(attempts.wait("a", now));
    now += attempts.wait("a", now);
  }
  expect(waits).toEqual([0, 0, 1000, 2000, 4000, 5000, 5000]);
  attempts.forgive("a");
  attempts.begin("a", now);
  expect(attempts.wait("a", now)).toBe(0);
});

test("PE-20 failures are forgotten a day after the last one", () => {
  const attempts = new Attempts(backoff);
  for (let n = 0; n < 3; n++) attempts.begin("a", 0);
  attempts.begin("a", 86_400_001);
  expect(attempts.wait("a", 86_400_001)).toBe(0);
});

test("PE-21 a million subjects take no more memory than one, and a subject is found again", () => {
  const attempts = new Attempts(backoff);
  for (let n = 0; n < 3; n++) attempts.begin("watched", 0);
  const sizes = (): number[] =>
    [slots, ...Array.from({ length: 200 }, (_, n) => attempts.wait(`other ${n}`, 0))].filter((one) => one !== 0);
  // A few of the others may share its slot, most do not.
  expect(sizes().length).toBeLessThan(10);
  expect(attempts.wait("watched", 0)).toBe(1000);
});

test("PE-21 attempts count from their start, so that many at once are many", () => {
  const gate = new SignInGate({ address: backoff, account: { ...backoff, free: 100 }, device: backoff });
  const let_ = Array.from({ length: 10 }, () => {
    try {
      return gate.enter("owner", "192.0.2.1", undefined, 0);
    } catch {
      return undefined;
    }
  });
  expect(let_.filter(Boolean)).toHaveLength(3);
  expect(() => gate.enter("owner", "192.0.2.1", undefined, 0)).toThrow(
    expect.objectContaining({ code: "too-many-attempts", status: 429, retryAfter: 1 }),
  );
  expect(() => gate.enter("owner", "192.0.2.1", "known-device", 0)).not.toThrow();
});

test("PE-22 an IPv6 host counts as its /64, an IPv4-mapped one as its IPv4 address", () => {
  const same = [
    "2001:db8:1:2::1",
    "2001:db8:1:2:ffff:ffff:ffff:ffff",
    "2001:0DB8:0001:0002::",
    "2001:db8:1:2:0:0:0:9%eth0",
  ];
  expect(new Set(same.map(addressSubject))).toEqual(new Set(["2001:db8:1:2"]));
  expect(addressSubject("2001:db8:1:3::1")).not.toBe(addressSubject("2001:db8:1:2::1"));
  expect(addressSubject("::1")).toBe("0:0:0:0");
  expect(addressSubject("fe80::")).toBe("fe80:0:0:0");
  expect(addressSubject("::ffff:192.0.2.1")).toBe("192.0.2.1");
  expect(addressSubject("192.0.2.1")).toBe("192.0.2.1");
  expect(addressSubject("local")).toBe("local");
});
