import type { Change } from "./block-table.ts";
import type { Prefix } from "./prefix.ts";

/** The table that belongs to `rostra shieldd` and to nobody else. */
export const nftTable = "inet rostra-shield";

/**
 * Makes the table anew, with nothing in it: two sets whose elements the kernel lets go of by itself, and a chain that drops what begins a
 * connection (a SYN alone) from there to the ports. Whoever has a connection keeps it.
 */
export function tableScript(ports: readonly number[]): string {
  const begins = `tcp dport { ${ports.join(", ")} } tcp flags & (fin | syn | rst | ack) == syn`;
  return [
    // Added first, since what is not there cannot be deleted.
    `add table ${nftTable}`,
    `delete table ${nftTable}`,
    `add table ${nftTable}`,
    `add set ${nftTable} blocked4 { type ipv4_addr; flags interval, timeout; }`,
    `add set ${nftTable} blocked6 { type ipv6_addr; flags interval, timeout; }`,
    `add chain ${nftTable} input { type filter hook input priority -10; policy accept; }`,
    `add rule ${nftTable} input ${begins} ip saddr @blocked4 counter drop`,
    `add rule ${nftTable} input ${begins} ip6 saddr @blocked6 counter drop`,
    "",
  ].join("\n");
}

/** One transaction: what goes, then what comes. */
export function changeScript({ remove, add }: Change): string {
  const lines = remove.flatMap((prefix) => [element("add", prefix), element("delete", prefix)]);
  if (add) lines.push(element("add", add.prefix, add.seconds));
  return lines.map((line) => `${line}\n`).join("");
}

/** Takes everything away. */
export const removalScript = `add table ${nftTable}\ndelete table ${nftTable}\n`;

/** Deleted is what was added the moment before: an element may be over by itself, and the whole transaction would fail. */
const element = (what: "add" | "delete", { family, text }: Prefix, seconds?: number): string =>
  `${what} element ${nftTable} blocked${family === "ipv4" ? 4 : 6} { ${text}${seconds === undefined ? "" : ` timeout ${seconds}s`} }`;
