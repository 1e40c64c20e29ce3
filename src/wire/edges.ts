/**
 * How an edge follows another one over HTTP. Media come by the public paths; what only servers tell each other is under
 * `/edge/`, for whoever shows the key in `rostra-key`. Without it these paths are 401, and what only servers may say
 * (`rostra-chunks`, `x-forwarded-for`) is not heeded.
 */
export const edgePaths = {
  /** `GET`: the feed, as the origin tells it (`FeedLine`, NDJSON). */
  feed: "/edge/feed",
  /** `POST`: `AudienceReport`; 204. */
  audience: "/edge/audience",
} as const;

/**
 * Request header with the key. Not `Authorization`: that one belongs to whoever is asked for, and goes on to control with
 * what is passed; and caches on the way would not keep what was asked with it.
 */
export const keyHeader = "rostra-key";

/** Request header by which an edge tells who it is: the feed is refused to one that it comes from. */
export const edgeIdHeader = "rostra-edge";
/** How many edges a feed may have come through. */
export const maxEdgePath = 16;
export const isEdgeId = (text: unknown): text is string => typeof text === "string" && /^[a-z0-9]{4,32}$/.test(text);

/**
 * The base URL of an edge as players are told it, without a trailing slash; `undefined` for what is none: http or https, no
 * credentials, no query, no fragment, at most 200 characters.
 */
export function edgeUrl(text: string): string | undefined {
  const url = text.length <= 200 ? URL.parse(text) : null;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || /[?#]/.test(text)) return undefined;
  const base = url.href.replace(/\/+$/, "");
  return base.length <= 200 ? base : undefined;
}

/**
 * Response header (a trailer when the segment is sent while it is made) with the SHA-256 of a segment's bytes, RFC 9530:
 * `Repr-Digest: sha-256=:<base64>:`. The origin makes it; every edge checks it and passes it on.
 */
export const digestHeader = "repr-digest";

export const formatDigest = (sha256: Buffer): string => `sha-256=:${sha256.toString("base64")}:`;

/** The SHA-256 that a `Repr-Digest` names, base64; `undefined` when it names none. */
export const parseDigest = (header: string | undefined): string | undefined =>
  /(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):/.exec(header ?? "")?.[1];
