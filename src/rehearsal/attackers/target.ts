import { isIPv4 } from "node:net";
import { Problem } from "../../foundation/errors.ts";
import type { AttackOrder, AttackTarget } from "./contract.ts";

/** 127.0.0.0/8 or ::1, written as an address: what a name leads to may change between two looks. */
export const isLoopback = (host: string): boolean => (isIPv4(host) && host.startsWith("127.")) || host === "::1";

/** @throws Problem `target-not-permitted` for a target, or a stage's port, elsewhere than on this machine without its permit */
export function requirePermit({ target, permitted }: Pick<AttackOrder, "target" | "permitted">): void {
  if (permitted === true) return;
  for (const host of [target.host, target.stageUdp?.host ?? target.host])
    if (!isLoopback(host))
      throw new Problem({
        status: 403,
        code: "target-not-permitted",
        title: "The target has not permitted this.",
        detail: `${host} is no loopback address, and no permit of its owner was shown.`,
        action: "Rehearse against 127.0.0.1, or have the target's owner permit this run.",
      });
}

/** The Host header's value. */
export const authority = ({ host, port }: AttackTarget): string => `${host.includes(":") ? `[${host}]` : host}:${port}`;

/** One HTTP/1.1 request, as its bytes. `headers`: whole lines, each ended by CR LF. */
export const requestText = (target: AttackTarget, path: string, { method = "GET", headers = "" } = {}): string =>
  `${method} ${path} HTTP/1.1\r\nHost: ${authority(target)}\r\n${headers}\r\n`;
