import { createPublicKey, type KeyObject } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import type { ChainHead } from "../../evidence/chain.ts";
import { type ChainReport, verifyChain } from "../../evidence/verify.ts";
import { errno, Problem, reason } from "../../foundation/errors.ts";
import type { EdgeEvidence } from "../../verdict/series.ts";
import { evidenceRecordSchema } from "../../wire/evidence-schema.ts";
import { evidenceFolder, publicKeyFile } from "../edge/evidence-folder.ts";

/** A chain that was gone through: how it stands, and what of it holds. */
export interface ReadChain {
  readonly process: string;
  readonly report: ChainReport;
  readonly evidence: EdgeEvidence;
  /** Records that hold and are none that this version knows. */
  readonly unknown: number;
}

export interface ReadChainsOptions {
  /** The public key's file. @default that of the data folder */
  readonly key?: string | undefined;
  /** Heads that were published elsewhere: the chains have to hold them. */
  readonly heads?: readonly ChainHead[];
  /** What was written before, ms since 1970, is left out, but for what became of Spaces and when processes began. @default nothing is */
  readonly since?: number | undefined;
}

/** Goes through all chains of a data folder. Problems: `no-evidence`, `file-not-readable`. */
export async function readChains(
  data: string,
  { key, heads = [], since = 0 }: ReadChainsOptions = {},
): Promise<ReadChain[]> {
  const folder = evidenceFolder(data);
  const names = await readdir(folder, { withFileTypes: true }).catch((thrown: unknown) => {
    if (errno(thrown) === "ENOENT") throw noEvidence(folder, "there is no such folder");
    throw thrown;
  });
  const publicKey = await keyIn(key ?? publicKeyFile(data));
  const chains: ReadChain[] = [];
  for (const entry of names.filter((one) => one.isDirectory()).toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const records: EdgeEvidence["records"][number][] = [];
    let unknown = 0;
    const report = await verifyChain(join(folder, entry.name), publicKey, {
      heads: heads.filter(({ process }) => process === entry.name),
      since,
      hear: (record) => {
        if (record.at < since && record.t !== "space" && record.t !== "begin") return;
        const checked = v.safeParse(evidenceRecordSchema, record);
        if (checked.success) records.push(checked.output as EdgeEvidence["records"][number]);
        else unknown++;
      },
    });
    chains.push({ process: entry.name, report, evidence: { name: entry.name, records }, unknown });
  }
  if (chains.length === 0) throw noEvidence(folder, "no process has written any");
  return chains;
}

async function keyIn(file: string): Promise<KeyObject> {
  try {
    return createPublicKey(await readFile(file, "utf8"));
  } catch (thrown) {
    throw new Problem({
      status: 400,
      code: "file-not-readable",
      title: "A file cannot be read",
      detail: `${file}: ${reason(thrown)}.`,
      action: "Give the public key of the server that wrote the evidence: its data folder has it as evidence/key.pub.",
      cause: thrown,
    });
  }
}

const noEvidence = (folder: string, why: string): Problem =>
  new Problem({
    status: 404,
    code: "no-evidence",
    title: "There is no evidence here",
    detail: `${folder}: ${why}.`,
    action: "Name the data folder of a server that has run (--data), and not with ROSTRA_EVIDENCE=0.",
  });
