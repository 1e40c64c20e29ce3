import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Chain } from "../../evidence/chain.ts";
import { publicPem, signingKey } from "../../evidence/seal.ts";
import { errno, reason } from "../../foundation/errors.ts";
import type { Secrets } from "../../store/secrets.ts";
import type { ProcessConfig } from "../config.ts";
import { evidenceFolder, publicKeyFile } from "./evidence-folder.ts";

export interface ChainPlace extends Pick<ProcessConfig, "data" | "clock" | "log" | "meter"> {
  readonly secrets: Secrets;
  /** The process's name: its chain's folder. */
  readonly process: string;
}

/** Opens the chain of a process of this installation, and leaves the public key beside it. What it cannot write is said and counted. */
export async function openChain({ data, clock, log, meter, secrets, process }: ChainPlace): Promise<Chain> {
  const lost = meter.counter("rostra_evidence_lost_total", "Records of the evidence chain that could not be written.");
  const key = signingKey(secrets.key("evidence"));
  await mkdir(evidenceFolder(data), { recursive: true, mode: 0o700 });
  await writeFile(publicKeyFile(data), publicPem(key), { flag: "wx", mode: 0o644 }).catch((thrown: unknown) => {
    if (errno(thrown) !== "EEXIST") log.warn("evidence-key-not-written", { reason: reason(thrown) });
  });
  return Chain.open({
    folder: join(evidenceFolder(data), process),
    process,
    key,
    now: () => clock.now(),
    onLost: (thrown) => {
      lost.add();
      log.warn("evidence-lost", { reason: reason(thrown) });
    },
  });
}
