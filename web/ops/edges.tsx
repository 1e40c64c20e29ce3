import type { JSX } from "preact";
import type { Ops } from "../../src/wire/api.ts";
import type { LevelCause } from "../../src/wire/levels.ts";
import { t, type Key } from "../i18n/catalogue.ts";
import { countText } from "../ui/count.tsx";
import { microsecondsText, msText, perSecondText, rateText } from "../ui/figures.ts";
import { Panel } from "../ui/panel.tsx";
import { Cell } from "./cell.tsx";
import type { EdgeFigure } from "./edge-lines.ts";
import type { EdgeLines, History } from "./history.ts";

interface Column {
  readonly figure: EdgeFigure;
  readonly text: (value: number) => string;
  /** What the line's full height means at least. */
  readonly least: number;
  readonly isBad?: (value: number) => boolean;
}

const columns: readonly Column[] = [
  { figure: "listeners", text: countText, least: 10 },
  { figure: "joins", text: perSecondText, least: 10 },
  { figure: "egress", text: rateText, least: 1e5 },
  { figure: "loopDelay", text: msText, least: 20, isBad: (value) => value > 100 },
  { figure: "slow", text: countText, least: 10, isBad: (value) => value > 0 },
  { figure: "cpuPerListener", text: microsecondsText, least: 100 },
  { figure: "held", text: countText, least: 10 },
  { figure: "fetches", text: perSecondText, least: 10 },
  { figure: "level", text: String, least: 4, isBad: (value) => value >= 3 },
];

/** How the edges of this machine serve their listeners, each and all together. */
export function Edges({ ops, history }: { readonly ops: Ops; readonly history: History }): JSX.Element | null {
  const edges = ops.processes.filter(({ edge }) => edge !== null);
  if (edges.length === 0) return null;
  return (
    <Panel id="edges" title={t("ops.edges")} aside={<span class="soft">{t("ops.lastMinutes")}</span>}>
      <div class="figures-scroll" tabIndex={0} role="group" aria-labelledby="edges-title">
        <table class="figures-table ops-table ops-edges">
          <thead>
            <tr>
              <th scope="col">{t("ops.edge")}</th>
              {columns.map(({ figure }) => (
                <th key={figure} scope="col">
                  {t(words[figure])}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {edges.map(({ name, edge }) => (
              <Row key={name} name={name} lines={history.edges.get(name)} cause={edge?.cause} />
            ))}
          </tbody>
          {edges.length > 1 ? (
            <tfoot>
              <Row name={t("ops.allEdges")} lines={history.edges.get("")} />
            </tfoot>
          ) : null}
        </table>
      </div>
      <p class="soft">{t("ops.edgesHint")}</p>
    </Panel>
  );
}

interface RowProps {
  readonly name: string;
  readonly lines: EdgeLines | undefined;
  /** What brought it to its level; said when that is not calm. */
  readonly cause?: LevelCause | undefined;
}

function Row({ name, lines, cause = "calm" }: RowProps): JSX.Element {
  return (
    <tr>
      <th scope="row">{name}</th>
      {columns.map(({ figure, text, least, isBad }) => {
        const values = lines?.[figure] ?? [];
        const last = values.at(-1);
        return (
          <td key={figure} class={last !== undefined && isBad?.(last) ? "bad" : undefined}>
            <Cell name={`${name}: ${t(words[figure])}`} values={values} text={text} least={least} />
            {figure === "level" && cause !== "calm" ? <small class="soft">{t(causes[cause])}</small> : null}
          </td>
        );
      })}
    </tr>
  );
}

const words: Readonly<Record<EdgeFigure, Key>> = {
  listeners: "ops.listeners",
  joins: "ops.joins",
  egress: "ops.egress",
  loopDelay: "ops.loopDelay",
  slow: "ops.slow",
  cpuPerListener: "ops.cpuPerListener",
  held: "ops.held",
  fetches: "ops.fetches",
  level: "ops.level",
};

const causes: Readonly<Record<Exclude<LevelCause, "calm">, Key>> = {
  "loop-lag": "ops.byLag",
  cpu: "ops.byCpu",
  connections: "ops.byConnections",
  memory: "ops.byMemory",
  egress: "ops.byEgress",
  "by-hand": "ops.byHand",
  edges: "ops.edges",
};
