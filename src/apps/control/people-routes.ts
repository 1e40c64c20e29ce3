import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Passkey } from "../../people/accounts.ts";
import { guardOrigin, isOurOwn } from "../../people/origin-guard.ts";
import type { People, SignIn } from "../../people/people.ts";
import { sessionMs, type SignedIn } from "../../people/sessions.ts";
import type { Me } from "../../wire/api.ts";
import {
  authenticationResponseSchema,
  claimSchema,
  type PasskeyInfo,
  passwordSchema,
  type RegisteredPasskey,
  registrationResponseSchema,
} from "../../wire/people.ts";
import { cookieOf, setCookie } from "./cookies.ts";
import { parseBody, signInNeeded } from "./problems.ts";
import { clientAddress, publicOrigin } from "./request-facts.ts";

/** A known device stays known for a year after signing in there. */
const deviceMs = 365 * 86_400_000;

/** Who is signed in, and whether a request may be heeded: for every route of control. */
export class PeopleDesk {
  readonly people: People;
  readonly #publicUrl: URL | undefined;

  /** @param publicUrl what people type, when TLS ends in front of this server */
  constructor(people: People, publicUrl: string | undefined) {
    this.people = people;
    this.#publicUrl = publicUrl === undefined ? undefined : new URL(publicUrl);
  }

  /** Who is signed in, by the cookie alone. */
  signedIn(request: FastifyRequest): Promise<SignedIn | undefined> {
    return this.people.signedIn(this.sessionToken(request));
  }

  /** Who is signed in; throws `sign-in-needed` (401) when nobody is. */
  async mustBeSignedIn(request: FastifyRequest): Promise<SignedIn> {
    const who = await this.signedIn(request);
    if (!who) throw signInNeeded();
    return who;
  }

