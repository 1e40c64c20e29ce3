import type { IncomingMessage } from "node:http";

/** The proxies in front of this server that are believed, counted from here outward. 0: nobody is. */
export type TrustedHops = number;

const forwardedFor = (request: IncomingMessage): string[] => {
  const header = request.headers["x-forwarded-for"];
  const text = Array.isArray(header) ? header.join(",") : (header ?? "");
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
};

/** The address of whoever asks: the connection's peer, or what the outermost trusted proxy says that its peer was. */
export function clientAddress(request: IncomingMessage, trustedHops: TrustedHops): string {
  const peer = request.socket.remoteAddress ?? "unknown";
  if (trustedHops === 0) return peer;
  const told = forwardedFor(request);
  return told[Math.max(0, told.length - trustedHops)] ?? peer;
}

/**
 * The `x-forwarded-*` headers for the next process: one address, the one that is believed, so that nobody after this has
 * to know how many proxies there are. Without a trusted proxy what the client claims is overwritten; with one, protocol
 * and host are as the proxy tells them.
 */
export function forwardedHeaders(request: IncomingMessage, trustedHops: TrustedHops): Record<string, string> {
  const from = { "x-forwarded-for": clientAddress(request, trustedHops) };
  if (trustedHops === 0) return { ...from, "x-forwarded-proto": "http" };
  const { "x-forwarded-proto": proto, "x-forwarded-host": host } = request.headers;
  return {
    ...from,
    "x-forwarded-proto": proto === "https" ? "https" : "http",
    ...(typeof host === "string" ? { "x-forwarded-host": host } : {}),
  };
}
