/**
 * What was handed down against an address or prefix, or would have been: the body of a record in an evidence chain. As everything
 * there it holds no address.
 */

/** Told and not done; done; kept from being done by a guard; over. */
export const actionNames = ["would-block", "block", "refused-by-guard", "expired"] as const;
export type ActionName = (typeof actionNames)[number];

export interface ActionBody {
  readonly t: "action";
  readonly what: ActionName;
  /** The keyed hash of the /24 or /48 that it is in, as everywhere in a chain. */
  readonly prefix: string;
  /** How wide it is: 32 or 64 for one address, down to 24 or 48. */
  readonly width: number;
  /** Why; of a refusal, which guard (`docs/rules/exports.md`). */
  readonly reason: string;
  /** For how long it is done, or would be, seconds. */
  readonly seconds: number;
  /** Playing listeners that it hits or would hit, of all that play on this machine. */
  readonly hits: number;
  readonly of: number;
}
