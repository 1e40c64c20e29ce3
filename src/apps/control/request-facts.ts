import type { FastifyRequest } from "fastify";
import { addressSubject } from "../../foundation/address.ts";

/** The address of whoever asks: the last in `X-Forwarded-For`, as our edge wrote it; "local" for this machine itself. */
export const clientAddress = (request: FastifyRequest): string =>
  (request.ip as string | undefined) || /* over the socket, without an edge */ "local";

/** Whom that address stands for, where something is counted or capped by address. */
export const clientSubject = (request: FastifyRequest): string => addressSubject(clientAddress(request));

/** The origin that people use for this server, `https://host`: as configured, or as the request says. */
export function publicOrigin(request: FastifyRequest, configured: string | undefined): string {
  if (configured !== undefined) return new URL(configured).origin;
  const host = /^[A-Za-z0-9.\-_[\]:]{1,255}$/.test(request.host) ? request.host : "localhost";
  const origin = `${request.protocol}://${host}`;
  return URL.canParse(origin) ? origin : `${request.protocol}://localhost`;
}

/** The Bearer token of a request (RFC 6750); undefined when it carries none. */
export function bearer(request: FastifyRequest): string | undefined {
  const match = /^Bearer ([A-Za-z0-9._~+/-]+=*)$/i.exec(request.headers.authorization ?? "");
  return match?.[1];
}
