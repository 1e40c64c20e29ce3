import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { isIP } from "node:net";
import type tls from "node:tls";
import { errno, Problem, reason } from "../foundation/errors.ts";

const nodeTls: typeof tls = process.getBuiltinModule("node:tls");

/** Where a certificate and its key are, both PEM (RFC 7468). The certificate's file has the intermediate ones behind it. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** A certificate and its key that belong together. */
export interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** What it is valid for, as it says: `DNS:live.example.org, …`. */
  readonly names: string;
  /** Milliseconds since 1970. */
  readonly validFrom: number;
  readonly validTo: number;
  /** SHA-256 of the certificate: what a client can pin. */
  readonly fingerprint: string;
  /** How many certificates are in the file. */
  readonly chain: number;
  /** Whether it is signed by its own key, which no browser accepts. */
  readonly selfSigned: boolean;
  covers(host: string): boolean;
}

/**
 * Reads a certificate with its key and sees that they belong together. Problems: `tls-file-unreadable`, `tls-key-exposed`,
 * `tls-file-damaged`, `tls-key-mismatch`. Whether it is valid at this time is another question: `requireValidNow`.
 */
export async function readCertificate(files: CertificateFiles): Promise<Certificate> {
  const [cert, key] = await Promise.all([readPem(files.cert), readPem(files.key)]);
  await requireHidden(files.key);
  const leaf = parse(files.cert, "certificate", () => new X509Certificate(cert));
  const privateKey: KeyObject = parse(files.key, "private key", () => createPrivateKey(key));
  if (!leaf.checkPrivateKey(privateKey)) throw mismatch(files, leaf);
  // What OpenSSL does not take for other reasons, such as a key that is too short, is known now rather than by the first client.
  parse(files.cert, "certificate", () => nodeTls.createSecureContext({ cert, key }));
  return {
    cert,
    key,
    names: leaf.subjectAltName ?? leaf.subject,
    validFrom: leaf.validFromDate.getTime(),
    validTo: leaf.validToDate.getTime(),
    fingerprint: leaf.fingerprint256,
    chain: cert.toString("latin1").split("-----BEGIN CERTIFICATE-----").length - 1,
    selfSigned: leaf.verify(leaf.publicKey),
    covers: (host) => (isIP(host) ? leaf.checkIP(host) : leaf.checkHost(host)) !== undefined,
  };
}

/** Throws `tls-certificate-not-valid-now` when it is not valid at a time, ms since 1970. */
export function requireValidNow({ validFrom, validTo, names }: Certificate, now: number): void {
  if (now >= validFrom && now <= validTo) return;
  const day = (time: number): string => new Date(time).toISOString();
  throw new Problem({
    status: 500,
    code: "tls-certificate-not-valid-now",
    title: "The certificate is not valid at this time",
    detail: `The one for ${names} is valid from ${day(validFrom)} to ${day(validTo)}; it is ${day(now)} now.`,
    action: now > validTo ? "Renew it." : "Set the machine's clock, or use a certificate that is valid already.",
  });
}

async function readPem(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (thrown) {
    throw new Problem({
      status: 500,
      code: "tls-file-unreadable",
      title: "A file for TLS cannot be read",
      detail: `${path}: ${errno(thrown) ?? reason(thrown)}.`,
      action: "Give the right file with --tls-cert and --tls-key, and let the user that runs rostra read it.",
      cause: thrown,
    });
  }
}

/** A group that is made for it may read a key (0640), everybody may not. */
async function requireHidden(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const { mode } = await stat(path);
  if ((mode & 0o007) === 0) return;
  throw new Problem({
    status: 500,
    code: "tls-key-exposed",
    title: "Every user of this machine can read the private key",
    detail: `${path} has mode ${(mode & 0o777).toString(8).padStart(4, "0")}.`,
    action: `Run: chmod o-rwx ${path}. If somebody may have read it, have the certificate revoked and make a new key.`,
  });
}

function parse<T>(path: string, what: string, read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    throw new Problem({
      status: 500,
      code: "tls-file-damaged",
      title: "A file for TLS is not what it should be",
      detail: `${path} is no ${what} that can be used: ${reason(thrown)}.`,
      action: `It has to be PEM${what === "certificate" ? ", the server's own certificate first" : " without a passphrase, ECDSA or RSA"}.`,
      cause: thrown,
    });
  }
}

const mismatch = (files: CertificateFiles, leaf: X509Certificate): Problem =>
  new Problem({
    status: 500,
    code: "tls-key-mismatch",
    title: "The certificate and the key do not belong together",
    detail: `${files.key} is not the key of the first certificate in ${files.cert} (${leaf.subjectAltName ?? leaf.subject}).`,
    action: "Give the key that the certificate was made for; the server's own certificate comes first in its file.",
  });
