import { Problem } from "../../foundation/errors.ts";

/** What an edge costs, as `--prices FILE` gives it. There is no default: prices are asked for, never invented. */
export interface Prices {
  /** ISO 4217, such as EUR. */
  readonly currency: string;
  /** Where the prices are from, and when: told by each plan that used them. */
  readonly source: string;
  /** One edge for an hour. */
  readonly edgeHour: number;
  /** One GB (10^9 bytes) that leaves an edge. */
  readonly egressGb: number;
}

/** What a run costs. */
export interface Cost {
  readonly currency: string;
  readonly source: string;
  readonly edgesPerHour: number;
  readonly egressPerHour: number;
  readonly perHour: number;
  readonly total: number;
}

/**
 * Reads prices from parsed JSON.
 * @throws Problem `prices-invalid` naming what is missing or off
 */
export function readPrices(json: unknown, where: string): Prices {
  const off = (detail: string): Problem =>
    new Problem({
      status: 400,
      code: "prices-invalid",
      title: "Those are no prices",
      detail: `${where}: ${detail}.`,
      action: 'Write {"currency":"EUR","source":"who and when","edgeHour":…,"egressGb":…}; see docs/rehearsal.md.',
    });
  if (typeof json !== "object" || json === null || Array.isArray(json)) throw off("not a JSON object");
  const { currency, source, edgeHour, egressGb } = json as Record<string, unknown>;
  if (typeof currency !== "string" || !/^[A-Z]{3}$/.test(currency)) throw off('"currency" is not a code such as EUR');
  if (typeof source !== "string" || source === "") throw off('"source" does not say where they are from');
  if (typeof edgeHour !== "number" || !(edgeHour >= 0)) throw off('"edgeHour" is missing, or no number from 0 on');
  if (typeof egressGb !== "number" || !(egressGb >= 0)) throw off('"egressGb" is missing, or no number from 0 on');
  return { currency, source, edgeHour, egressGb };
}

/**
 * @param bytes that left all edges
 * @param hours how long the edges run
 */
export function costOf(prices: Prices, edges: number, bytes: number, hours: number): Cost {
  const edgesPerHour = edges * prices.edgeHour;
  const egressPerHour = ((bytes / 1e9) * prices.egressGb) / hours;
  const perHour = edgesPerHour + egressPerHour;
  return {
    currency: prices.currency,
    source: prices.source,
    edgesPerHour,
    egressPerHour,
    perHour,
    total: perHour * hours,
  };
}
