import { parsePrefix } from "./prefix.ts";
import type { Action } from "./recommendations.ts";

/** An action for tests. */
export function actionOn(text: string, more: Partial<Action> = {}): Action {
  const prefix = parsePrefix(text);
  if (!prefix) throw new Error(`${text} is no prefix`);
  return {
    what: "block",
    prefix,
    reason: "came on although refused",
    guard: undefined,
    seconds: 60,
    refused: 812,
    addresses: 1,
    hits: 0,
    of: 5012,
    ...more,
  };
}
