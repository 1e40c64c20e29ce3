import type { Clock } from "../foundation/clock.ts";
import { Problem } from "../foundation/errors.ts";
import type { Account, PeopleStore, Session } from "./accounts.ts";
import { newToken, tokenHash } from "./tokens.ts";

/** How long a session lasts after its last use. */
export const sessionMs = 30 * 86_400_000;
/** A session is made longer at most this often, so that not every request writes. */
const extendEveryMs = 86_400_000;
/** How long after signing in the ways to sign in may be changed. */
export const freshMs = 3_600_000;

/** Somebody who is signed in. */
export interface SignedIn {
  readonly account: Account;
  readonly session: Session;
}

/** A session that was just made. The token goes to the browser and is kept nowhere else. */
export interface NewSession {
  readonly account: Account;
  readonly token: string;
  readonly expiresAt: number;
}

/** Sessions by opaque tokens; only their hashes are stored. */
export class SessionDesk {
  readonly #store: PeopleStore;
  readonly #clock: Clock;

  constructor(store: PeopleStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  async open(account: Account): Promise<NewSession> {
    const token = newToken();
    const now = this.#clock.now();
    const expiresAt = Math.round(now + sessionMs);
    await this.#store.sessions.create({ hash: tokenHash(token), account: account.id, createdAt: now, expiresAt });
    return { account, token, expiresAt };
  }

  /** Who the token stands for; `undefined` when it is unknown, expired or signed out. Makes the session longer. */
  async find(token: string | undefined): Promise<SignedIn | undefined> {
    // 43 characters of base64url are 256 bits; anything else is none of ours and costs no look-up.
    if (token === undefined || !/^[\w-]{43}$/.test(token)) return undefined;
    const now = this.#clock.now();
    const session = await this.#store.sessions.get(tokenHash(token));
    if (!session || session.expiresAt <= now) return undefined;
    const account = await this.#store.accounts.get(session.account);
    if (!account) return undefined;
    const expiresAt = Math.round(now + sessionMs);
    if (expiresAt - session.expiresAt < extendEveryMs) return { account, session };
    await this.#store.sessions.extend(session.hash, expiresAt);
    return { account, session: { ...session, expiresAt } };
  }

  async close(token: string | undefined): Promise<void> {
    if (token !== undefined) await this.#store.sessions.remove(tokenHash(token));
  }

  /**
   * Throws `sign-in-again` unless this session began within the last hour: who finds a browser open must not be able
   * to make a lasting way in. An account without any way in may make its first one at any time.
   */
  async mustBeFresh({ account, session }: SignedIn): Promise<void> {
    if (this.#clock.now() - session.createdAt < freshMs) return;
    if (account.passwordHash === null && (await this.#store.passkeys.list(account.id)).length === 0) return;
    throw new Problem({
      status: 403,
      code: "sign-in-again",
      title: "Sign in again first",
      detail: "The ways to sign in can be changed within an hour of signing in.",
      action: "Sign out, sign in, and do it again.",
    });
  }
}
