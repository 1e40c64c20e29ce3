import type { NetworkInterfaceInfo } from "node:os";
import { expect, test } from "vitest";
import { reachableAddresses } from "./addresses.ts";

const one = (address: string, internal = false): NetworkInterfaceInfo => {
  const common = { address, netmask: "", mac: "", internal, cidr: null };
  return address.includes(":") ? { ...common, family: "IPv6", scopeid: 0 } : { ...common, family: "IPv4" };
};

test("ST-6 public addresses come first, then the interfaces', loopback last; link-local ones are left out", () => {
  const interfaces = {
    lo: [one("127.0.0.1", true), one("::1", true)],
    eth0: [one("fe80::1"), one("fd00::2"), one("192.0.2.2"), one("169.254.3.3")],
  };
  expect(reachableAddresses(["203.0.113.7", "not-an-ip"], interfaces)).toEqual([
    "203.0.113.7",
    "192.0.2.2",
    "fd00::2",
    "127.0.0.1",
  ]);
  expect(reachableAddresses(["192.0.2.2"], interfaces)).toEqual(["192.0.2.2", "fd00::2", "127.0.0.1"]);
  expect(reachableAddresses([], { lo: interfaces.lo })).toEqual(["127.0.0.1"]);
});
