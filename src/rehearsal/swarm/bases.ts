import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { SecureContext } from "node:tls";
import type { SwarmTarget } from "./contract.ts";

/** Different browsers that the crowd says it is: a server that tells listeners apart sees more than one behind an address. */
const agents = 16;

/** One edge as listeners reach it. */
export interface Base {
  /** An address: nobody waits for a name server. */
  readonly host: string;
  readonly port: number;
  readonly secure: Secure | undefined;
  /** The fields that every request here has, by agent. */
  readonly fields: readonly string[];
}

export interface Secure {
  readonly context: SecureContext;
  /** The name that is asked for and the certificate has to have; undefined: the address. */
  readonly servername: string | undefined;
  /** The latest session that the server gave: who was here before goes on with it. */
  session: Buffer | undefined;
}

/** The target's edges, their names looked up. Rejects when one is no address or has none. */
export function basesOf({ bases, host: told, ca }: SwarmTarget): Promise<readonly Base[]> {
  let context: SecureContext | undefined;
  return Promise.all(
    bases.map(async (base) => {
      const { protocol, hostname, port, host } = new URL(base);
      const isSecure = protocol === "https:";
      const known = told === undefined ? hostname : new URL(`${protocol}//${told}`).hostname;
      return {
        host: await addressOf(bare(hostname)),
        port: port === "" ? (isSecure ? 443 : 80) : Number(port),
        secure: isSecure
          ? {
              context: (context ??= secureContext(ca)),
              servername: isIP(bare(known)) ? undefined : known,
              session: undefined,
            }
          : undefined,
        fields: Array.from(
          { length: agents },
          (_, i) =>
            `Host: ${told ?? host}\r\nUser-Agent: Mozilla/5.0 (rehearsal ${i})\r\nAccept: */*\r\nAccept-Language: en\r\n`,
        ),
      };
    }),
  );
}

/** An IPv6 address without its brackets. */
const bare = (name: string): string => name.replace(/^\[(.*)\]$/, "$1");

/** A request for `path`, as the person of this number sends it. `more`: further fields, each with its line's end. */
export const requestFor = (base: Base, path: string, person: number, more = ""): string =>
  `GET ${path} HTTP/1.1\r\n${base.fields[person % agents] ?? ""}${more}\r\n`;

/** Source addresses are IPv4 when they are given: so is the target, if it has such an address. */
async function addressOf(name: string): Promise<string> {
  if (isIP(name)) return name;
  const { address } = await lookup(name, { order: "ipv4first" });
  return address;
}

function secureContext(ca: string | undefined): SecureContext {
  const tls = process.getBuiltinModule("node:tls");
  return tls.createSecureContext(ca === undefined ? {} : { ca: [...tls.rootCertificates, ca] });
}
