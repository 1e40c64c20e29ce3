import type { KeyObject } from "node:crypto";
import type { EvidenceBody, EvidenceRecord } from "../wire/evidence.ts";
import { hashOf, isSigned, parseLine, recordIn } from "./seal.ts";

/**
 * Of a file of a chain the records of one kind, which are few: each one's own hash and signature are looked at. What lies between is not,
 * so that none is missing is not shown.
 */
export function sparselyIn(text: string, kind: EvidenceBody["t"], publicKey: KeyObject): EvidenceRecord[] {
  // Within a JSON text nobody's words can hold these quotation marks.
  const mark = `"t":"${kind}"`;
  const found: EvidenceRecord[] = [];
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + mark.length)) {
    const [from, to] = [text.lastIndexOf("\n", at) + 1, text.indexOf("\n", at)];
    if (to < 0) break;
    const line = parseLine(text.slice(from, to));
    const before = text.lastIndexOf("\n", from - 2) + 1;
    const isHeld = line && from > 0 && hashOf(text.slice(before, before + 64), line.body) === line.hash;
    const record = isHeld && isSigned(line, publicKey) ? recordIn(line.body) : undefined;
    if (record?.t === kind) found.push(record);
  }
  return found;
}
