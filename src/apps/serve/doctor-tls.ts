import { readCertificate } from "../../edge/certificate.ts";
import { errno, Problem, reason } from "../../foundation/errors.ts";
import { fail, type Finding, ok, warn } from "./finding.ts";
import type { ServeOptions } from "./options.ts";
import { tryTcp } from "./ports.ts";

const dayMs = 86_400_000;
/** A certificate should be renewed before it has this long left; those of ACME are renewed with a third of 90 days left. */
const soonMs = 14 * dayMs;

/** What `rostra doctor` says of TLS; nothing when it was not asked for. `tries` says whether the port is tried. */
export async function tlsFindings(
  { host, publicUrl, fronts: { tls } }: ServeOptions,
  tries: boolean,
): Promise<Finding[]> {
  if (!tls) return [];
  const failed = tries ? await tryTcp(host, tls.port) : undefined;
  const where = `TCP ${host}:${tls.port}`;
  const port = failed
    ? fail("HTTPS port", `${where} ${errno(failed) ?? reason(failed)}`, "Give another with --tls-port.")
    : ok("HTTPS port", tries ? `${where} is free` : where);
  return [port, await certificate(tls, publicUrl)];
}

async function certificate(files: { cert: string; key: string }, publicUrl: string | undefined): Promise<Finding> {
  const what = "certificate";
  try {
    const found = await readCertificate(files);
    const told = `${found.names}, until ${new Date(found.validTo).toISOString()}`;
    const left = found.validTo - Date.now();
    const host = publicUrl === undefined ? undefined : new URL(publicUrl).hostname.replace(/^\[|\]$/g, "");
    const worry = (action: string): Finding => warn(what, told, action);
    if (left < 0 || found.validFrom > Date.now())
      return fail(what, told, "It is not valid at this time: renew it, or set the clock.");
    if (host !== undefined && !found.covers(host))
      return worry(`It is not for ${host} of --public-url: browsers will refuse it.`);
    if (left < soonMs)
      return worry("Renew it now: two weeks are left at most. The files are read again by themselves.");
    if (found.selfSigned)
      return worry("It is signed by itself: browsers will warn of it. ACME clients get one that they accept.");
    if (found.chain === 1)
      return worry("Its file has no intermediate certificate; some clients need it: use the full chain.");
    return ok(what, told);
  } catch (thrown) {
    const action = thrown instanceof Problem ? thrown.action : "See docs/operate.md, “TLS”.";
    return fail(what, reason(thrown), action);
  }
}
