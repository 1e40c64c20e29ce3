import type { Attacker, AttackerName } from "./contract.ts";

/** Where each attacker is; its code is read when it is wanted. */
export const attackers = {
  "request-flood": () => import("./request-flood.ts").then(({ attacker }) => attacker),
} as Readonly<Record<AttackerName, () => Promise<Attacker>>>;
