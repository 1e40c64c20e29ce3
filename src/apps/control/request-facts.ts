import type { FastifyRequest } from "fastify";

/**
 * The address of whoever asks, as our edge wrote it: the last in `X-Forwarded-For`, since an edge appends what it saw.
 * A request without one comes from this machine.
 */
export function clientAddress(request: FastifyRequest): string {
  const header = request.headers["x-forwarded-for"];
  const text = Array.isArray(header) ? header.join(",") : (header ?? "");
  return text.split(",").at(-1)?.trim() || "local";
}

/** The origin that people use for this server, `https://host`: as configured, or as the request says. */
export function publicOrigin(request: FastifyRequest, configured: string | undefined): string {
  if (configured !== undefined) return new URL(configured).origin;
  const forwarded = request.headers["x-forwarded-proto"];
  const scheme = forwarded === "https" ? "https" : "http";
  const host = request.headers.host ?? "localhost";
  return /^[A-Za-z0-9.\-_[\]:]{1,255}$/.test(host) ? `${scheme}://${host}` : `${scheme}://localhost`;
}

/** The Bearer token of a request (RFC 6750); undefined when it carries none. */
export function bearer(request: FastifyRequest): string | undefined {
  const match = /^Bearer ([A-Za-z0-9._~+/-]+=*)$/i.exec(request.headers.authorization ?? "");
  return match?.[1];
}
