import type { AuthenticationResponseJSON, RegistrationResponseJSON } from "@simplewebauthn/server";
import { isIP } from "node:net";
import type { Clock } from "../foundation/clock.ts";
import { Problem, reason } from "../foundation/errors.ts";
import type { Log } from "../foundation/log.ts";
import type { Account, Passkey, PeopleStore } from "./accounts.ts";
import { challengeExpiry, newChallenge, tokenHash } from "./tokens.ts";

/** How long a challenge may be answered. */
export const challengeMs = 5 * 60_000;
/** The most passkeys of one account. */
export const maxPasskeys = 20;

/** EdDSA, ES256, RS256 (IANA COSE Algorithms): what today's authenticators have and Node offers without a warning. */
const algorithms = [-8, -7, -257];

/** Loaded at first use: it brings certificates and encodings that a server where nobody signs in does not need. */
const webauthn = async (): Promise<typeof import("@simplewebauthn/server")> => import("@simplewebauthn/server");
type Library = Awaited<ReturnType<typeof webauthn>>;
export type RegistrationOptions = Awaited<ReturnType<Library["generateRegistrationOptions"]>>;
export type LoginOptions = Awaited<ReturnType<Library["generateAuthenticationOptions"]>>;
export type { AuthenticationResponseJSON, RegistrationResponseJSON };

/** For which host a passkey is, and from which origins it may be used. */
export interface RelyingParty {
  readonly id: string;
  readonly origins: string[];
}

/**
 * The relying party (WebAuthn section 5.1.2) of the host that people use, with its port. Browsers use passkeys in secure
 * contexts only: over HTTPS, or on localhost. An IP address cannot be a relying party.
 */
export function relyingParty(host: string): RelyingParty {
  const id = URL.canParse(`https://${host}`) ? new URL(`https://${host}`).hostname : "";
  if (id !== "" && isIP(id.replaceAll(/^\[|\]$/g, "")) === 0) {
    const isLocal = id === "localhost" || id.endsWith(".localhost");
    return { id, origins: [`https://${host}`, ...(isLocal ? [`http://${host}`] : [])] };
  }
  throw new Problem({
    status: 409,
    code: "passkey-needs-name",
    title: "Passkeys need a host name",
    detail: `A browser keeps passkeys for names, not for the address ${host}.`,
    action: "Open this server by its name (or localhost) over HTTPS, or use a password.",
  });
}

/** Registers passkeys and signs in with them (W3C Web Authentication Level 3, sections 7.1 and 7.2). */
export class PasskeyDesk {
  readonly #store: PeopleStore;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #key: Buffer;

