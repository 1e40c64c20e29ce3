/**
 * The addresses of the pages people open, and which built file answers each. Edges serve by `pageOf`; pages and control
 * (invite links, the owner link) make addresses with `pagePaths`. A secret rides in the fragment, which no server sees.
 */
export const pageFiles = ["index.html", "space.html", "stage.html", "desk.html", "ops.html"] as const;
export type PageFile = (typeof pageFiles)[number];

const patterns: readonly (readonly [RegExp, PageFile])[] = [
  [/^\/$/, "index.html"],
  [/^\/s\/[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/, "space.html"],
  [/^\/stage\/[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/, "stage.html"],
  [/^\/desk(?:\/[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?)?$/, "desk.html"],
  [/^\/(?:sign-in|owner)$/, "desk.html"],
  [/^\/ops$/, "ops.html"],
];

/** The built file that answers a path (no query); `undefined` when no page lives there. One trailing slash is forgiven. */
export function pageOf(path: string): PageFile | undefined {
  if (path.length > 100) return undefined;
  const bare = path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
  return patterns.find(([pattern]) => pattern.test(bare))?.[1];
}

export const pagePaths = {
  home: (): string => "/",
  /** Listen, before, during and after. */
  space: (slug: string): string => `/s/${slug}`,
  /** Come on stage; an invite's token rides as `#token`. */
  stage: (slug: string, token?: string): string => `/stage/${slug}${token === undefined ? "" : `#${token}`}`,
  desk: (slug?: string): string => (slug === undefined ? "/desk" : `/desk/${slug}`),
  signIn: (): string => "/sign-in",
  /** The one-time owner link. */
  owner: (token: string): string => `/owner#${token}`,
  ops: (): string => "/ops",
} as const;
