import { EventEmitter } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { Scope } from "../../foundation/scope.ts";
import { Shield } from "../../shield/shield.ts";
import { Peers } from "./peers.ts";
import { exchangeSummaries } from "./summaries.ts";

type Sent = { readonly to: string; readonly t: string; readonly summary: unknown };

/** A process whose messages to its siblings are kept, until it is said that they are on their way. */
class Process extends EventEmitter {
  readonly platform = "linux";
  readonly connected = true;
  readonly sent: Sent[] = [];
  arrived: (() => void)[] = [];
  send(message: Sent, _handle: unknown, _options: unknown, done: () => void): void {
    this.sent.push(message);
    this.arrived.push(done);
  }
}

/** An edge that knows of an address that costs it. */
function edge(scope: Scope, knows: boolean): { readonly process: Process; readonly shield: Shield } {
  const process = new Process();
  const shield = new Shield({ key: Buffer.alloc(16, 1), now: 0 });
  if (knows) while (!shield.saw("192.0.2.1", "undrained"));
  exchangeSummaries(shield, new Peers(process as unknown as NodeJS.Process), scope);
  return { process, shield };
}

test("ED-175 what one edge has seen is told to its siblings, and they refuse whom it refuses", async () => {
  const scope = new Scope();
  const [one, other] = [edge(scope, true), edge(scope, false)];
  await expect.poll(() => one.process.sent.length, { timeout: 10_000 }).toBe(1);
  const [message] = one.process.sent as [Sent];
  expect([message.to, message.t]).toEqual(["siblings", "shield"]);
  expect(other.shield.admit("192.0.2.1")).toBe("yes");
  for (const noise of [null, {}, { ...(message.summary as object), all: "much" }])
    other.process.emit("message", { t: "shield", summary: noise });
  expect(other.shield.admit("192.0.2.1")).toBe("yes");
  other.process.emit("message", JSON.parse(JSON.stringify(message)));
  expect(other.shield.admit("192.0.2.1")).not.toBe("yes");
  // Nothing more is said while that is not on its way, and what came meanwhile is in the next.
  await sleep(2500);
  expect(one.process.sent.length).toBe(1);
  one.process.arrived.pop()?.();
  await expect.poll(() => one.process.sent.length, { timeout: 10_000 }).toBeGreaterThan(1);
  await scope.end();
});
