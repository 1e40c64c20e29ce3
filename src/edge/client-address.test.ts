import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { expect, test } from "vitest";
import { clientAddress, forwardedHeaders } from "./client-address.ts";

/** A request whose peer's address is not known, with a chain of proxies that may be a lie. */
function request(chain: string): IncomingMessage {
  const made = new IncomingMessage(new Socket());
  made.headers["x-forwarded-for"] = chain;
  made.headers["x-forwarded-proto"] = "https";
  return made;
}

test.each([
  [0, "1.1.1.1, 2.2.2.2, 3.3.3.3", "unknown"],
  [1, "1.1.1.1, 2.2.2.2, 3.3.3.3", "3.3.3.3"],
  [2, "1.1.1.1, 2.2.2.2, 3.3.3.3", "2.2.2.2"],
  [5, "1.1.1.1,2.2.2.2", "1.1.1.1"],
  [1, "", "unknown"],
])("ED-22 with %i trusted proxies, “%s” comes from %s", (hops, chain, from) => {
  expect(clientAddress(request(chain), hops)).toBe(from);
  expect(forwardedHeaders(request(chain), hops)).toEqual({
    "x-forwarded-for": from,
    "x-forwarded-proto": hops === 0 ? "http" : "https",
  });
});
