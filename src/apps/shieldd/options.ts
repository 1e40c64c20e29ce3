import { stat } from "node:fs/promises";
import { dirname, isAbsolute, resolve } from "node:path";
import { AllowList } from "../../exports/allow-list.ts";
import { maxEntries } from "../../exports/block-table.ts";
import { mostSeconds } from "../../exports/recommendations.ts";
import { runFolder } from "../config.ts";
import { shielddSocket } from "../edge/exports-choice.ts";
import { off, readWords, whole } from "../serve/usage.ts";

export const shielddHelp = `rostra shieldd: keeps in the kernel's sets (nftables) what edges hand down, for at most ten minutes each

  rostra shieldd      as root or with CAP_NET_ADMIN, beside \`rostra serve\` or \`rostra edge\` with ROSTRA_EXPORTS=shieldd
      --data DIR      the data folder of the server, in whose run/ it listens      (./data, or $ROSTRA_DATA)
      --socket FILE   listen there instead
      --group GID     the group that may ask, a number            (that of the socket's folder)
      --ports N[,N]   new connections to these are dropped        (8080,8443, or $PORT and $ROSTRA_TLS_PORT)
      --allow CIDR[,CIDR]  never block these, besides loopback and this machine's own   ($ROSTRA_EXPORTS_ALLOW, $ROSTRA_TRUSTED_PROXIES)
      --max-seconds N the longest that is taken                   (${mostSeconds}, which is also the most)
      --max-entries N                                             (${maxEntries})
      --nft FILE      the program                                 (/usr/sbin/nft)
      --dry-run       print what would be given to nft, and do nothing
      --log text|json
`;

const flags = {
  data: { type: "string" },
  socket: { type: "string" },
  group: { type: "string" },
  ports: { type: "string" },
  allow: { type: "string" },
  "max-seconds": { type: "string" },
  "max-entries": { type: "string" },
  nft: { type: "string" },
  "dry-run": { type: "boolean" },
  log: { type: "string" },
} as const;

export interface ShielddOptions {
  readonly socket: string;
  readonly group: number;
  readonly ports: readonly number[];
  readonly allow: readonly string[];
  readonly maxSeconds: number;
  readonly maxEntries: number;
  readonly nft: string;
  readonly dryRun: boolean;
  readonly log: "text" | "json";
}

/** How many ports may be named. */
const maxPorts = 16;

/** Throws a `usage` Problem. */
export async function shielddOptions(args: readonly string[], env: NodeJS.ProcessEnv): Promise<ShielddOptions> {
  const words = readWords(args, flags, "rostra shieldd --help");
  const list = (text: string): string[] => text.split(",").filter(Boolean);
  const socket = resolve(
    words.socket ?? shielddSocket(await runFolder(resolve(words.data ?? (env["ROSTRA_DATA"] || "data")))),
  );
  const folder = await stat(dirname(socket)).catch(() => undefined);
  if (!folder?.isDirectory()) throw off("--socket", socket, "a path in a folder that is there: start the server first");
  const ports = list(words.ports ?? `${env["PORT"] || 8080},${env["ROSTRA_TLS_PORT"] || 8443}`);
  if (ports.length === 0 || ports.length > maxPorts) throw off("--ports", ports.join(","), `1 to ${maxPorts} ports`);
  const allow = [
    ...list(words.allow ?? env["ROSTRA_EXPORTS_ALLOW"] ?? ""),
    ...list(env["ROSTRA_TRUSTED_PROXIES"] ?? ""),
  ];
  requireAllowed(allow);
  const nft = words.nft ?? "/usr/sbin/nft";
  // Looked for along PATH it could be another program, and it runs with a privilege.
  if (!isAbsolute(nft)) throw off("--nft", nft, "the program's path from the root on");
  const log = words.log ?? (process.stdout.isTTY ? "text" : "json");
  if (log !== "text" && log !== "json") throw off("--log", log, "text or json");
  return {
    socket,
    group: words.group === undefined ? folder.gid : whole("--group", words.group, 0, 2 ** 32 - 2),
    ports: ports.map((port) => whole("--ports", port, 1, 65_535)),
    allow,
    maxSeconds: whole("--max-seconds", words["max-seconds"] ?? String(mostSeconds), 1, mostSeconds),
    maxEntries: whole("--max-entries", words["max-entries"] ?? String(maxEntries), 1, 65_536),
    nft,
    dryRun: words["dry-run"] === true,
    log,
  };
}

function requireAllowed(allow: readonly string[]): void {
  try {
    void new AllowList(allow);
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown;
    throw off("--allow", thrown.message, "addresses and prefixes, such as 192.0.2.7 or 2001:db8::/32");
  }
}
