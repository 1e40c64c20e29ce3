import { writeFile } from "node:fs/promises";
import { Problem, reason } from "../../foundation/errors.ts";

/** Writes a file. @throws Problem `file-not-written` */
export async function writeTo(file: string, text: string): Promise<void> {
  await writeFile(file, text).catch((thrown: unknown) => {
    throw fileNotWritten(file, thrown);
  });
}

export const fileNotWritten = (file: string, thrown: unknown): Problem =>
  new Problem({
    status: 500,
    code: "file-not-written",
    title: "A file cannot be written",
    detail: `${file}: ${reason(thrown)}.`,
    action: "Name a file in a folder that is there and that you may write to.",
    cause: thrown,
  });
