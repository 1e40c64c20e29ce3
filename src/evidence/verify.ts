import type { KeyObject } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import type { EvidenceRecord } from "../wire/evidence.ts";
import { chainFiles, type ChainHead } from "./chain.ts";
import { fingerprint, genesis, hashOf, isSigned, parseLine, recordIn } from "./seal.ts";
import { sparselyIn } from "./sparse.ts";

/** So many breaks of one chain are told. */
export const maxBreaks = 20;

/** Where a chain does not hold, and how. */
export interface Break {
  readonly file: string;
  /** From 1; 0 for the file as a whole. */
  readonly line: number;
  /** The number that the record says it has, when it says one. */
  readonly n?: number;
  readonly why:
    /** Not a record at all; or cut off in the middle although other records follow. */
    | "not-a-record"
    /** Its hash is not that of its body behind the record before it. */
    | "hash"
    /** The signature is not that of the key. */
    | "signature"
    /** Records are missing between this and the one before it; or it comes again, or too late. */
    | "missing"
    | "order"
    /** The chain does not begin where it says that it does. */
    | "beginning"
    /** What was published of it elsewhere is not in it. */
    | "head";
  readonly says: string;
}

export interface ChainReport {
  readonly folder: string;
  readonly records: number;
  /** The numbers of its first and last record. */
  readonly first: number | undefined;
  readonly last: number | undefined;
  readonly head: Omit<ChainHead, "process"> | undefined;
  /** Records that the writer says it could not write. */
  readonly lost: number;
  /** Bytes behind the last record, of one that a killed process did not finish: no break. */
  readonly torn: number;
  /** Older files that were not gone through, because only what came later was asked for. */
  readonly skipped: number;
  readonly breaks: readonly Break[];
}

export interface VerifyOptions {
  /** Heads of this chain that were published elsewhere: it has to hold them. */
  readonly heads?: readonly Omit<ChainHead, "process">[];
  /** Given each record that holds, in order. */
  readonly hear?: (record: EvidenceRecord) => void;
  /**
   * Files that were last written to before this, ms since 1970, are not gone through: of them only what became of Spaces is heard, and when
   * processes began.
   * @default all are gone through
   */
  readonly since?: number | undefined;
}

/**
 * Verifies a chain from its first record to its last: each one's hash, signature and number. After a break it goes on from
 * what the broken record says, so that one changed byte is one break.
 */
export async function verifyChain(
  folder: string,
  publicKey: KeyObject,
  { heads = [], hear, since = 0 }: VerifyOptions = {},
): Promise<ChainReport> {
  const breaks: Break[] = [];
  const note = (one: Break): void => void (breaks.length < maxBreaks && breaks.push(one));
  const wanted = new Map(heads.map(({ n, hash }) => [n, hash]));
  let head: ChainReport["head"];
  let [first, keptFrom]: (number | undefined)[] = [];
  let [records, lost, torn, skipped] = [0, 0, 0, 0];
  const files = await chainFiles(folder);
  for (const [i, { path }] of files.entries()) {
    const file = basename(path);
    const text = await readFile(path, "utf8");
    if (head === undefined && i < files.length - 1 && (await stat(path)).mtimeMs < since) {
      skipped++;
      if (hear) for (const record of sparselyIn(text, publicKey)) hear(record);
      continue;
    }
    const lines = text.split("\n");
    const rest = lines.pop() ?? "";
    if (rest !== "" && i === files.length - 1) torn = Buffer.byteLength(rest);
    else if (rest !== "") note({ file, line: lines.length + 1, why: "not-a-record", says: "the last line has no end" });
    for (const [at, text_] of lines.entries()) {
      const where = { file, line: at + 1 };
      const line = parseLine(text_);
      const record = line && recordIn(line.body);
      if (!line || !record) {
        note({ ...where, why: "not-a-record", says: "this line is no record" });
        continue;
      }
      const { n } = record;
      const expected: number = head === undefined ? n : head.n + 1;
      const previous = head?.hash ?? (record.t === "file" ? record.previous : genesis);
      const isWhole = hashOf(previous, line.body) === line.hash;
      if (n !== expected) {
        const why = n > expected ? "missing" : "order";
        const says = why === "missing" ? `${n - expected} records before it are missing` : `${expected} was to follow`;
        note({ ...where, n, why, says });
      } else if (!isWhole) {
        note({ ...where, n, why: "hash", says: "it, or the one before it, is not what was written" });
      }
      const isOurs = isSigned(line, publicKey);
      if (!isOurs) note({ ...where, n, why: "signature", says: `it is not signed by ${fingerprint(publicKey)}` });
      if (head === undefined && n > 0 && record.t !== "file") {
        note({ ...where, n, why: "beginning", says: "the files before it are missing" });
      }
      if (record.t === "file") keptFrom = record.keptFrom;
      const seen = wanted.get(n);
      if (seen !== undefined && seen !== line.hash) note({ ...where, n, why: "head", says: "another was published" });
      wanted.delete(n);
      first ??= n;
      head = { n, at: record.at, hash: line.hash };
      records++;
      lost += record.lost ?? 0;
      if (isWhole && isOurs && n === expected) hear?.(record);
    }
  }
  if (skipped === 0 && first !== undefined && keptFrom !== undefined && first > keptFrom) {
    const says = `it begins with ${first}; the chain says that everything from ${keptFrom} is kept`;
    note({ file: basename(files[0]?.path ?? ""), line: 0, n: first, why: "beginning", says });
  }
  for (const n of wanted.keys()) {
    if (first !== undefined && n < first) continue;
    note({ file: "", line: 0, n, why: "head", says: `record ${n} was published, and is not here` });
  }
  return { folder, records, first, last: head?.n, head, lost, torn, skipped, breaks };
}
