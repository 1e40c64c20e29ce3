/**
 * How a server's owner permits a rehearsal from elsewhere: as a certificate authority asks who owns a name (HTTP-01, RFC 8555,
 * section 8.3), by something at a well-known address (RFC 8615) that only the owner can put there. The code is made for one run
 * by whoever wants to rehearse; only who knows it can ask for its permit, and nothing lists them.
 */
export interface Permit {
  readonly v: 1;
  readonly code: string;
  /** ms since 1970, by the server's clock; the permit is gone then. */
  readonly until: number;
  /** ms that are left of it, whatever the asker's clock says. */
  readonly leftMs: number;
  /** The most listeners at once. */
  readonly listeners: number;
}

const wellKnown = "/.well-known/rostra-rehearsal/";
/** 16 random bytes in hexadecimal: 128 bits, as much as RFC 8555 asks of a token. */
const codePattern = /^[0-9a-f]{32}$/;

export const isPermitCode = (text: unknown): text is string => typeof text === "string" && codePattern.test(text);
export const permitPath = (code: string): string => `${wellKnown}${code}`;
/** Whether a path (no query) is that of a permit; everything else below `/.well-known/` is nothing here. */
export const isPermitPath = (path: string): boolean =>
  path.startsWith(wellKnown) && isPermitCode(path.slice(wellKnown.length));

/** The longest that a permit holds, and the most listeners that it names. */
export const maxPermitMs = 24 * 3_600_000;
export const maxPermitListeners = 1_000_000;
