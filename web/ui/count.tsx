import type { JSX } from "preact";
import { language } from "../i18n/catalogue.ts";

/** A number as people of the page's language write it; above 9,999 shortened (12K). */
export const countText = (n: number): string =>
  new Intl.NumberFormat(language(), n > 9999 ? { notation: "compact", maximumFractionDigits: 1 } : {}).format(n);

export const Count = ({ n }: { readonly n: number }): JSX.Element => <span class="count">{countText(n)}</span>;
