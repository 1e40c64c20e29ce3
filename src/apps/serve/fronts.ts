import { BlockList, isIP } from "node:net";
import type { CertificateFiles } from "../../edge/certificate.ts";
import type { Trust } from "../../edge/client-address.ts";
import { off, whole } from "./usage.ts";

/** How the public comes in: TLS of our own, and which proxies in front are believed. The same for every edge process. */
export interface FrontChoice {
  readonly tls: (CertificateFiles & { readonly port: number }) | undefined;
  readonly trustedHops: number;
  /** Addresses and CIDR ranges. */
  readonly trustedProxies: readonly string[];
  /** Whether connections from these begin with a PROXY protocol header. */
  readonly proxyProtocol: boolean;
}

/** Where the edges listen with TLS. */
const defaultTlsPort = 8443;
/** How many addresses and ranges are taken: each is looked at for every request. */
const maxRanges = 64;

type Words = Readonly<Record<string, string | boolean | undefined>>;

/** Reads the choice from the command's words and the environment; processes read it from their environment alone. Throws a `usage` Problem. */
export function frontChoice(words: Words, env: NodeJS.ProcessEnv): FrontChoice {
  const word = (name: string, variable: string): string => {
    const said = words[name];
    return (typeof said === "string" ? said : env[variable]) || "";
  };
  const cert = word("tls-cert", "ROSTRA_TLS_CERT");
  const key = word("tls-key", "ROSTRA_TLS_KEY");
  const tlsPort = word("tls-port", "ROSTRA_TLS_PORT");
  if (cert === "" && key !== "") throw off("--tls-cert", cert, "the certificate's file, with --tls-key");
  if (cert !== "" && key === "") throw off("--tls-key", key, "the private key's file, with --tls-cert");
  if (cert === "" && tlsPort !== "")
    throw off("--tls-port", tlsPort, "a port only together with --tls-cert and --tls-key");
  const trustedProxies = word("trusted-proxies", "ROSTRA_TRUSTED_PROXIES").split(",").filter(Boolean);
  trustedRanges(trustedProxies);
  const proxyProtocol = words["proxy-protocol"] === true || env["ROSTRA_PROXY_PROTOCOL"] === "1";
  if (proxyProtocol && trustedProxies.length === 0)
    throw off(
      "--proxy-protocol",
      "no --trusted-proxies",
      "the addresses of those who send the header in --trusted-proxies",
    );
  return {
    tls:
      cert === "" ? undefined : { cert, key, port: whole("--tls-port", tlsPort || String(defaultTlsPort), 1, 65_535) },
    trustedHops: whole("ROSTRA_TRUSTED_HOPS", env["ROSTRA_TRUSTED_HOPS"] || "0", 0, 9),
    trustedProxies,
    proxyProtocol,
  };
}

/** The environment from which `frontChoice` reads the same choice. */
export const frontEnvironment = (choice: FrontChoice): NodeJS.ProcessEnv => ({
  ROSTRA_TLS_CERT: choice.tls?.cert ?? "",
  ROSTRA_TLS_KEY: choice.tls?.key ?? "",
  ROSTRA_TLS_PORT: choice.tls ? String(choice.tls.port) : "",
  ROSTRA_TRUSTED_HOPS: String(choice.trustedHops),
  ROSTRA_TRUSTED_PROXIES: choice.trustedProxies.join(","),
  ROSTRA_PROXY_PROTOCOL: choice.proxyProtocol ? "1" : "0",
});

/** Whom an edge believes. */
export function trustOf({ trustedHops, trustedProxies }: FrontChoice): Trust {
  return { hops: trustedHops, ranges: trustedProxies.length > 0 ? trustedRanges(trustedProxies) : undefined };
}

/** Addresses and CIDR ranges as a list to look in. */
export function trustedRanges(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  if (ranges.length > maxRanges) throw off("--trusted-proxies", `${ranges.length} ranges`, `at most ${maxRanges}`);
  for (const range of ranges) {
    const [address = "", prefix] = range.split("/");
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    const bits = family === "ipv6" ? 128 : 32;
    const length = prefix === undefined ? bits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN;
    if (isIP(address) === 0 || !(length >= 0 && length <= bits))
      throw off(
        "--trusted-proxies",
        range,
        "addresses and ranges such as 10.0.0.0/8 or 2001:db8::/32, with commas between",
      );
    list.addSubnet(address, length, family);
  }
  return list;
}
