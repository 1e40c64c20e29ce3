import type { JSX } from "preact";
import type { Ops } from "../../src/wire/api.ts";
import { t } from "../i18n/catalogue.ts";
import { Badge } from "../ui/badge.tsx";
import { Panel } from "../ui/panel.tsx";
import { bytesText, coreText, msText, spanText } from "../ui/figures.ts";
import { Cell } from "./cell.tsx";
import type { History } from "./history.ts";

/** Each process: up or not, memory, processor, event loop. */
export function Processes({ ops, history }: { readonly ops: Ops; readonly history: History }): JSX.Element {
  return (
    <Panel id="processes" title={t("ops.processes")}>
      {ops.processes.length === 0 ? (
        <p class="soft">{t("ops.noProcesses")}</p>
      ) : (
        <div class="figures-scroll" tabIndex={0} role="group" aria-labelledby="processes-title">
          <table class="figures-table ops-table">
            <thead>
              <tr>
                <th scope="col">{t("ops.process")}</th>
                <th scope="col">{t("ops.state")}</th>
                <th scope="col">{t("ops.processMemory")}</th>
                <th scope="col">{t("ops.processCpu")}</th>
                <th scope="col">{t("ops.loopDelay")}</th>
                <th scope="col">{t("ops.uptime")}</th>
                <th scope="col">{t("ops.restarts")}</th>
              </tr>
            </thead>
            <tbody>
              {ops.processes.map((one) => {
                const lines = history.processes.get(one.name);
                const delay = one.loopDelaySeconds === null ? undefined : one.loopDelaySeconds * 1000;
                return (
                  <tr key={one.name}>
                    <th scope="row">{one.name}</th>
                    <td>
                      <Badge kind={one.up ? "good" : "bad"}>{t(one.up ? "ops.up" : "ops.down")}</Badge>
                    </td>
                    <td>{one.rss === null ? "–" : bytesText(one.rss)}</td>
                    <td>
                      <Cell name={`${one.name}: ${t("ops.processCpu")}`} values={lines?.cpu ?? []} text={coreText} />
                    </td>
                    <td class={delay !== undefined && delay > 100 ? "bad" : undefined}>
                      <Cell
                        name={`${one.name}: ${t("ops.loopDelay")}`}
                        values={lines?.loopDelay ?? []}
                        text={msText}
                        least={20}
                      />
                    </td>
                    <td>{one.uptimeSeconds === null ? "–" : spanText(one.uptimeSeconds)}</td>
                    <td>{one.restarts ?? "–"}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}
