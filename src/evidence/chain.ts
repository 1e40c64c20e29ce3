import type { KeyObject } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, rm, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import type { EvidenceBody, FileBody } from "../wire/evidence.ts";
import { fingerprint, genesis, lineOf, maxLineBytes, parseLine, seal } from "./seal.ts";

/** A file of a chain is as long as this, bytes, or covers as much time, ms; then another one begins. */
export const maxFileBytes = 4 * 1024 ** 2;
export const maxFileAgeMs = 24 * 3600_000;
/** What is kept of a chain at most: bytes, and ms since its latest record; the oldest files go first. */
export const maxChainBytes = 64 * 1024 ** 2;
export const maxChainAgeMs = 30 * 24 * 3600_000;
/** Records that may wait for the disk; those over it are lost, and counted in the next one that is written. */
export const maxWaiting = 16;

export interface ChainOptions {
  /** The chain's folder; made if need be. */
  readonly folder: string;
  readonly process: string;
  readonly key: KeyObject;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Told once for each record that could not be written. */
  readonly onLost?: (why: unknown) => void;
  /** @default maxFileBytes */
  readonly fileBytes?: number;
  /** @default maxChainBytes */
  readonly chainBytes?: number;
  /** @default maxFileAgeMs */
  readonly fileAgeMs?: number;
  /** @default maxChainAgeMs */
  readonly chainAgeMs?: number;
}

/** The last record of a chain: whoever keeps it elsewhere can tell later whether the chain still holds it. */
export interface ChainHead {
  readonly process: string;
  readonly n: number;
  readonly at: number;
  readonly hash: string;
}

interface Kept {
  readonly path: string;
  /** The number of its first record. */
  readonly first: number;
  bytes: number;
  /** When it was written to last, ms. */
  at: number;
}

/** Files in a chain's folder by the number of their first record, in order. */
export async function chainFiles(folder: string): Promise<{ readonly path: string; readonly first: number }[]> {
  const names = await readdir(folder);
  return names
    .filter((name) => /^\d{12}\.log$/.test(name))
    .toSorted()
    .map((name) => ({ path: join(folder, name), first: Number(name.slice(0, 12)) }));
}

/**
 * An append-only chain of signed records in one folder, of one process at a time. A record is written with one call and
 * brought to the disk; what a killed process left half written at its end is cut off when the chain is opened again.
 */
export class Chain {
  readonly #options: ChainOptions;
  readonly #files: Kept[];
  #handle: FileHandle | undefined;
  #fileBegan: number;
  /** Whether the last file has an end that nothing can be put behind. */
  #isSpoiled: boolean;
  #head: ChainHead;
  #waiting: EvidenceBody[] = [];
  #writing: Promise<void> | undefined;
  #unsaid = 0;
  /** Records that were lost since it was opened. */
  lost = 0;

  private constructor(options: ChainOptions, files: Kept[], head: ChainHead, isSpoiled: boolean) {
    this.#options = options;
    this.#files = files;
    this.#head = head;
    this.#isSpoiled = isSpoiled;
    this.#fileBegan = files.at(-1)?.at ?? 0;
  }

  static async open(options: ChainOptions): Promise<Chain> {
    const { folder, process } = options;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const files: Kept[] = [];
    for (const { path, first } of await chainFiles(folder)) {
      const { size, mtimeMs } = await stat(path);
      files.push({ path, first, bytes: size, at: mtimeMs });
    }
    let head: ChainHead = { process, n: -1, at: 0, hash: genesis };
    let isSpoiled = false;
    for (const file of files.toReversed()) {
      const end = await endOf(file);
      if (end) {
        head = { process, ...end };
        break;
      }
      isSpoiled = true;
    }
    return new Chain(options, files, head, isSpoiled);
  }

  get head(): ChainHead {
    return this.#head;
  }

