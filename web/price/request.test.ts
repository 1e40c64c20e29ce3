import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Payment, PriceDue } from "../../src/wire/price.ts";
import { api } from "../api/client.ts";
import { challenge } from "./challenge.test-maker.ts";

beforeEach(() => {
  vi.stubGlobal("document", { documentElement: {} });
  vi.stubGlobal("location", { search: "" });
});
afterEach(() => void vi.unstubAllGlobals());

/** A server that answers the n-th request so; what each request carried for its price. */
function server(...answers: readonly (() => Response)[]): (string | undefined)[] {
  const carried: (string | undefined)[] = [];
  vi.stubGlobal("fetch", async (_url: string, { headers }: { headers: Record<string, string> }) => {
    carried.push(headers["rostra-price"]);
    return answers[carried.length - 1]?.() ?? Response.error();
  });
  return carried;
}
const due = (price: PriceDue) => () => Response.json({ code: "price-due", price }, { status: 429 });
const refused = () => Response.json({ code: "price-refused" }, { status: 403 });
const done = () => Response.json({ made: true }, { status: 201 });

test("SP-53 a request with a price is paid for and sent again", async () => {
  const price = { free: false, waitSeconds: 3600, challenge: await challenge() } as const;
  const carried = server(due(price), done);
  expect(await api("/spaces/x/invites", { body: {} })).toEqual({ made: true });
  expect(carried[0]).toBeUndefined();
  expect((JSON.parse(atob(carried[1] ?? "")) as Payment).challenge).toEqual(price.challenge);
});

test("SP-53 an answer that is not taken is asked anew, and a price that never ends is told", async () => {
  const price = { free: false, waitSeconds: 3600, challenge: await challenge() } as const;
  const carried = server(due(price), refused, due({ free: false, waitSeconds: 0 }), done);
  expect(await api("/spaces/x/invites", { body: {} })).toEqual({ made: true });
  expect(carried.map((one) => one === undefined)).toEqual([true, false, true, true]);
  server(...Array.from({ length: 9 }, () => due(price)));
  await expect(api("/spaces/x/invites", { body: {} })).rejects.toMatchObject({ code: "price-due" });
});
