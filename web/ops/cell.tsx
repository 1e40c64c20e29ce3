import type { JSX } from "preact";
import { t } from "../i18n/catalogue.ts";
import { Sparkline } from "../ui/sparkline.tsx";
import { keptLooks } from "./history.ts";

export interface CellProps {
  readonly name: string;
  readonly values: readonly number[];
  readonly text: (value: number) => string;
  /** @default 0.2 */
  readonly least?: number;
}

/** A figure and how it went in the last minutes, in a table's cell. */
export function Cell({ name, values, text, least = 0.2 }: CellProps): JSX.Element {
  const last = values.at(-1);
  const value = last === undefined ? "–" : text(last);
  return (
    <>
      {value}
      <Sparkline values={values} room={keptLooks} least={least} label={t("ops.sparkline", { name, value })} />
    </>
  );
}
