import type { KeyObject } from "node:crypto";
import type { EvidenceRecord } from "../wire/evidence.ts";
import { hashOf, isSigned, parseLine, recordIn } from "./seal.ts";

/** Few, and still true long after they were written: what became of Spaces, and when processes began. Within JSON nobody's words can hold these quotation marks. */
const lasting = /"t":"(?:space|begin)"/g;

/**
 * Of a file of a chain the records that are true long after: each one's own hash and signature are looked at. What lies between is not, so
 * that none is missing is not shown.
 */
export function sparselyIn(text: string, publicKey: KeyObject): EvidenceRecord[] {
  const found: EvidenceRecord[] = [];
  for (const { index } of text.matchAll(lasting)) {
    const [from, to] = [text.lastIndexOf("\n", index) + 1, text.indexOf("\n", index)];
    if (to < 0) break;
    const line = parseLine(text.slice(from, to));
    const before = text.lastIndexOf("\n", from - 2) + 1;
    const isHeld = line && from > 0 && hashOf(text.slice(before, before + 64), line.body) === line.hash;
    const record = isHeld && isSigned(line, publicKey) ? recordIn(line.body) : undefined;
    if (record?.t === "space" || record?.t === "begin") found.push(record);
  }
  return found;
}
