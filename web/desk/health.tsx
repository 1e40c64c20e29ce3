import type { JSX } from "preact";
import type { Space } from "../../src/wire/api.ts";
import type { RoomPerson } from "../../src/wire/signalling.ts";
import { t } from "../i18n/catalogue.ts";
import type { Health } from "../stage/room-client.ts";
import { Badge } from "../ui/badge.tsx";
import { countText } from "../ui/count.tsx";
import { msText, percentText } from "../ui/figures.ts";
import { Panel } from "../ui/panel.tsx";
import { delayText } from "./delay-text.ts";

export interface HealthPanelProps {
  readonly health: Health | undefined;
  readonly people: readonly RoomPerson[];
  readonly space: Space;
  /** Different listeners so far, about. */
  readonly heard: number;
}

/** How the programme does, second by second. */
export function HealthPanel({ health, people, space, heard }: HealthPanelProps): JSX.Element {
  const nameOf = (id: string): string => people.find((one) => one.id === id)?.name ?? id;
  // The stage may send while the origin publishes hold audio: what the audience hears counts.
  const isHeard = health?.onAir === true && space.status === "live" && !space.hold;
  const aside = health ? (
    <Badge kind={isHeard ? "live" : "plain"}>{t(isHeard ? "desk.onAir" : "desk.notOnAir")}</Badge>
  ) : null;
  return (
    <Panel id="health" title={t("desk.health")} aside={aside}>
      <dl class="figures">
        <Figure name={t("desk.listeners")} value={countText(health?.listeners ?? space.listeners)} />
        <Figure name={t("desk.heard")} value={countText(heard)} />
        <Figure name={t("desk.lag")} value={health ? msText(health.lagMs) : "–"} bad={(health?.lagMs ?? 0) > 500} />
        <Figure name={t("desk.lost")} value={health ? countText(health.lost) : "–"} bad={(health?.lost ?? 0) > 0} />
        <Figure name={t("desk.delay")} value={health?.delayMs == null ? t("desk.notYet") : delayText(health.delayMs)} />
      </dl>
      <p class="soft">{t("desk.listenersHint")}</p>
      {health === undefined || health.sessions.length === 0 ? (
        <p class="soft">{t("desk.healthNone")}</p>
      ) : (
        <table class="figures-table">
          <caption>{t("desk.sessions")}</caption>
          <thead>
            <tr>
              <th scope="col">{t("desk.speaker")}</th>
              <th scope="col">{t("desk.lossPercent")}</th>
              <th scope="col">{t("desk.jitter")}</th>
            </tr>
          </thead>
          <tbody>
            {health.sessions.map((one) => (
              <tr key={one.participant}>
                <th scope="row">{nameOf(one.participant)}</th>
                <td class={one.lossPercent > 5 ? "bad" : undefined}>{percentText(one.lossPercent)}</td>
                <td class={one.jitterMs > 60 ? "bad" : undefined}>{msText(one.jitterMs)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}

export const Figure = ({ name, value, bad }: { name: string; value: string; bad?: boolean }): JSX.Element => (
  <div class={`figure${bad ? " bad" : ""}`}>
    <dt>{name}</dt>
    <dd>{value}</dd>
  </div>
);
