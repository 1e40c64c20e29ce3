import type { Clock } from "../foundation/clock.ts";
import { Problem } from "../foundation/errors.ts";
import type { Log } from "../foundation/log.ts";
import type { Counter, Meter } from "../foundation/meter.ts";
import type { Account, Passkey, PeopleStore } from "./accounts.ts";
import { SignInGate, type SignInLimits, signInLimits } from "./attempts.ts";
import { type AuthenticationResponseJSON, PasskeyDesk, type RegistrationResponseJSON } from "./passkeys.ts";
import { type Cost, cost, Passwords } from "./passwords.ts";
import { type NewSession, SessionDesk, type SignedIn } from "./sessions.ts";
import { deviceId, newDevice, newId, newToken, tokenHash } from "./tokens.ts";

/** How long a one-time owner link can be used. */
export const ownerLinkMs = 24 * 3_600_000;
/** Known to every client, so that guesses at any account of this server are counted together. */
const ownerSubject = "owner";

export interface PeopleOptions {
  readonly store: PeopleStore;
  readonly clock: Clock;
  readonly log: Log;
  /** 32 secret bytes that stay the same: `secrets.key("people")`. */
  readonly key: Buffer;
  /** Counts sign-ins by their outcome. @default none is counted */
  readonly meter?: Meter;
  /** @default what `passwords.ts` says */
  readonly passwordCost?: Cost;
  /** @default what `attempts.ts` says */
  readonly limits?: SignInLimits;
}

/** What somebody gets who signed in: a session, and a token by which their device is known next time. */
export interface SignIn extends NewSession {
  readonly device: string;
}

/** The owner's account, the ways into it, and who is signed in. */
export class People {
  readonly #store: PeopleStore;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #key: Buffer;
  readonly #outcomes: Counter | undefined;
  readonly #passwords: Passwords;
  readonly #gate: SignInGate;
  readonly #sessions: SessionDesk;
  readonly #passkeys: PasskeyDesk;

  constructor(options: PeopleOptions) {
    const { store, clock, log, key } = options;
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    this.#key = key;
    this.#outcomes = options.meter?.counter("rostra_sign_ins_total", "Attempts to sign in, by outcome.");
    this.#passwords = new Passwords(options.passwordCost ?? cost);
    this.#gate = new SignInGate(options.limits ?? signInLimits);
    this.#sessions = new SessionDesk(store, clock);
    this.#passkeys = new PasskeyDesk({ store, clock, log, key });
  }

  async ownerExists(): Promise<boolean> {
    return (await this.#store.accounts.owner()) !== undefined;
  }

  /**
   * A new one-time link's token; `undefined` when there is an owner and `force` is not set. Those made before stay
   * good until one of them is used or they expire.
   */
  async newOwnerLink(force = false): Promise<{ readonly token: string; readonly expiresAt: number } | undefined> {
    if (!force && (await this.ownerExists())) return undefined;
    const token = newToken();
    const now = this.#clock.now();
    const expiresAt = Math.round(now + ownerLinkMs);
    await this.#store.claims.add({ hash: tokenHash(token), createdAt: now, expiresAt });
    return { token, expiresAt };
  }

  /** Uses a one-time link: its holder is the owner from now on, and everybody else who was signed in as owner is not. */
  async claim(token: string, name: string): Promise<SignIn> {
    const redeemed = await this.#store.claims.redeem(tokenHash(token), this.#clock.now(), { id: newId(), name });
    if (!redeemed.ok) throw linkRefused(redeemed.why);
    const { account } = redeemed;
    await this.#store.sessions.removeOf(account.id);
    this.#log.info("owner-link-used", { account: account.id });
    return this.#signIn(account);
  }

  /**
   * Signs in with a password. Wrong and not there read and take the same.
   *
   * @param from the address it comes from, and the device token, if it has one
   */
  async signIn(
    password: string,
    from: { readonly address: string; readonly device?: string | undefined },
  ): Promise<SignIn> {
    return this.#counted(async () => {
      const device = deviceId(this.#key, from.device);
      const succeeded = this.#gate.enter(ownerSubject, from.address, device, this.#clock.now());
      const account = await this.#store.accounts.owner();
      const isRight = await this.#passwords.verify(password, account?.passwordHash);
      if (!account || !isRight) throw signInRefused();
      succeeded();
      return account;
    });
  }

