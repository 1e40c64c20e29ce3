/**
 * The price of an act that costs this server something each time: asking to speak, making an invite, signing up. It is
 * a proof of work, due only while many ask; never for sound, pages or state. A challenge is one of ALTCHA's, version 2
 * (`PBKDF2/SHA-256`): find the counter, from 0 upwards, whose key begins with `keyPrefix`.
 */

/** The header by which a request of the API carries what answers a challenge. In the room's WebSocket it is `hand`'s `price`. */
export const priceHeader = "rostra-price";
/** The most characters of an answer to a challenge. */
export const maxPaymentChars = 2048;

/** As `altcha-lib` makes it. Texts are lower-case hex, but for `algorithm` and `data`. */
export interface PriceChallenge {
  readonly parameters: {
    readonly algorithm: "PBKDF2/SHA-256";
    /** PBKDF2's iterations for each attempt. */
    readonly cost: number;
    /** What it is for, in which Space (empty: none), made in which hour since 1970: it is good for nothing else. */
    readonly data: { readonly for: string; readonly hour: number; readonly space: string };
    /** Seconds since 1970. */
    readonly expiresAt: number;
    /** Bytes of the key. */
    readonly keyLength: number;
    readonly keyPrefix: string;
    readonly keySignature: string;
    readonly nonce: string;
    readonly salt: string;
  };
  /** Over `parameters`. */
  readonly signature: string;
}

/** What answers a challenge: this as JSON in base64, as ALTCHA's own clients send it. */
export interface Payment {
  readonly challenge: PriceChallenge;
  readonly solution: { readonly counter: number; readonly derivedKey: string };
}

/** What has to be paid; in the problem `price-due` as `price`. */
export interface PriceDue {
  readonly free: false;
  /** Whoever comes again without an answer after so many seconds is taken too. */
  readonly waitSeconds: number;
  /** Left out when too many were made in this second. */
  readonly challenge?: PriceChallenge | undefined;
}

/** `GET /api/v1/price?for=hand&space={id}` */
export type Price = { readonly free: true } | PriceDue;

/** Of an address, by the challenges that it has left unanswered before: none, some, eight and more. */
export type PayerClass = "new" | "slow" | "persisting";

/** How challenges were met since the process started. What was given and neither answered nor waited for was ignored. */
export interface PriceCounts {
  readonly given: Readonly<Record<PayerClass, number>>;
  readonly answered: Readonly<Record<PayerClass, number>>;
  readonly waited: Readonly<Record<PayerClass, number>>;
  /** Answers that were refused: stale, replayed, made for something else, wrong. */
  readonly refused: number;
}
