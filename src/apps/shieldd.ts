import { networkInterfaces } from "node:os";
import { resolve } from "node:path";
import { AllowList } from "../exports/allow-list.ts";
import { BlockTable } from "../exports/block-table.ts";
import { prefixAround } from "../exports/prefix.ts";
import { createLog } from "../foundation/log.ts";
import { Scope } from "../foundation/scope.ts";
import { Firewall } from "./shieldd/firewall.ts";
import { serveBlocks } from "./shieldd/listener.ts";
import { nftRunner, printer } from "./shieldd/nft.ts";
import { shielddHelp, type ShielddOptions, shielddOptions } from "./shieldd/options.ts";
import { requirePrivilege } from "./shieldd/privilege.ts";

/**
 * `rostra shieldd`: keeps what edges hand down in the kernel's sets, and is the only part of Rostra with a privilege. It is started by whoever
 * wants it, never by another process of Rostra; ends on SIGTERM and SIGINT and takes everything away with it. Gives the exit code.
 */
export async function shieldd(args: readonly string[]): Promise<number> {
  if (args.includes("--help") || args.includes("-h")) {
    process.stdout.write(shielddHelp);
    return 0;
  }
  const options = await shielddOptions(args, process.env);
  if (!options.dryRun) requirePrivilege(process);
  await using scope = new Scope();
  const ended = Promise.withResolvers<void>();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => ended.resolve());
  process.title = "rostra shieldd";
  await run(options, scope);
  await ended.promise;
  return 0;
}

async function run(options: ShielddOptions, scope: Scope): Promise<void> {
  const { dryRun, ports, socket, log: format, nft } = options;
  const log = createLog({ process: "shieldd", format });
  const allowList = new AllowList([...options.allow, ...ownAddresses()]);
  const table = new BlockTable({ allowList, maxSeconds: options.maxSeconds, maxEntries: options.maxEntries });
  const firewall = new Firewall({ table, ports, run: dryRun ? printer(process.stdout) : nftRunner(nft), log });
  await firewall.begin();
  // Before it is let go of, nobody is heard any more.
  scope.onEnd(() => firewall.end());
  await serveBlocks({ socket, group: options.group, firewall, log, scope });
  log.info("listening", { socket: resolve(socket), ports, dryRun });
}

/** This machine's own addresses are allowed, whatever they are. */
const ownAddresses = (): string[] =>
  Object.values(networkInterfaces()).flatMap((all) =>
    (all ?? []).flatMap(({ address }) => prefixAround(address, { ipv4: 32, ipv6: 128 })?.text ?? []),
  );
