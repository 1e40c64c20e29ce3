import { Problem } from "../../foundation/errors.ts";

/**
 * How far the model was off when it was held against real runs that it was not fitted on; shares of 1 (0.1 is 10 %), the
 * largest of all runs. Written by whoever runs them; without it a plan says that nobody has.
 */
export interface ModelError {
  readonly v: 1;
  /** When, and the machine. */
  readonly measured: string;
  /** What was run, such as `5,000 listeners, flash, TLS, four workers`. */
  readonly runs: readonly string[];
  readonly cpu: number;
  readonly egress: number;
  readonly joinP99: number;
  /** The same in the middle of all runs; an older record has none. */
  readonly middle?: { readonly cpu: number; readonly egress: number; readonly joinP99: number };
}

/** @throws Problem `model-error-invalid` */
export function readModelError(json: unknown, where: string): ModelError {
  const off = (detail: string): Problem =>
    new Problem({
      status: 400,
      code: "model-error-invalid",
      title: "That is no record of the model's error",
      detail: `${where}: ${detail}.`,
      action:
        "Its shape is in docs/rehearsal.md; without the file a plan says that the model was not held against real runs.",
    });
  if (typeof json !== "object" || json === null || Array.isArray(json)) throw off("not a JSON object");
  const { v, measured, runs, cpu, egress, joinP99, middle } = json as Record<string, unknown>;
  if (v !== 1) throw off('"v" is not 1');
  if (typeof measured !== "string" || measured === "") throw off('"measured" is not a text');
  if (!Array.isArray(runs) || runs.length === 0 || !runs.every((one): one is string => typeof one === "string")) {
    throw off('"runs" is no list of texts');
  }
  const share = (name: string, value: unknown): number => {
    if (typeof value !== "number" || !(value >= 0)) throw off(`"${name}" is no share from 0 on`);
    return value;
  };
  const shares = (of: Readonly<Record<string, unknown>>): NonNullable<ModelError["middle"]> => ({
    cpu: share("cpu", of["cpu"]),
    egress: share("egress", of["egress"]),
    joinP99: share("joinP99", of["joinP99"]),
  });
  const all = { v, measured, runs, ...shares({ cpu, egress, joinP99 }) } as const;
  if (middle === undefined) return all;
  if (typeof middle !== "object" || middle === null) throw off('"middle" is no object');
  return { ...all, middle: shares(middle as Readonly<Record<string, unknown>>) };
}
