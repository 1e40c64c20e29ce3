import { stat } from "node:fs/promises";
import type { CertificateFiles } from "../../edge/certificate.ts";
import { readCertificate, requireValidNow } from "../../edge/certificate.ts";
import type { SecureOptions, SecureServer } from "../../edge/tls.ts";
import type { Clock } from "../../foundation/clock.ts";
import { type Milliseconds, seconds } from "../../foundation/duration.ts";
import { Problem, reason } from "../../foundation/errors.ts";
import type { Log } from "../../foundation/log.ts";
import type { Scope } from "../../foundation/scope.ts";
import type { Secrets } from "../../store/secrets.ts";

const lookMs = seconds(5);

/** What an edge needs for TLS: the certificate as it is now, and the tickets' keys of the installation. */
export async function secureOptions(files: CertificateFiles, secrets: Secrets): Promise<SecureOptions> {
  return { certificate: await readCertificate(files), ticketKeys: (day) => ticketKeys(secrets, day) };
}

/** A ticket's name (16 bytes, public), then the keys that authenticate and encrypt it (16 each), as OpenSSL takes them. */
const ticketKeys = (secrets: Secrets, day: number): Buffer =>
  Buffer.concat([secrets.key(`tls-ticket-name/${day}`).subarray(0, 16), secrets.key(`tls-tickets/${day}`)]);

export interface Renewal {
  readonly files: CertificateFiles;
  readonly secure: SecureServer;
  readonly clock: Clock;
  readonly log: Log;
  readonly scope: Scope;
  /** How often it is looked whether the files are others. @default 5 s */
  readonly every?: Milliseconds;
}

/**
 * Reads the certificate again when its files are others, and on SIGHUP. What is bad is told once, and the old one stays; of a
 * pair whose files are replaced one after the other the next look finds both.
 */
export async function renewCertificate({ files, secure, clock, log, scope, every = lookMs }: Renewal): Promise<void> {
  let known = await identity(files);
  let busy = false;
  const read = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    try {
      const certificate = await readCertificate(files);
      requireValidNow(certificate, clock.now());
      if (certificate.fingerprint === secure.certificate.fingerprint) return;
      secure.renew(certificate);
      log.info("certificate-renewed", { names: certificate.names, until: new Date(certificate.validTo).toISOString() });
    } catch (thrown) {
      const told = thrown instanceof Problem ? { code: thrown.code, action: thrown.action } : {};
      log.error("certificate-not-renewed", { reason: reason(thrown), ...told });
    } finally {
      busy = false;
    }
  };
  const look = async (): Promise<void> => {
    const now = await identity(files);
    if (now === known) return;
    known = now;
    await read();
  };
  scope.every(every, () => void look());
  const again = (): void => void read();
  process.on("SIGHUP", again);
  scope.onEnd(() => void process.off("SIGHUP", again));
}

/** Changes when a file is written to or another one is in its place, links followed. */
async function identity({ cert, key }: CertificateFiles): Promise<string> {
  const one = async (path: string): Promise<string> => {
    const found = await stat(path).catch(() => undefined);
    return found ? `${found.dev} ${found.ino} ${found.size} ${found.mtimeMs} ${found.mode}` : "none";
  };
  return (await Promise.all([one(cert), one(key)])).join(", ");
}
