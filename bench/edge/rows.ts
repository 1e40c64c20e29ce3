import type { Row } from "./row.ts";
import { early } from "./rows/early.ts";
import { endless } from "./rows/endless.ts";
import { joins } from "./rows/joins.ts";
import { numbered } from "./rows/numbered.ts";
import { scale } from "./rows/scale.ts";
import { shield } from "./rows/shield.ts";
import { tls } from "./rows/tls.ts";
import { upstream } from "./rows/upstream.ts";
import { webrtc } from "./rows/webrtc.ts";

/** All rows, in the order in which they are measured and printed. */
export const rows: readonly Row[] = [endless, numbered, joins, early, upstream, scale, tls, shield, webrtc];

/** The rows of these names; all when there is none. Throws on a name that no row has. */
export function rowsNamed(names: readonly string[]): readonly Row[] {
  const unknown = names.find((name) => !rows.some((row) => row.name === name));
  if (unknown !== undefined)
    throw new Error(`there is no row "${unknown}"; the rows are ${rows.map(({ name }) => name).join(", ")}`);
  return names.length === 0 ? rows : rows.filter(({ name }) => names.includes(name));
}
