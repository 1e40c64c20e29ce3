import * as v from "valibot";
import { Problem } from "../foundation/errors.ts";

/** The value as the schema types it; what does not fit is a 400 `invalid` problem that points at the wrong member. */
export function validate<const S extends v.GenericSchema>(schema: S, value: unknown): v.InferOutput<S> {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = (issue.path ?? []).map((item) => String(item.key).replaceAll("~", "~0").replaceAll("/", "~1"));
  const pointer = path.map((key) => `/${key}`).join("");
  throw new Problem({
    status: 400,
    code: "invalid",
    title: "The body does not have the expected shape",
    detail: `${pointer || "The body"}: ${issue.message}`,
    action: "Correct the member that the pointer names.",
    pointer,
  });
}
