/** How many requests one edge holds for what is not published yet; more are told to come again. */
export const maxHeldRequests = 20_000;
/** Milliseconds for which a request is held: two segments early, its own length, and an origin that has just restarted. */
export const maxHeldMs = 5000;
/** Up to this share of the places anybody has as many as he wants, from the second on only who holds few gets one. */
const freeShare = 0.5;
const fewFrom = 0.75;
/** Between them one address has this share of the places; and those with few have so many. */
const ownShare = 1 / 32;
const few = 16;

/** Whose requests are held: an address. */
export interface Holder {
  readonly address: string;
  /** How many of its requests are held now. */
  held: number;
  /** How many connections keep this at hand. */
  keptBy: number;
}

export interface HoldBudgetOptions {
  /** @default maxHeldRequests */
  readonly most?: number | undefined;
  /** How long each may be held. @default maxHeldMs */
  readonly patienceMs?: number | undefined;
  /** How many connections of an address have behaved. @default nobody has */
  readonly behavedAt?: ((address: string) => number) | undefined;
}

/**
 * How many requests an edge holds now, all queues together, and of each address. No address can take all places: when they
 * get scarce it has its share, and where many behave (a carrier's NAT) as many as have.
 */
export class HoldBudget {
  readonly most: number;
  readonly patienceMs: number;
  readonly #behavedAt: (address: string) => number;
  /** Of addresses that hold something or have a connection that keeps theirs: never more than connections. */
  readonly #holders = new Map<string, Holder>();
  held = 0;

  constructor({ most = maxHeldRequests, patienceMs = maxHeldMs, behavedAt = () => 0 }: HoldBudgetOptions = {}) {
    this.most = most;
    this.patienceMs = patienceMs;
    this.#behavedAt = behavedAt;
  }

  /** Addresses of which something is known. */
  get size(): number {
    return this.#holders.size;
  }

  /** For one request. */
  holder(address: string): Holder {
    let holder = this.#holders.get(address);
    if (!holder) this.#holders.set(address, (holder = { address, held: 0, keptBy: 0 }));
    return holder;
  }

  /** For a connection with many; it lets go of it once. */
  keep(address: string): Holder {
    const holder = this.holder(address);
    holder.keptBy++;
    return holder;
  }

  letGo(holder: Holder): void {
    holder.keptBy--;
    this.#forget(holder);
  }

  /** Whether there is a place for an address. */
  hasRoomFor(address: () => string): boolean {
    if (this.held < this.most * freeShare) return true;
    const of = address();
    return this.#mayHold(this.#holders.get(of) ?? { address: of, held: 0 });
  }

  /** Takes a place; false when there is none for this one. */
  take(holder: Holder): boolean {
    if (!this.#mayHold(holder)) {
      this.#forget(holder);
      return false;
    }
    this.held++;
    holder.held++;
    return true;
  }

  giveBack(holder: Holder): void {
    this.held--;
    holder.held--;
    this.#forget(holder);
  }

  #mayHold({ address, held }: Pick<Holder, "address" | "held">): boolean {
    const { most } = this;
    if (this.held >= most) return false;
    if (this.held < most * freeShare || held < few) return true;
    const share = this.held < most * fewFrom ? most * ownShare : few;
    return held < share || held < this.#behavedAt(address);
  }

  #forget(holder: Holder): void {
    if (holder.held === 0 && holder.keptBy === 0) this.#holders.delete(holder.address);
  }
}
