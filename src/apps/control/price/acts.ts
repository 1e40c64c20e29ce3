/** How many may wait, or have come within a minute, before an act has a price; and with how many more it doubles. */
export interface Demand {
  readonly calm: number;
  readonly step: number;
}

/** The acts that cost this server something each time. One more line is one more act with a price. */
export const pricedActs = {
  /** Asking to speak. A host works through some twenty hands in a quarter of an hour. */
  hand: { calm: 20, step: 10 },
  /** Making an invite. */
  invite: { calm: 30, step: 10 },
  /** Using the one-time owner link, and guessing at one. */
  "sign-up": { calm: 20, step: 5 },
} as const satisfies Readonly<Record<string, Demand>>;

export type PricedAct = keyof typeof pricedActs;

export const isPricedAct = (text: string): text is PricedAct => Object.hasOwn(pricedActs, text);
