import { readFile } from "node:fs/promises";

/** The package's version, from the nearest package.json above this file. */
export async function version(): Promise<string> {
  for (const up of ["../../package.json", "../package.json"]) {
    const text = await readFile(new URL(up, import.meta.url), "utf8").catch(() => undefined);
    if (text === undefined) continue;
    const found: unknown = JSON.parse(text);
    if (typeof found === "object" && found !== null && "version" in found) return String(found.version);
  }
  return "unknown";
}
