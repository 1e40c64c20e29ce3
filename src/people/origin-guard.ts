import { Problem } from "../foundation/errors.ts";

/** The headers the guard looks at. */
export interface RequestOrigin {
  readonly method: string;
  /** `Origin` */
  readonly origin: string | undefined;
  /** `Sec-Fetch-Site` */
  readonly fetchSite: string | undefined;
  /** The hosts (with ports) under which people use this server: of the request itself, and of the public URL. */
  readonly hosts: readonly string[];
}

const safeMethods = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Whether a request comes from our own pages, or from no page at all. Browsers say where a request comes from in
 * `Sec-Fetch-Site` (W3C Fetch Metadata), or, where the connection is not a trusted one, at least in `Origin` (RFC 6454);
 * pages cannot forge either. A request that has neither is not sent by a page, and carries no cookie that its sender
 * does not hold.
 */
export function isOurOwn({ origin, fetchSite, hosts }: Omit<RequestOrigin, "method">): boolean {
  if (fetchSite !== undefined) return fetchSite === "same-origin" || fetchSite === "none";
  if (origin === undefined) return true;
  return URL.canParse(origin) && hosts.includes(new URL(origin).host);
}

/** Throws `foreign-origin` for a request that would change something and that another site's page sent. */
export function guardOrigin(request: RequestOrigin): void {
  if (safeMethods.has(request.method) || isOurOwn(request)) return;
  throw new Problem({
    status: 403,
    code: "foreign-origin",
    title: "This request came from another site",
    detail: `It came from ${request.origin ?? "another site"}; this server is ${request.hosts.join(" or ")}.`,
    action: "Use this server's own pages. If this is its address, set ROSTRA_PUBLIC_URL to what people type.",
  });
}
