import { readFileSync } from "node:fs";
import { Problem } from "../../foundation/errors.ts";

/** CAP_NET_ADMIN's bit (linux/capability.h). */
const netAdmin = 1n << 12n;

/** Throws `shieldd-unprivileged` when this process may not change the kernel's tables. */
export function requirePrivilege({ platform, geteuid }: Pick<NodeJS.Process, "platform" | "geteuid">): void {
  const may = platform === "linux" && mayAdminister(readFileSync("/proc/self/status", "utf8"));
  if (may) return;
  throw new Problem({
    status: 403,
    code: "shieldd-unprivileged",
    title: "This process may not change the kernel's tables",
    detail:
      platform === "linux"
        ? `It runs as user ${geteuid?.() ?? "?"} without CAP_NET_ADMIN.`
        : `This is ${platform}, and nftables is Linux's.`,
    action:
      "Start it as deploy/shield/rostra-shieldd.service does, with AmbientCapabilities=CAP_NET_ADMIN, or as root; --dry-run needs nothing.",
  });
}

/** Whether CAP_NET_ADMIN is among the effective capabilities that `/proc/self/status` tells. */
export function mayAdminister(status: string): boolean {
  const [, capabilities] = /^CapEff:\s*([0-9a-f]+)$/m.exec(status) ?? [];
  return capabilities !== undefined && (BigInt(`0x${capabilities}`) & netAdmin) !== 0n;
}
