/** An address or a prefix, as a hash with a secret key; points that it has cost; and how many of its connections have behaved. */
export type ShieldEntry = readonly [hash: number, spent: number, behaved: number];

/** What one edge process tells the others of its machine about who costs it, every second. Only what it has seen itself. */
export interface ShieldSummary {
  /** Whose it is: drawn by each process when it starts. */
  readonly from: string;
  /** Rising; what is not newer than what was heard of the same process is old. */
  readonly n: number;
  /** Points that all have cost it, half of which fade in ten seconds. */
  readonly all: number;
  readonly addresses: readonly ShieldEntry[];
  readonly prefixes: readonly ShieldEntry[];
}

/** The most entries of either kind: a summary has some 8 KB at most. */
export const maxSummaryEntries = 128;

const isCount = (value: unknown): value is number => typeof value === "number" && value >= 0 && value < 2 ** 52;
const isEntry = (value: unknown): boolean =>
  Array.isArray(value) && value.length === 3 && value.every(isCount) && Number.isInteger(value[0]);
const areEntries = (value: unknown): boolean =>
  Array.isArray(value) && value.length <= maxSummaryEntries && value.every(isEntry);

/** Whether something is a summary, with no more in it than there may be. */
export function isShieldSummary(value: unknown): value is ShieldSummary {
  if (typeof value !== "object" || value === null) return false;
  const { from, n, all, addresses, prefixes } = value as Partial<Record<keyof ShieldSummary, unknown>>;
  const isNamed = typeof from === "string" && /^[0-9a-f]{12}$/.test(from);
  return isNamed && Number.isSafeInteger(n) && isCount(all) && areEntries(addresses) && areEntries(prefixes);
}