  /**
   * Throws `foreign-origin` (403) when a page of another site makes an unsafe request. To be called before every route
   * that changes something by force of the session cookie; a request with a Bearer token needs no cookie and no guard.
   */
  guard(request: FastifyRequest): void {
    guardOrigin({ ...this.#origin(request), method: request.method });
  }

  /** Whether one of our own pages asks: for a WebSocket, whose handshake is a GET but not a safe one. */
  isOurOwn(request: FastifyRequest): boolean {
    return isOurOwn(this.#origin(request));
  }

  sessionToken(request: FastifyRequest): string | undefined {
    return cookieOf(request.headers.cookie, this.#name(request, "rostra"));
  }

  deviceToken(request: FastifyRequest): string | undefined {
    return cookieOf(request.headers.cookie, this.#name(request, "rostra-device"));
  }

  /** The host that passkeys are for. */
  host(request: FastifyRequest): string {
    return this.#publicUrl?.host ?? request.host;
  }

  /** Gives the browser what it needs to be signed in, and to be known next time. */
  welcome(request: FastifyRequest, reply: FastifyReply, { token, device }: SignIn): void {
    this.keepSession(request, reply, token);
    this.#set(request, reply, "rostra-device", device, deviceMs);
  }

  /** Sends the session cookie (again): the browser keeps it as long as the server does, from now. */
  keepSession(request: FastifyRequest, reply: FastifyReply, token: string): void {
    this.#set(request, reply, "rostra", token, sessionMs);
  }

  farewell(request: FastifyRequest, reply: FastifyReply): void {
    this.#set(request, reply, "rostra", "", 0);
  }

  #set(request: FastifyRequest, reply: FastifyReply, name: string, value: string, lifeMs: number): void {
    const secure = this.#isSecure(request);
    void reply.header("set-cookie", setCookie(this.#name(request, name), value, { lifeMs, secure }));
  }

  /** With the prefix, browsers take the cookie only over HTTPS, from this very host, for all of its paths (RFC 6265bis). */
  #name(request: FastifyRequest, name: string): string {
    return this.#isSecure(request) ? `__Host-${name}` : name;
  }

  #isSecure(request: FastifyRequest): boolean {
    if (this.#publicUrl?.host === request.host) return this.#publicUrl.protocol === "https:";
    return publicOrigin(request, undefined).startsWith("https:");
  }

  #origin({ headers, host }: FastifyRequest): Parameters<typeof isOurOwn>[0] {
    const fetchSite = headers["sec-fetch-site"];
    return {
      origin: headers.origin,
      fetchSite: Array.isArray(fetchSite) ? fetchSite.join(",") : fetchSite,
      hosts: this.#publicUrl ? [host, this.#publicUrl.host] : [host],
    };
  }
}

const iso = (at: number): string => new Date(at).toISOString();

const passkeyInfo = ({ id, createdAt, lastUsedAt }: Passkey): PasskeyInfo => ({
  id,
  createdAt: iso(createdAt),
  lastUsedAt: lastUsedAt === null ? null : iso(lastUsedAt),
});

/**
 * The routes for owners, listed at the end of `src/wire/api.ts`. Expects `registerProblems` on the app.
 *
 * @param chargeSignUp throws while a one-time link may be tried only for a price
 */
export async function registerPeople(
  app: FastifyInstance,
  desk: PeopleDesk,
  chargeSignUp: (request: FastifyRequest) => void | Promise<void> = () => {},
): Promise<void> {
  const { people } = desk;
  await app.register(
    async (api) => {
      api.addHook("onRequest", async (request, reply) => {
        void reply.header("cache-control", "no-store");
        desk.guard(request);
      });

      api.get("/me", async (request, reply): Promise<Me> => {
        const who = await desk.signedIn(request);
        const token = desk.sessionToken(request);
        if (who && token !== undefined) desk.keepSession(request, reply, token);
        return {
          signedIn: who !== undefined,
          name: who?.account.name ?? null,
          role: who?.account.role ?? null,
          ownerExists: who !== undefined || (await people.ownerExists()),
        };
      });

      api.post("/owner/claim", async (request, reply) => {
        const { token, name } = parseBody(claimSchema, request.body);
        await chargeSignUp(request);
        desk.welcome(request, reply, await people.claim(token, name));
        return reply.code(204).send();
      });

      api.post("/owner/password", async (request, reply) => {
        const who = await desk.mustBeSignedIn(request);
        await people.setPassword(who, parseBody(passwordSchema, request.body).password);
        return reply.code(204).send();
      });

      api.post("/session", async (request, reply) => {
        const { password } = parseBody(passwordSchema, request.body);
        const from = { address: clientAddress(request), device: desk.deviceToken(request) };
        desk.welcome(request, reply, await people.signIn(password, from));
        return reply.code(204).send();
      });

      api.delete("/session", async (request, reply) => {
        await people.signOut(desk.sessionToken(request));
        desk.farewell(request, reply);
        return reply.code(204).send();
      });

      api.get("/passkeys", async (request): Promise<{ readonly passkeys: readonly PasskeyInfo[] }> => {
        const passkeys = await people.passkeysOf(await desk.mustBeSignedIn(request));
        return { passkeys: passkeys.map(passkeyInfo) };
      });

      api.delete<{ Params: { id: string } }>("/passkeys/:id", async (request, reply) => {
        await people.removePasskey(await desk.mustBeSignedIn(request), request.params.id);
        return reply.code(204).send();
      });

      api.post("/passkeys/register/options", async (request) =>
        people.passkeyRegistration(await desk.mustBeSignedIn(request), desk.host(request)),
      );

      api.post("/passkeys/register/verify", async (request, reply): Promise<RegisteredPasskey> => {
        const who = await desk.mustBeSignedIn(request);
        const response = parseBody(registrationResponseSchema, request.body);
        const id = await people.registerPasskey(who, desk.host(request), response);
        void reply.code(201);
        return { id };
      });

      api.post("/passkeys/login/options", async (request) => people.passkeyLogin(desk.host(request)));

      api.post("/passkeys/login/verify", async (request, reply) => {
        const response = parseBody(authenticationResponseSchema, request.body);
        desk.welcome(request, reply, await people.signInWithPasskey(desk.host(request), response));
        return reply.code(204).send();
      });
    },
    { prefix: "/api/v1" },
  );
}
