import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t } from "../i18n/catalogue.ts";
import { Badge } from "../ui/badge.tsx";
import { Panel } from "../ui/panel.tsx";
import type { MediaHealth } from "./media-connection.ts";
import type { StageSession } from "./stage-session.ts";
import { useStore } from "./use-store.ts";

export type Grade = "good" | "fair" | "poor";

/** What people can hear of it: conversation strains above 300 ms, gaps are heard above 5 % loss. */
export function gradeOf({ roundTripMs = 0, lossPercent = 0 }: MediaHealth): Grade {
  if (roundTripMs > 300 || lossPercent > 5) return "poor";
  return roundTripMs > 150 || lossPercent > 1 ? "fair" : "good";
}

const badges = { good: "good", fair: "waiting", poor: "bad" } as const;
const words = { good: "stage.good", fair: "stage.fair", poor: "stage.poor" } as const;
const periodMs = 2000;

/** How good the person's own way to the stage is. */
export function ConnectionPanel({ session }: { readonly session: StageSession }): JSX.Element | null {
  const media = useStore(session.media);
  const [health, setHealth] = useState<MediaHealth | undefined>(undefined);
  const isConnected = media.kind === "connected";
  useEffect(() => {
    if (!isConnected) {
      setHealth(undefined);
      return;
    }
    const look = (): void => void session.health().then(setHealth, () => setHealth(undefined));
    look();
    const timer = setInterval(look, periodMs);
    return () => clearInterval(timer);
  }, [session, isConnected]);
  if (media.kind !== "connected") return null;
  const isKnown = health?.roundTripMs !== undefined || health?.lossPercent !== undefined;
  const grade = health && isKnown ? gradeOf(health) : undefined;
  return (
    <Panel
      id="connection"
      title={t("stage.connection")}
      aside={grade ? <Badge kind={badges[grade]}>{t(words[grade])}</Badge> : null}
    >
      <ul class="soft">
        <li>{t(media.transport === "tcp" ? "stage.wayTcp" : "stage.wayUdp")}</li>
        {health?.roundTripMs === undefined ? null : (
          <li>{t("stage.roundTrip", { ms: Math.round(health.roundTripMs) })}</li>
        )}
        {health?.lossPercent === undefined ? null : (
          <li>{t("stage.loss", { percent: Math.round(health.lossPercent * 10) / 10 })}</li>
        )}
      </ul>
      {grade === "poor" ? <p>{t("stage.poorHint")}</p> : null}
    </Panel>
  );
}
