import type { Attacker, AttackerName } from "./contract.ts";

/** Where each attacker is; its code is read when it is wanted. */
export const attackers = {
  "request-flood": () => import("./request-flood.ts").then(({ attacker }) => attacker),
  "cache-busting": () => import("./cache-busting.ts").then(({ attacker }) => attacker),
  "wild-segments": () => import("./wild-segments.ts").then(({ attacker }) => attacker),
  "connection-churn": () => import("./connection-churn.ts").then(({ attacker }) => attacker),
  "slow-headers": () => import("./slow-headers.ts").then(({ attacker }) => attacker),
  "slow-body": () => import("./slow-body.ts").then(({ attacker }) => attacker),
  "slow-read": () => import("./slow-read.ts").then(({ attacker }) => attacker),
  "idle-connections": () => import("./idle-connections.ts").then(({ attacker }) => attacker),
} as Readonly<Record<AttackerName, () => Promise<Attacker>>>;