  constructor(options: { store: PeopleStore; clock: Clock; log: Log; key: Buffer }) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#key = options.key;
  }

  /** What the browser needs to make a passkey for this account. */
  async registrationOptions(account: Account, host: string): Promise<RegistrationOptions> {
    const { id: rpID } = relyingParty(host);
    const known = await this.#store.passkeys.list(account.id);
    if (known.length >= maxPasskeys) throw tooManyPasskeys();
    return (await webauthn()).generateRegistrationOptions({
      rpName: "Rostra",
      rpID,
      userName: account.name,
      userDisplayName: account.name,
      userID: new Uint8Array(Buffer.from(account.id)),
      challenge: newChallenge(this.#key, `register ${account.id}`, this.#clock.now() + challengeMs),
      timeout: challengeMs,
      attestationType: "none",
      supportedAlgorithmIDs: algorithms,
      excludeCredentials: known.map(({ id, transports }) => ({ id, transports: [...transports] })),
      // Resident, so that nobody needs to say who they are; verified, so that the key alone is not enough.
      authenticatorSelection: { residentKey: "required", userVerification: "required" },
    });
  }

  /** Keeps the passkey that the browser made. */
  async register(account: Account, host: string, response: RegistrationResponseJSON): Promise<Passkey> {
    const { id: rpID, origins } = relyingParty(host);
    const challenge = this.#challenge(`register ${account.id}`);
    const { verifyRegistrationResponse } = await webauthn();
    const verified = await verifyRegistrationResponse({
      response,
      expectedChallenge: challenge.isOurs,
      expectedOrigin: origins,
      expectedRPID: rpID,
      requireUserVerification: true,
      supportedAlgorithmIDs: algorithms,
    }).catch((thrown: unknown) => this.#refuse("passkey-registration-refused", thrown));
    if (!verified?.verified) throw refused(422, "This passkey cannot be registered");
    if (!(await challenge.spend())) throw refused(422, "This passkey cannot be registered");
    if ((await this.#store.passkeys.list(account.id)).length >= maxPasskeys) throw tooManyPasskeys();
    const { id, publicKey, counter, transports } = verified.registrationInfo.credential;
    const passkey: Passkey = {
      id,
      account: account.id,
      publicKey,
      counter,
      transports: transports ?? [],
      createdAt: Math.round(this.#clock.now()),
      lastUsedAt: null,
    };
    if (!(await this.#store.passkeys.add(passkey))) throw refused(409, "This passkey is registered already");
    return passkey;
  }

  /** What the browser needs to ask for a passkey. Writes nothing and tells nothing about who has an account. */
  async loginOptions(host: string): Promise<LoginOptions> {
    return (await webauthn()).generateAuthenticationOptions({
      rpID: relyingParty(host).id,
      challenge: newChallenge(this.#key, "login", this.#clock.now() + challengeMs),
      timeout: challengeMs,
      userVerification: "required",
    });
  }

  /** The account whose passkey answered; every refusal reads the same. */
  async login(host: string, response: AuthenticationResponseJSON): Promise<Account> {
    const { id: rpID, origins } = relyingParty(host);
    const known = await this.#store.passkeys.get(response.id);
    if (!known) throw refused(401, "This passkey was not accepted");
    const challenge = this.#challenge("login");
    const { verifyAuthenticationResponse } = await webauthn();
    const verified = await verifyAuthenticationResponse({
      response,
      expectedChallenge: challenge.isOurs,
      expectedOrigin: origins,
      expectedRPID: rpID,
      requireUserVerification: true,
      credential: {
        id: known.id,
        publicKey: new Uint8Array(known.publicKey),
        counter: known.counter,
        transports: [...known.transports],
      },
    }).catch((thrown: unknown) => this.#refuse("passkey-refused", thrown));
    if (!verified?.verified) throw refused(401, "This passkey was not accepted");
    const { userHandle } = response.response;
    const isOther = userHandle !== undefined && Buffer.from(userHandle, "base64url").toString() !== known.account;
    if (isOther || !(await challenge.spend())) throw refused(401, "This passkey was not accepted");
    const { newCounter } = verified.authenticationInfo;
    if (!(await this.#store.passkeys.used(known.id, newCounter, this.#clock.now()))) {
      this.#log.warn("passkey-counter-went-back", { passkey: known.id, counter: newCounter });
      throw refused(401, "This passkey was not accepted");
    }
    const account = await this.#store.accounts.get(known.account);
    if (!account) throw refused(401, "This passkey was not accepted");
    return account;
  }

  /** Checks that the challenge that was answered is ours, and notes that it was answered, once. */
  #challenge(purpose: string): {
    readonly isOurs: (challenge: string) => boolean;
    readonly spend: () => Promise<boolean>;
  } {
    let answered: { readonly hash: string; readonly expiresAt: number } | undefined;
    return {
      isOurs: (challenge) => {
        const expiresAt = challengeExpiry(this.#key, purpose, challenge, this.#clock.now());
        // The bytes, not the text: base64url has more than one spelling of the same bytes.
        const hash = tokenHash(Buffer.from(challenge, "base64url").toString("base64url"));
        answered = expiresAt === undefined ? undefined : { hash, expiresAt };
        return answered !== undefined;
      },
      spend: async () => answered !== undefined && this.#store.challenges.spend(answered.hash, answered.expiresAt),
    };
  }

  #refuse(event: string, thrown: unknown): undefined {
    this.#log.info(event, { reason: reason(thrown) });
    return undefined;
  }
}

const refused = (status: number, title: string): Problem =>
  new Problem({
    status,
    code: "passkey-refused",
    title,
    detail: "It is unknown here, was made for another address, or its answer came too late or twice.",
    action: "Try again from the beginning, or sign in another way.",
  });

const tooManyPasskeys = (): Problem =>
  new Problem({
    status: 409,
    code: "too-many-passkeys",
    title: "This account has as many passkeys as it may have",
    detail: `An account has at most ${maxPasskeys}.`,
    action: "Remove one that is no longer used.",
  });
