import type { ProblemDocument } from "../../src/foundation/errors.ts";
import type { RunSheet } from "../../src/wire/run-sheet.ts";
import { ApiProblem } from "../api/client.ts";
import { deadline } from "../api/deadline.ts";
import { t } from "../i18n/catalogue.ts";

/** How long handing in may take. */
const timeoutMs = 30_000;

/** Packed as RFC 1952 says: the body of a request is small, and curves are long. */
async function pack(text: string): Promise<ArrayBuffer> {
  const packed = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Response(packed).arrayBuffer();
}

/** Hands a record in; throws a `SyntaxError` for what is no JSON, and an `ApiProblem`. */
export async function sendRecord(space: string, file: File): Promise<RunSheet> {
  const text = await file.text();
  JSON.parse(text);
  const limit = deadline(timeoutMs);
  try {
    const response = await fetch(`/api/v1/spaces/${space}/rehearsal/report`, {
      method: "POST",
      credentials: "same-origin",
      signal: limit.signal,
      headers: { "content-type": "application/gzip" },
      body: await pack(text),
    });
    const value = (await response.json()) as RunSheet & Partial<ProblemDocument>;
    if (response.ok) return value;
    if (response.status === 413) throw new ApiProblem(413, { code: "too-large", detail: t("run.tooLarge") });
    throw new ApiProblem(response.status, { ...value, code: value.code ?? `http-${response.status}` });
  } catch (failure) {
    throw failure instanceof ApiProblem ? failure : new ApiProblem(0, { code: "offline" });
  } finally {
    limit.end();
  }
}
