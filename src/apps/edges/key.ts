import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { Problem, reason } from "../../foundation/errors.ts";
import { openSecrets, type Secrets } from "../../store/secrets.ts";
import type { ServeOptions } from "../serve/options.ts";

/** The key by which the edges of an installation know each other, as it is shown: base64url of 32 bytes. */
export const edgeKeyText = (secrets: Secrets): string => secrets.key("edge").toString("base64url");

const pattern = /^[A-Za-z0-9_-]{43}$/;

/** `rostra edge-key`: prints the key of the installation in the data folder. */
export async function printEdgeKey({ data }: Pick<ServeOptions, "data">): Promise<number> {
  const made = await stat(join(data, "secrets.json")).catch(() => undefined);
  // A key made for a folder that nobody serves from would open nothing.
  if (!made) throw noInstallation(data);
  process.stdout.write(`${edgeKeyText(await openSecrets(data))}\n`);
  return 0;
}

/** `rostra exports-key`: prints what the webhook of exports signs with, for its receiver. */
export async function printExportsKey({ data }: Pick<ServeOptions, "data">): Promise<number> {
  const made = await stat(join(data, "secrets.json")).catch(() => undefined);
  if (!made) throw noInstallation(data);
  process.stdout.write(`${exportsKeyText(await openSecrets(data))}\n`);
  return 0;
}

/** The key of the webhook of exports: both sides take the 43 letters as they are shown for the key of the HMAC. */
export const exportsKeyText = (secrets: Secrets): string => secrets.key("exports webhook").toString("base64url");

/** Reads the key from its file, mode 0600, or from the environment. Problems: `edge-key-missing`, `edge-key-exposed`, `edge-key-damaged`. */
export async function readEdgeKey(file: string | undefined, inEnvironment: string | undefined): Promise<string> {
  if (file === undefined) {
    if (!inEnvironment) throw missing("Neither --key-file nor ROSTRA_EDGE_KEY gives one.");
    return checked(inEnvironment, "ROSTRA_EDGE_KEY");
  }
  try {
    const { mode } = await stat(file);
    if (process.platform !== "win32" && (mode & 0o077) !== 0) throw exposed(file, mode);
    return checked(await readFile(file, "utf8"), file);
  } catch (thrown) {
    throw thrown instanceof Problem ? thrown : missing(`${file} cannot be read: ${reason(thrown)}.`, thrown);
  }
}

function checked(text: string, where: string): string {
  const key = text.trim();
  if (pattern.test(key)) return key;
  throw new Problem({
    status: 400,
    code: "edge-key-damaged",
    title: "The edge's key is none",
    detail: `What ${where} has is not the 43 letters of a key.`,
    action: "Copy what `rostra edge-key` prints on the machine of `rostra serve`, all of it.",
  });
}

const missing = (detail: string, cause?: unknown): Problem =>
  new Problem({
    status: 400,
    code: "edge-key-missing",
    title: "An edge needs the installation's key",
    detail,
    action:
      "Put what `rostra edge-key` prints on the machine of `rostra serve` into a file of mode 0600, and name it with --key-file.",
    cause,
  });

const exposed = (file: string, mode: number): Problem =>
  new Problem({
    status: 400,
    code: "edge-key-exposed",
    title: "Other users of this machine can read the edge's key",
    detail: `${file} has mode ${(mode & 0o777).toString(8).padStart(4, "0")}; it must be 0600.`,
    action: `Run: chmod 600 ${file}`,
  });

const noInstallation = (data: string): Problem =>
  new Problem({
    status: 400,
    code: "no-installation",
    title: "There is no installation in this folder",
    detail: `${data} has no secrets yet: nobody has served from it.`,
    action: "Name the data folder of `rostra serve` with --data, or start that first.",
  });
