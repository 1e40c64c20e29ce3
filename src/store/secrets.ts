import { hkdfSync, randomBytes } from "node:crypto";
import { link, mkdir, open, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { errno, Problem } from "../foundation/errors.ts";
import { notWritable } from "./problems.ts";

/** The server's own secrets: one 256-bit root made at first run, of which every use has a key of its own. */
export interface Secrets {
  /**
   * The 32-byte key of one use ("invite", "people"), always the same for the same root: HKDF-SHA256 (RFC 5869) with the
   * use as its info. One key tells nothing about another.
   */
  key(use: string): Buffer;
}

const rootBytes = 32;

/** Reads `<data>/secrets.json` (mode 0600), made at first run. Problems: `secrets-exposed`, `secrets-damaged`, `data-not-writable`. */
export async function openSecrets(data: string): Promise<Secrets> {
  const path = join(data, "secrets.json");
  const root = (await readRoot(path)) ?? (await makeRoot(data, path));
  return { key: (use) => Buffer.from(hkdfSync("sha256", root, "", `rostra/${use}`, 32)) };
}

async function readRoot(path: string): Promise<Buffer | undefined> {
  let text: string;
  try {
    const { mode } = await stat(path);
    if (process.platform !== "win32" && (mode & 0o077) !== 0) throw exposed(path, mode);
    text = await readFile(path, "utf8");
  } catch (thrown) {
    if (errno(thrown) === "ENOENT") return undefined;
    throw thrown instanceof Problem ? thrown : notWritable(path, thrown);
  }
  try {
    const { v, root } = JSON.parse(text) as { v?: unknown; root?: unknown };
    const bytes = typeof root === "string" ? Buffer.from(root, "base64url") : undefined;
    if (v === 1 && bytes?.length === rootBytes) return bytes;
  } catch {
    /* not JSON: told below, without its text */
  }
  throw damaged(path);
}

/** Written whole under another name and then linked, which fails when the file is there: of two first runs one wins. */
async function makeRoot(data: string, path: string): Promise<Buffer> {
  const draft = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    await mkdir(data, { recursive: true, mode: 0o700 });
    const file = await open(draft, "wx", 0o600);
    try {
      await file.writeFile(`${JSON.stringify({ v: 1, root: randomBytes(rootBytes).toString("base64url") })}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await link(draft, path).catch((thrown: unknown) => {
      if (errno(thrown) !== "EEXIST") throw thrown;
    });
    const folder = await open(data);
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch (thrown) {
    throw notWritable(path, thrown);
  } finally {
    await rm(draft, { force: true }).catch(() => {});
  }
  const root = await readRoot(path);
  if (!root) throw notWritable(path, new Error("it is gone again"));
  return root;
}

const exposed = (path: string, mode: number): Problem =>
  new Problem({
    status: 500,
    code: "secrets-exposed",
    title: "Other users of this machine can read the server's secrets",
    detail: `${path} has mode ${(mode & 0o777).toString(8).padStart(4, "0")}; it must be 0600.`,
    action: `Run: chmod 600 ${path}. If somebody may have read it, delete it instead: invites and known devices then end.`,
  });

const damaged = (path: string): Problem =>
  new Problem({
    status: 500,
    code: "secrets-damaged",
    title: "The server's secrets cannot be read",
    detail: `${path} is not what this program wrote there.`,
    action: "Restore it from a backup, or delete it: a new one is made, and invites that were given out end.",
  });
