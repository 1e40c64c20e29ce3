import { IncomingMessage } from "node:http";
import { BlockList, Socket } from "node:net";
import { expect, test } from "vitest";
import { clientAddress, forwardedHeaders, inheritPeer, tellPeer, type Trust } from "./client-address.ts";

/** A request with a chain of proxies that may be a lie, from a peer whose address is known only when it is given. */
function request(chain: string, peer?: string): IncomingMessage {
  const socket = new Socket();
  if (peer !== undefined) Object.defineProperty(socket, "remoteAddress", { value: peer });
  const made = new IncomingMessage(socket);
  made.headers["x-forwarded-for"] = chain;
  made.headers["x-forwarded-proto"] = "https";
  return made;
}

function ranges(): BlockList {
  const list = new BlockList();
  list.addSubnet("10.0.0.0", 8, "ipv4");
  list.addSubnet("2001:db8::", 32, "ipv6");
  return list;
}

test.each([
  [0, "1.1.1.1, 2.2.2.2, 3.3.3.3", "unknown"],
  [1, "1.1.1.1, 2.2.2.2, 3.3.3.3", "3.3.3.3"],
  [2, "1.1.1.1, 2.2.2.2, 3.3.3.3", "2.2.2.2"],
  [5, "1.1.1.1,2.2.2.2", "1.1.1.1"],
  [1, "", "unknown"],
  [1, "9.9.9.9:4711", "9.9.9.9"],
  [1, "[2001:db9::1]:4711", "2001:db9::1"],
])("ED-22 with %i trusted proxies, “%s” comes from %s", (hops, chain, from) => {
  expect(clientAddress(request(chain), { hops })).toBe(from);
  expect(forwardedHeaders(request(chain), { hops })).toEqual({
    "x-forwarded-for": from,
    "x-forwarded-proto": hops === 0 ? "http" : "https",
  });
});

test.each([
  ["192.0.2.1", "1.1.1.1", "192.0.2.1", "a peer outside"],
  ["10.1.2.3", "6.6.6.6, 1.1.1.1", "1.1.1.1", "one proxy, and a lie before it"],
  ["::ffff:10.1.2.3", "6.6.6.6, 1.1.1.1, 10.9.9.9, 2001:db8::5", "1.1.1.1", "three proxies"],
  ["2001:db8::1", "", "2001:db8::1", "a proxy that says nothing"],
  ["10.1.2.3", "10.4.4.4, 10.5.5.5", "10.4.4.4", "somebody inside"],
  ["10.1.2.3", "1.1.1.1, junk, 10.5.5.5", "10.5.5.5", "junk"],
])("ED-73 of peer %s with “%s” the address is %s: %s", (peer, chain, from) => {
  const trust: Trust = { ranges: ranges() };
  expect(clientAddress(request(chain, peer), trust)).toBe(from);
  const believed = peer !== "192.0.2.1";
  expect(forwardedHeaders(request(chain, peer), trust)["x-forwarded-proto"]).toBe(believed ? "https" : "http");
});

test("ED-73 with hops and ranges a peer outside of them is not believed, whatever it forges", () => {
  const trust: Trust = { hops: 1, ranges: ranges() };
  expect(clientAddress(request("1.1.1.1", "192.0.2.1"), trust)).toBe("192.0.2.1");
  expect(clientAddress(request("7.7.7.7, 1.1.1.1", "10.0.0.1"), trust)).toBe("1.1.1.1");
});

test("ED-74 what the PROXY protocol told is the peer, and the proxy's TLS is the client's", () => {
  const trust: Trust = { ranges: ranges() };
  const asked = request("1.1.1.1", "10.0.0.1");
  tellPeer(asked.socket, { address: "203.0.113.9", secure: true });
  expect(forwardedHeaders(asked, trust)).toEqual({ "x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https" });
  const throughCdn = request("1.1.1.1", "10.0.0.1");
  tellPeer(throughCdn.socket, { address: "10.7.7.7", secure: false });
  expect(clientAddress(throughCdn, trust)).toBe("1.1.1.1");
  const upper = request("", "10.0.0.1");
  inheritPeer(upper.socket, throughCdn.socket);
  expect(clientAddress(upper, trust)).toBe("10.7.7.7");
});
