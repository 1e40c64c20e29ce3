import { createHash, hash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";
import { errno } from "../foundation/errors.ts";
import type { Log } from "../foundation/log.ts";

/** One built file with its compressed siblings, in memory. */
export interface PageFileBytes {
  readonly type: string;
  /** The content's hash, for entity tags. */
  readonly hash: string;
  readonly plain: Buffer;
  readonly br: Buffer | undefined;
  readonly gz: Buffer | undefined;
  /** `'sha256-…'` of each inline script, for the page's Content-Security-Policy. */
  readonly inlineScripts: readonly string[];
}

/** How many files of the web folder are loaded, and how many bytes together, siblings included. */
export const maxFiles = 1000;
export const maxTotalBytes = 64 * 1024 * 1024;

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".webmanifest": "application/manifest+json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".webp": "image/webp",
  ".avif": "image/avif",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".mp3": "audio/mpeg",
  ".m4a": "audio/mp4",
  ".opus": "audio/ogg",
};

/** Loads a folder of built pages; keys are paths (`/assets/x.js`). Empty when the folder is missing. */
export async function loadPages(folder: string, log: Log): Promise<ReadonlyMap<string, PageFileBytes>> {
  const files = new Map<string, PageFileBytes>();
  const names = await filesIn(folder);
  let bytes = 0;
  for (const name of names.filter((one) => !/\.(br|gz|map)$/.test(one)).toSorted()) {
    const at = join(folder, name);
    const plain = await readFile(at);
    const sibling = async (end: string): Promise<Buffer | undefined> =>
      names.includes(name + end) ? readFile(at + end) : undefined;
    const [br, gz] = await Promise.all([sibling(".br"), sibling(".gz")]);
    bytes += plain.length + (br?.length ?? 0) + (gz?.length ?? 0);
    if (files.size >= maxFiles || bytes > maxTotalBytes) {
      log.error("pages-too-large", { folder, files: names.length, maxFiles, maxTotalBytes, leftOut: name });
      break;
    }
    files.set(`/${name.split(sep).join("/")}`, {
      type: types[extname(name)] ?? "application/octet-stream",
      hash: hash("sha256", plain, "base64url").slice(0, 22),
      plain,
      br,
      gz,
      inlineScripts: name.endsWith(".html") ? inlineScripts(plain.toString("utf8")) : [],
    });
  }
  if (files.size === 0) log.warn("pages-missing", { folder });
  return files;
}

async function filesIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries.filter((one) => one.isFile()).map((one) => relative(folder, join(one.parentPath, one.name)));
  } catch (failure) {
    if (errno(failure) === "ENOENT") return [];
    throw failure;
  }
}

/** Only our own build's HTML is read here, so a pattern is enough to find its scripts without a `src`. */
function inlineScripts(html: string): string[] {
  return [...html.matchAll(/<script\b([^>]*)>([\s\S]*?)<\/script>/g)]
    .filter(([, attributes = ""]) => !/\bsrc\s*=/.test(attributes))
    .map(([, , body = ""]) => `'sha256-${createHash("sha256").update(body).digest("base64")}'`);
}
