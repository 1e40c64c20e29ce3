import type { FastifyRequest } from "fastify";
import { priceHeader } from "../../../wire/price.ts";
import type { PeopleDesk } from "../people-routes.ts";
import { clientSubject } from "../request-facts.ts";
import type { Exemption, Payer } from "./price.ts";

/** An account that is older than this pays nothing. */
const oldAccountMs = 86_400_000;

/** Who is signed in with an account older than a day pays nothing. */
export const exemptionOf = (account: { readonly createdAt: number } | undefined, now: number): Exemption | undefined =>
  account && now - account.createdAt >= oldAccountMs ? "account" : undefined;

/** What tells, once, by what a request's session pays nothing. It keeps nothing of the request but the session's token. */
export function exemptionBy(desk: PeopleDesk, request: FastifyRequest, now: () => number): Payer["free"] {
  const token = desk.sessionToken(request);
  if (token === undefined) return nothing;
  let found: Promise<Exemption | undefined> | undefined;
  return () => (found ??= desk.people.signedIn(token).then((who) => exemptionOf(who?.account, now())));
}
const nothing = (): undefined => undefined;

/** Whoever asks the API for a priced act. */
export function payerOf(request: FastifyRequest, free: Payer["free"]): Payer {
  const payment = request.headers[priceHeader];
  return { address: clientSubject(request), payment: typeof payment === "string" ? payment : undefined, free };
}
