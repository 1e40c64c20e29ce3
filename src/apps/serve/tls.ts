import { readCertificate, requireValidNow } from "../../edge/certificate.ts";
import type { ServeOptions } from "./options.ts";
import { requireFreeTcp } from "./ports.ts";

/**
 * What must be in order for TLS before any process is started: here somebody is looking. A process that is started again
 * later serves with a certificate that has ended meanwhile: visitors are warned, and whoever listens goes on.
 */
export async function requireTls({ host, fronts: { tls } }: Pick<ServeOptions, "host" | "fronts">): Promise<void> {
  if (!tls) return;
  requireValidNow(await readCertificate(tls), Date.now());
  await requireFreeTcp("--tls-port", host, tls.port);
}