  /** Writes a record after those before; resolves when it, and they, are on the disk or lost. */
  append(body: EvidenceBody): Promise<void> {
    if (this.#waiting.length >= maxWaiting) this.#isLost(new Error(`${maxWaiting} records wait for the disk`));
    else this.#waiting.push(body);
    return (this.#writing ??= this.#write());
  }

  /** Writes what waits, and closes the file. */
  async close(): Promise<void> {
    await this.#writing;
    await this.#handle?.close();
    this.#handle = undefined;
  }

  async #write(): Promise<void> {
    for (let body = this.#waiting.shift(); body; body = this.#waiting.shift()) {
      try {
        await this.#put(body);
      } catch (thrown) {
        this.#isLost(thrown);
      }
    }
    this.#writing = undefined;
  }

  async #put(body: EvidenceBody): Promise<void> {
    const { fileBytes = maxFileBytes, fileAgeMs = maxFileAgeMs } = this.#options;
    const last = this.#files.at(-1);
    const isDue = !last || last.bytes >= fileBytes || this.#options.now() - this.#fileBegan >= fileAgeMs;
    if (isDue || this.#isSpoiled) await this.#beginFile();
    else this.#handle ??= await open(last.path, "a");
    await this.#line(body);
  }

  async #beginFile(): Promise<void> {
    const { folder, key, now, process } = this.#options;
    await this.#handle?.close();
    this.#handle = undefined;
    const gone = this.#tooMuch();
    const first = this.#head.n + 1;
    const path = join(folder, `${String(first).padStart(12, "0")}.log`);
    const file: Kept = { path, first, bytes: 0, at: now() };
    this.#handle = await open(path, "a", 0o600);
    this.#files.push(file);
    this.#fileBegan = now();
    this.#isSpoiled = false;
    // Said first and done after: whoever verifies knows of files that are gone why they are.
    const keptFrom = this.#files[gone.length]?.first ?? first;
    const body: FileBody = { t: "file", previous: this.#head.hash, keptFrom, key: fingerprint(key), process };
    await this.#line(body);
    for (const { path: old } of gone) await rm(old, { force: true });
    this.#files.splice(0, gone.length);
  }

  async #line(body: EvidenceBody): Promise<void> {
    const { key, now, process } = this.#options;
    const file = this.#files.at(-1);
    if (!this.#handle || !file) throw new Error("no file is open");
    const [n, at] = [this.#head.n + 1, Math.round(now())];
    const lost = this.#unsaid;
    const record = { n, at, ...(lost > 0 ? { lost } : {}), ...body };
    const sealed = seal(this.#head.hash, JSON.stringify(record), key);
    const line = Buffer.from(lineOf(sealed));
    try {
      await this.#handle.appendFile(line);
      await this.#handle.datasync();
    } catch (thrown) {
      // Half a line would spoil the next one.
      await this.#handle.truncate(file.bytes).catch(() => this.#abandon());
      throw thrown;
    }
    file.bytes += line.length;
    file.at = at;
    this.#unsaid -= lost;
    this.#head = { process, n, at, hash: sealed.hash };
  }

  /** What cannot be put right is left as it is; another file goes on. */
  async #abandon(): Promise<void> {
    await this.#handle?.close().catch(() => {});
    this.#handle = undefined;
    this.#isSpoiled = true;
  }

  #tooMuch(): Kept[] {
    const { chainBytes = maxChainBytes, chainAgeMs = maxChainAgeMs, now } = this.#options;
    let bytes = this.#files.reduce((sum, file) => sum + file.bytes, 0);
    const gone: Kept[] = [];
    for (const file of this.#files) {
      if (bytes <= chainBytes && now() - file.at <= chainAgeMs) break;
      gone.push(file);
      bytes -= file.bytes;
    }
    return gone;
  }

  #isLost(why: unknown): void {
    this.lost++;
    this.#unsaid++;
    this.#options.onLost?.(why);
  }
}

/** The last whole record of a file; what stands behind its last line feed is cut off. */
async function endOf(file: Kept): Promise<{ n: number; at: number; hash: string } | undefined> {
  const from = Math.max(0, file.bytes - 2 * maxLineBytes);
  const handle = await open(file.path, "r");
  let tail: Buffer;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(file.bytes - from), 0, file.bytes - from, from);
    tail = buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
  const end = tail.lastIndexOf(0x0a) + 1;
  if (end < tail.length) {
    file.bytes = from + end;
    await truncate(file.path, file.bytes);
  }
  for (const text of tail.subarray(0, end).toString().split("\n").toReversed()) {
    const line = parseLine(text);
    if (!line) continue;
    try {
      const { n, at } = JSON.parse(line.body) as { n?: unknown; at?: unknown };
      if (typeof n === "number" && typeof at === "number") return { n, at, hash: line.hash };
    } catch {
      /* not what this program wrote: the verifier says so */
    }
  }
  return undefined;
}
