import { isIPv4, isIPv6 } from "node:net";

/** An address or a range of addresses. */
export interface Prefix {
  readonly family: "ipv4" | "ipv6";
  /** Bits that are the same for all in it: 32 or 128 for a single address. */
  readonly length: number;
  /** Its first address. */
  readonly value: bigint;
  /** As people write it, always the same for the same prefix: `192.0.2.7/32`, `2001:db8:1:2::/64`. */
  readonly text: string;
}

/** The widest that is ever handed down: fewer bits than this is more than one network's. */
export const widest = { ipv4: 24, ipv6: 48 } as const;
/** What stands for one host: an IPv6 host has a whole /64 to choose from (RFC 4291, section 2.5.4). */
export const ofOneHost = { ipv4: 32, ipv6: 64 } as const;
const bitsOf = { ipv4: 32, ipv6: 128 } as const;

/**
 * Reads `192.0.2.7`, `192.0.2.0/24`, `2001:db8::/48`; an IPv4 address written as IPv6 is one of IPv4. Bits behind the length must be
 * zero, so that nobody means another range than they write. Undefined for everything else.
 */
export function parsePrefix(text: string): Prefix | undefined {
  const read = parseRange(text);
  return read && readAddress(text.split("/", 1)[0] ?? "")?.value === read.value ? read : undefined;
}

/** The same for ranges that are to be left alone: what stands behind the length is not looked at, as in `10.0.0.1/8`. */
export function parseRange(text: string): Prefix | undefined {
  if (text.length > 64) return undefined;
  const [address = "", bits, ...more] = text.split("/");
  if (more.length > 0 || (bits !== undefined && !/^(?:0|[1-9]\d{0,2})$/.test(bits))) return undefined;
  const read = readAddress(address);
  if (!read) return undefined;
  const { family, value } = read;
  const length = bits === undefined ? bitsOf[family] : Number(bits) - read.mapped;
  if (length < 0 || length > bitsOf[family]) return undefined;
  return prefix(family, masked(family, value, length), length);
}

/** The prefix of a length that an address is in; undefined for what is no address. */
export function prefixAround(address: string, lengths: Readonly<Record<Prefix["family"], number>>): Prefix | undefined {
  const read = readAddress(address.replace(/%.*$/, ""));
  return read && widened(prefix(read.family, read.value, bitsOf[read.family]), lengths);
}

/** The prefix of a length that a narrower one is in; one that is as wide stays. */
export function widened(
  { family, value, length }: Prefix,
  lengths: Readonly<Record<Prefix["family"], number>>,
): Prefix {
  const wanted = Math.min(length, lengths[family]);
  return prefix(family, masked(family, value, wanted), wanted);
}

/** Whether all of one prefix is in another. */
export const contains = (outer: Prefix, inner: Prefix): boolean =>
  outer.family === inner.family &&
  outer.length <= inner.length &&
  masked(outer.family, inner.value, outer.length) === outer.value;

/** Whether there is an address that is in both. */
export const meet = (one: Prefix, other: Prefix): boolean => contains(one, other) || contains(other, one);

function readAddress(text: string): (Pick<Prefix, "family" | "value"> & { mapped: number }) | undefined {
  if (isIPv4(text)) return { family: "ipv4", value: ofIpv4(text), mapped: 0 };
  if (!isIPv6(text) || text.includes("%")) return undefined;
  const value = ofIpv6(text);
  // ::ffff:0:0/96 (RFC 4291, section 2.5.5.2)
  if (value >> 32n === 0xffffn) return { family: "ipv4", value: value & 0xffff_ffffn, mapped: 96 };
  return { family: "ipv6", value, mapped: 0 };
}

const ofIpv4 = (text: string): bigint => text.split(".").reduce((sum, part) => sum * 256n + BigInt(part), 0n);

function ofIpv6(text: string): bigint {
  // Some end as IPv4 does: 64:ff9b::192.0.2.1
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const last = dotted ? ofIpv4(dotted[2] ?? "") : 0n;
  const plain = dotted ? `${dotted[1]}${(last >> 16n).toString(16)}:${(last & 0xffffn).toString(16)}` : text;
  const [left = [], right = []] = plain.split("::").map((side) => (side === "" ? [] : side.split(":")));
  const groups = [...left, ...Array<string>(8 - left.length - right.length).fill("0"), ...right];
  return groups.reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n);
}

function masked(family: Prefix["family"], value: bigint, length: number): bigint {
  const rest = BigInt(bitsOf[family] - length);
  return (value >> rest) << rest;
}

function prefix(family: Prefix["family"], value: bigint, length: number): Prefix {
  const parts =
    family === "ipv4" ? { count: 4, bits: 8n, base: 10, by: "." } : { count: 8, bits: 16n, base: 16, by: ":" };
  const mask = (1n << parts.bits) - 1n;
  const written = Array.from({ length: parts.count }, (_, i) =>
    ((value >> (parts.bits * BigInt(parts.count - 1 - i))) & mask).toString(parts.base),
  );
  const shown = family === "ipv4" ? 4 : Math.ceil(length / 16);
  const text = written.slice(0, shown).join(parts.by) + (shown < parts.count ? "::" : "");
  return { family, length, value, text: `${text}/${length}` };
}
