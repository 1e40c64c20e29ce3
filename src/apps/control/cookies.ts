/** Cookies whose values are base64url, so that nothing needs quoting (RFC 6265, section 4.1.1). */

/** The value of a cookie in a `Cookie` header; of several with one name, the first, as browsers send the closest first. */
export function cookieOf(header: string | undefined, name: string): string | undefined {
  for (const pair of (header ?? "").split(";")) {
    const at = pair.indexOf("=");
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim() || undefined;
  }
  return undefined;
}

/** A `Set-Cookie` that scripts cannot read and other sites' forms do not send. A life of 0 removes it. */
export function setCookie(
  name: string,
  value: string,
  { lifeMs, secure }: { readonly lifeMs: number; readonly secure: boolean },
): string {
  return `${name}=${value}; Path=/; Max-Age=${Math.round(lifeMs / 1000)}; HttpOnly; SameSite=Lax${secure ? "; Secure" : ""}`;
}
