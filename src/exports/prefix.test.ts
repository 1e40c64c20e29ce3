import { expect, test } from "vitest";
import { contains, meet, ofOneHost, parsePrefix, type Prefix, prefixAround, widened, widest } from "./prefix.ts";

const of = (text: string): Prefix => {
  const prefix = parsePrefix(text);
  if (!prefix) throw new Error(`${text} is no prefix`);
  return prefix;
};

test.each([
  ["192.0.2.7", "192.0.2.7/32"],
  ["192.0.2.0/24", "192.0.2.0/24"],
  ["0.0.0.0/0", "0.0.0.0/0"],
  ["::ffff:192.0.2.7", "192.0.2.7/32"],
  ["::FFFF:192.0.2.0/120", "192.0.2.0/24"],
  ["2001:DB8:1:2::/64", "2001:db8:1:2::/64"],
  ["2001:db8:1::/48", "2001:db8:1::/48"],
  ["2001:db8::1", "2001:db8:0:0:0:0:0:1/128"],
  ["64:ff9b::192.0.2.1", "64:ff9b:0:0:0:0:c000:201/128"],
  ["::/0", "::/0"],
])("EX-10 %s is one prefix, written one way", (text, written) => {
  expect(parsePrefix(text)?.text).toBe(written);
  expect(parsePrefix(written)?.text).toBe(written);
});

test.each([
  "",
  "x",
  "192.0.2",
  "192.0.2.7/33",
  "192.0.2.7/24",
  "192.0.2.7/+8",
  "192.0.2.0/24/24",
  "192.0.2.0/024",
  "010.0.0.1",
  "2001:db8::/129",
  "2001:db8::1/64",
  "fe80::1%eth0",
  "::ffff:192.0.2.0/64",
  "192.0.2.7; drop",
  `${"0".repeat(70)}::`,
])("EX-10 %j is no prefix", (text) => {
  expect(parsePrefix(text)).toBeUndefined();
});

test("EX-10 what is around an address, and what is in what", () => {
  expect(prefixAround("198.51.100.7", widest)?.text).toBe("198.51.100.0/24");
  expect(prefixAround("2001:db8:1:2:3::4", widest)?.text).toBe("2001:db8:1::/48");
  expect(prefixAround("fe80::1%eth0", ofOneHost)?.text).toBe("fe80:0:0:0::/64");
  expect(prefixAround("nobody", widest)).toBeUndefined();
  expect(widened(of("198.51.100.0/25"), { ipv4: 28, ipv6: 64 }).text).toBe("198.51.100.0/25");
  expect(contains(of("198.51.100.0/24"), of("198.51.100.9"))).toBe(true);
  expect(contains(of("198.51.100.9"), of("198.51.100.0/24"))).toBe(false);
  expect(meet(of("198.51.100.9"), of("198.51.100.0/24"))).toBe(true);
  expect(meet(of("0.0.0.0/0"), of("::/0"))).toBe(false);
});
