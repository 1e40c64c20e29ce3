import type { RunDo, RunSays, RunText, RunValue } from "../../wire/run-sheet.ts";

/** What a look at one check brought. */
export interface Finding {
  readonly ok: boolean;
  /** It was looked at, and is wrong, rather than not done yet. */
  readonly wrong?: boolean;
  readonly says: RunText<RunSays>;
  readonly action?: RunText<RunDo>;
}

type Values = Readonly<Record<string, RunValue>>;

export const good = (key: RunSays, values: Values = {}): Finding => ({ ok: true, says: { key, values } });

/** Not so yet. */
export const open = (says: RunSays, action?: RunDo, values: Values = {}): Finding => ({
  ok: false,
  says: { key: says, values },
  ...(action === undefined ? {} : { action: { key: action, values } }),
});

/** Looked at, and wrong. */
export const bad = (says: RunSays, action?: RunDo, values: Values = {}): Finding => ({
  ...open(says, action, values),
  wrong: true,
});

export const ms = (value: number): RunValue => ({ value: Math.round(value), unit: "ms" });
export const bytes = (value: number): RunValue => ({ value: Math.round(value), unit: "bytes" });
export const moment = (value: number): RunValue => ({ value, unit: "moment" });
export const share = (value: number): RunValue => ({ value, unit: "share" });
/** Names as one text; few of many. */
export const names = (all: readonly string[]): string =>
  all.length > 3 ? `${all.slice(0, 3).join(", ")}, …` : all.join(", ");
