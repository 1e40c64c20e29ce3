/**
 * What this room keeps, and nothing more: the part of the store it needs, as a port of its own. Hashes are of tokens
 * that exist nowhere on the server; times are milliseconds since 1970.
 */
export interface Account {
  readonly id: string;
  readonly name: string;
  readonly role: "owner";
  /** A PHC string; null while the account has no password. */
  readonly passwordHash: string | null;
  readonly createdAt: number;
}

export interface Passkey {
  /** The credential id, base64url. */
  readonly id: string;
  readonly account: string;
  /** COSE key. */
  readonly publicKey: Uint8Array;
  readonly counter: number;
  readonly transports: readonly string[];
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
}

export interface Session {
  readonly hash: string;
  readonly account: string;
  readonly createdAt: number;
  readonly expiresAt: number;
}

export interface PeopleStore {
  readonly accounts: {
    get(id: string): Promise<Account | undefined>;
    owner(): Promise<Account | undefined>;
    setPassword(id: string, passwordHash: string | null): Promise<void>;
  };
  readonly claims: {
    add(claim: { readonly hash: string; readonly createdAt: number; readonly expiresAt: number }): Promise<void>;
    /** Atomic: one claim wins and uses up all open links. */
    redeem(
      hash: string,
      at: number,
      owner: Pick<Account, "id" | "name">,
    ): Promise<
      | { readonly ok: true; readonly account: Account }
      | { readonly ok: false; readonly why: "unknown" | "used" | "expired" }
    >;
  };
  readonly sessions: {
    create(session: Session): Promise<void>;
    get(hash: string): Promise<Session | undefined>;
    extend(hash: string, expiresAt: number): Promise<void>;
    remove(hash: string): Promise<void>;
    removeOf(account: string, except?: string): Promise<void>;
  };
  readonly passkeys: {
    add(passkey: Passkey): Promise<boolean>;
    get(id: string): Promise<Passkey | undefined>;
    list(account: string): Promise<readonly Passkey[]>;
    /** False when the counter did not grow. */
    used(id: string, counter: number, at: number): Promise<boolean>;
    remove(id: string): Promise<void>;
  };
  readonly challenges: {
    /** False when it was spent before. */
    spend(hash: string, expiresAt: number): Promise<boolean>;
  };
}
