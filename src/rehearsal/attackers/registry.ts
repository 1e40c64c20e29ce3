import type { Attacker, AttackerName } from "./contract.ts";

/** Where each attacker is; its code is read when it is wanted. */
export const attackers: Readonly<Record<AttackerName, () => Promise<Attacker>>> = {
  "request-flood": () => import("./request-flood.ts").then(({ attacker }) => attacker),
  "cache-busting": () => import("./cache-busting.ts").then(({ attacker }) => attacker),
  "wild-segments": () => import("./wild-segments.ts").then(({ attacker }) => attacker),
  "connection-churn": () => import("./connection-churn.ts").then(({ attacker }) => attacker),
  "slow-headers": () => import("./slow-headers.ts").then(({ attacker }) => attacker),
  "slow-body": () => import("./slow-body.ts").then(({ attacker }) => attacker),
  "slow-read": () => import("./slow-read.ts").then(({ attacker }) => attacker),
  "idle-connections": () => import("./idle-connections.ts").then(({ attacker }) => attacker),
  "range-abuse": () => import("./range-abuse.ts").then(({ attacker }) => attacker),
  "header-bombs": () => import("./header-bombs.ts").then(({ attacker }) => attacker),
  "api-flood": () => import("./api-flood.ts").then(({ attacker }) => attacker),
  "stage-flood": () => import("./stage-flood.ts").then(({ attacker }) => attacker),
  "websocket-flood": () => import("./websocket-flood.ts").then(({ attacker }) => attacker),
  "fake-listeners": () => import("./fake-listeners.ts").then(({ attacker }) => attacker),
  "hijacked-players": () => import("./hijacked-players.ts").then(({ attacker }) => attacker),
  "retry-storm": () => import("./retry-storm.ts").then(({ attacker }) => attacker),
};
