import type { JSX } from "preact";
import type { Ops } from "../../src/wire/api.ts";
import { pagePaths } from "../../src/wire/pages.ts";
import { t } from "../i18n/catalogue.ts";
import { delayText } from "../desk/delay-text.ts";
import { StatusBadge } from "../desk/status-badge.tsx";
import { countText } from "../ui/count.tsx";
import { Panel } from "../ui/panel.tsx";
import { msText } from "../ui/figures.ts";

/** Every Space that is scheduled, open or live, and how its programme does. */
export function OpenSpaces({ spaces }: Pick<Ops, "spaces">): JSX.Element {
  return (
    <Panel id="spaces" title={t("ops.spaces")}>
      {spaces.length === 0 ? (
        <p class="soft">{t("ops.noSpaces")}</p>
      ) : (
        <div class="figures-scroll" tabIndex={0} role="group" aria-labelledby="spaces-title">
          <table class="figures-table ops-table">
            <thead>
              <tr>
                <th scope="col">{t("ops.space")}</th>
                <th scope="col">{t("ops.state")}</th>
                <th scope="col">{t("ops.listeners")}</th>
                <th scope="col">{t("ops.onStage")}</th>
                <th scope="col">{t("ops.hands")}</th>
                <th scope="col">{t("ops.lag")}</th>
                <th scope="col">{t("ops.lost")}</th>
                <th scope="col">{t("ops.opened")}</th>
              </tr>
            </thead>
            <tbody>
              {spaces.map((one) => (
                <tr key={one.id}>
                  <th scope="row">
                    <a href={pagePaths.desk(one.slug)}>{one.title}</a>
                  </th>
                  <td>
                    <StatusBadge space={{ ...one, replay: false }} />
                  </td>
                  <td>{countText(one.listeners)}</td>
                  <td>{countText(one.onStage)}</td>
                  <td>{countText(one.hands)}</td>
                  <td>{one.programme ? msText(one.programme.lagMs) : "–"}</td>
                  <td class={one.programme && one.programme.lost > 0 ? "bad" : undefined}>
                    {one.programme ? countText(one.programme.lost) : "–"}
                  </td>
                  <td>{one.delayMs === null ? "–" : delayText(one.delayMs)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}
