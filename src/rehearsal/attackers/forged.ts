import type { Random } from "../model/random.ts";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Random text of base64url's letters. */
export function randomText(random: Random, length: number): string {
  let text = "";
  for (let i = 0; i < length; i++) text += alphabet[Math.floor(random() * alphabet.length)];
  return text;
}

/** What looks like one of our tokens (a JWT, RFC 7519, for this Space) and is signed by nobody. */
export function forgedToken(random: Random, space: string): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const header = { alg: random() < 0.1 ? "none" : "HS256", typ: "rostra-invite+jwt" };
  const claims = { role: "host", jti: randomText(random, 12), aud: space, iat: 1, exp: 4_000_000_000 };
  return `${part(header)}.${part(claims)}.${randomText(random, 43)}`;
}

/** An SDP offer as a browser makes it, with credentials of its own. */
export function realLookingOffer(random: Random): string {
  const hex = Array.from({ length: 32 }, () =>
    Math.floor(random() * 256)
      .toString(16)
      .padStart(2, "0")
      .toUpperCase(),
  );
  return [
    "v=0",
    `o=- ${Math.floor(random() * 2 ** 52)} 2 IN IP4 127.0.0.1`,
    "s=-",
    "t=0 0",
    "a=group:BUNDLE 0",
    "m=audio 9 UDP/TLS/RTP/SAVPF 111",
    "c=IN IP4 0.0.0.0",
    `a=ice-ufrag:${randomText(random, 4)}`,
    `a=ice-pwd:${randomText(random, 24)}`,
    `a=fingerprint:sha-256 ${hex.join(":")}`,
    "a=setup:actpass",
    "a=mid:0",
    "a=sendrecv",
    "a=rtcp-mux",
    "a=rtpmap:111 opus/48000/2",
    "",
  ].join("\r\n");
}
