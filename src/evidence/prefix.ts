/** IPv6 prefixes are numbered from here on: those of IPv4 are below. */
const ipv6From = 2 ** 24;
/** What is no address; no prefix of IPv6 is this high (2^48 of them). */
export const noPrefix = ipv6From + 2 ** 48;

/** An address as numbers: its prefix (/24 or /48), and the two halves of what stands for one host (an IPv4 address, an IPv6 /64). */
export interface Origin {
  prefix: number;
  high: number;
  low: number;
}

/** Reads an address into `origin`, which is given so that nothing is made for each request. */
export function readOrigin(address: string, origin: Origin): Origin {
  const from = address.startsWith("::ffff:") && address.includes(".") ? 7 : 0;
  if (address.includes(":", from)) return readIpv6(address, origin);
  let [value, part, dots] = [0, 0, 0];
  for (let i = from; i < address.length; i++) {
    const code = address.charCodeAt(i);
    if (code === 46) {
      value = value * 256 + part;
      part = 0;
      dots++;
    } else if (code >= 48 && code <= 57) part = part * 10 + code - 48;
    else return none(origin);
  }
  if (dots !== 3 || part > 255) return none(origin);
  origin.prefix = value;
  origin.high = 0;
  origin.low = value * 256 + part;
  return origin;
}

/** The wider neighbourhood of a prefix: /16 of IPv4, /32 of IPv6. */
export const clusterOf = (prefix: number): number =>
  prefix < ipv6From ? Math.floor(prefix / 256) : ipv6From + Math.floor((prefix - ipv6From) / 65_536);

function readIpv6(address: string, origin: Origin): Origin {
  const [head = "", tail] = (address.split("%", 1)[0] ?? "").split("::");
  const groups = head === "" ? [] : head.split(":");
  if (tail !== undefined) {
    const right = tail === "" ? 0 : tail.split(":").length;
    while (groups.length + right < 8) groups.push("0");
    if (right > 0) groups.push(...tail.split(":"));
  }
  const [a, b, c, d] = groups.slice(0, 4).map((group) => Number.parseInt(group, 16));
  if (!(a !== undefined && b !== undefined && c !== undefined && d !== undefined)) return none(origin);
  if (!(a + b + c + d < 4 * 65_536)) return none(origin);
  origin.prefix = ipv6From + (a * 65_536 + b) * 65_536 + c;
  origin.high = a * 65_536 + b;
  origin.low = c * 65_536 + d;
  return origin;
}

function none(origin: Origin): Origin {
  origin.prefix = noPrefix;
  origin.high = 0;
  origin.low = 0;
  return origin;
}
