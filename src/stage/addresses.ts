import { isIP } from "node:net";
import { networkInterfaces, type NetworkInterfaceInfo } from "node:os";

/**
 * The addresses at which speakers may reach this machine, best first: the announced public ones, those of the
 * interfaces, and loopback last (the same machine, or a container whose port is published on its host's loopback).
 * Link-local addresses are left out: they do not say on which link.
 */
export function reachableAddresses(
  publicIps: readonly string[],
  interfaces: NodeJS.Dict<NetworkInterfaceInfo[]> = networkInterfaces(),
): string[] {
  const own = Object.values(interfaces)
    .flatMap((one) => one ?? [])
    .filter((one) => !one.internal && !/^(?:fe[89ab]|169\.254\.)/i.test(one.address))
    .map((one) => one.address);
  const v4 = own.filter((address) => isIP(address) === 4);
  const v6 = own.filter((address) => isIP(address) === 6);
  return [...new Set([...publicIps.filter((ip) => isIP(ip) !== 0), ...v4, ...v6, "127.0.0.1"])].slice(0, maxAddresses);
}

/** The most addresses that are announced; a client tries each of them. */
const maxAddresses = 16;
