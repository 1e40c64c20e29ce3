import { execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");

/** Puts text into a document between `<!-- name -->` and `<!-- /name -->`, in place of what stood there, and formats the document. */
export async function putBetween(document: string, name: string, text: string): Promise<void> {
  const file = join(root, document);
  const before = await readFile(file, "utf8");
  const [from, to] = [before.indexOf(`<!-- ${name} -->`), before.indexOf(`<!-- /${name} -->`)];
  if (from < 0 || to < from) throw new Error(`${document} has no <!-- ${name} --> … <!-- /${name} -->`);
  const head = before.slice(0, from + `<!-- ${name} -->`.length);
  await writeFile(file, `${head}\n\n${text}\n\n${before.slice(to)}`);
  format(file);
}

/** Formats a file as all of them are. */
export function format(file: string): void {
  execFileSync(join(root, "node_modules/.bin/oxfmt"), [file], { stdio: "ignore" });
}
