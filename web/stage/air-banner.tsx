import type { JSX } from "preact";
import type { Space } from "../../src/wire/api.ts";
import { type Key, t } from "../i18n/catalogue.ts";
import { clockText } from "../ui/clock.ts";
import type { Air } from "./air.ts";
import type { MediaState } from "./media-connection.ts";
import type { RoomState } from "./room-client.ts";

export interface AirBannerProps {
  readonly air: Air;
  readonly media: MediaState;
  readonly room: RoomState;
  readonly space: Space;
  readonly listeners: number;
  /** The server's clock, ms since 1970. */
  readonly now: number;
}

const words: Readonly<Record<Exclude<Air["kind"], "offline" | "over">, readonly [title: Key, detail: Key]>> = {
  "on-air": ["stage.airOn", "stage.airOnDetail"],
  muted: ["stage.airMuted", "stage.airMutedDetail"],
  "no-microphone": ["stage.airNoMic", "stage.airNoMicDetail"],
  "green-room": ["stage.airGreen", "stage.airGreenDetail"],
  "room-away": ["stage.airRoomAway", "stage.airRoomAwayDetail"],
  early: ["stage.airEarly", "stage.airEarlyDetail"],
  hold: ["stage.airHold", "stage.airHoldDetail"],
  audience: ["stage.airAudience", "stage.airAudienceDetail"],
};

/** What the person must know at every moment, in two lines. */
export function airWords(air: Air, media: MediaState, room: RoomState): readonly [title: string, detail: string] {
  if (air.kind === "over")
    return [t(air.status === "cancelled" ? "stage.cancelled" : "stage.over"), t("stage.overDetail")];
  if (air.kind === "muted" && air.by === "system") return [t("stage.airSystem"), t("stage.airSystemDetail")];
  if (air.kind !== "offline") {
    const [title, detail] = words[air.kind];
    return [t(title), t(detail)];
  }
  return [t("stage.airOffline"), [wayWords(media, room), t("stage.placeKept")].join(" ")];
}

function wayWords(media: MediaState, room: RoomState): string {
  if (room.kind === "waiting") return t("stage.roomWaiting", { seconds: Math.ceil(room.delay / 1000) });
  switch (media.kind) {
    case "waiting":
      return t("stage.waiting", { seconds: Math.ceil(media.delay / 1000) });
    case "interrupted":
      return t("stage.interrupted");
    case "refused":
      return [t("stage.mediaRefused"), media.problem?.detail, media.problem?.action].filter(Boolean).join(" ");
    case "connecting":
      return t(media.transport === "tcp" ? "stage.connectingTcp" : "stage.connecting");
    default:
      return t("stage.connecting");
  }
}

/** Does the audience hear me? Large, first on the page, with the time and the count. */
export function AirBanner({ air, media, room, space, listeners, now }: AirBannerProps): JSX.Element {
  const [title, detail] = airWords(air, media, room);
  const time = timeWords(space, now);
  return (
    <section class={`air ${air.kind}`}>
      <div role="status" aria-live="assertive">
        <p class="air-title">{title}</p>
        <p>{detail}</p>
      </div>
      <p class="air-facts">
        {time === "" ? null : <span>{time}</span>}
        <span>{t("stage.listeners", { n: listeners })}</span>
      </p>
    </section>
  );
}

function timeWords(space: Space, now: number): string {
  if (space.status === "live" && space.liveAt !== null) {
    return t("stage.liveFor", { time: clockText(now - Date.parse(space.liveAt)) });
  }
  if (space.status !== "scheduled" && space.status !== "lobby") return "";
  const left = Date.parse(space.startAt) - now;
  return left > 0 ? t("stage.startsIn", { time: clockText(left + 999) }) : t("stage.startDue");
}