  /** Sets the password, within an hour of signing in, and ends the account's other sessions. */
  async setPassword(who: SignedIn, password: string): Promise<void> {
    await this.#sessions.mustBeFresh(who);
    const hash = await this.#passwords.hash(password, [who.account.name]);
    await this.#store.accounts.setPassword(who.account.id, hash);
    await this.#store.sessions.removeOf(who.account.id, who.session.hash);
    this.#log.info("password-set", { account: who.account.id });
  }

  /** Who holds this session token. */
  signedIn(token: string | undefined): Promise<SignedIn | undefined> {
    return this.#sessions.find(token);
  }

  signOut(token: string | undefined): Promise<void> {
    return this.#sessions.close(token);
  }

  /** @param host what people use, with its port; passkeys are for it */
  async passkeyRegistration(who: SignedIn, host: string): ReturnType<PasskeyDesk["registrationOptions"]> {
    await this.#sessions.mustBeFresh(who);
    return this.#passkeys.registrationOptions(who.account, host);
  }

  async registerPasskey(who: SignedIn, host: string, response: RegistrationResponseJSON): Promise<string> {
    await this.#sessions.mustBeFresh(who);
    const { id } = await this.#passkeys.register(who.account, host, response);
    this.#log.info("passkey-registered", { account: who.account.id });
    return id;
  }

  passkeysOf(who: SignedIn): Promise<readonly Passkey[]> {
    return this.#store.passkeys.list(who.account.id);
  }

  /** Removes one of the account's own passkeys; one that is not there is removed already. */
  async removePasskey(who: SignedIn, id: string): Promise<void> {
    await this.#sessions.mustBeFresh(who);
    const passkey = await this.#store.passkeys.get(id);
    if (passkey?.account !== who.account.id) return;
    await this.#store.passkeys.remove(id);
    this.#log.info("passkey-removed", { account: who.account.id });
  }

  passkeyLogin(host: string): ReturnType<PasskeyDesk["loginOptions"]> {
    return this.#passkeys.loginOptions(host);
  }

  /** Signs in with a passkey. Not counted as an attempt: there is nothing to guess, and nobody can be locked out by it. */
  async signInWithPasskey(host: string, response: AuthenticationResponseJSON): Promise<SignIn> {
    return this.#counted(() => this.#passkeys.login(host, response));
  }

  /** Counts how it ended: `accepted`, or the code of the problem that refused it. */
  async #counted(attempt: () => Promise<Account>): Promise<SignIn> {
    try {
      const signIn = await this.#signIn(await attempt());
      this.#outcomes?.add(1, { outcome: "accepted" });
      return signIn;
    } catch (thrown) {
      const outcome = thrown instanceof Problem ? thrown.code : "failed";
      this.#outcomes?.add(1, { outcome });
      // Those that wait are counted only: a flood of them must not fill the log.
      if (outcome !== "too-many-attempts") this.#log.info("sign-in-refused", { outcome });
      throw thrown;
    }
  }

  async #signIn(account: Account): Promise<SignIn> {
    this.#log.info("signed-in", { account: account.id });
    return { ...(await this.#sessions.open(account)), device: newDevice(this.#key) };
  }
}

const signInRefused = (): Problem =>
  new Problem({
    status: 401,
    code: "sign-in-refused",
    title: "Signing in did not work",
    detail: "The password is not right, or none is set.",
    action: "Try again, use a passkey, or make a new owner link with `rostra owner-link` on the server.",
  });

const linkRefused = (why: "unknown" | "used" | "expired"): Problem =>
  new Problem({
    status: why === "unknown" ? 404 : 410,
    code: `owner-link-${why}`,
    title: "This owner link does not work",
    detail: { unknown: "It is not of this server.", used: "It was used already.", expired: "It is too old." }[why],
    action: "Make a new one with `rostra owner-link` on the server.",
  });
