import { livePaths } from "../../src/wire/paths.ts";
import type { LiveState } from "../../src/wire/state.ts";
import { language, t } from "../i18n/catalogue.ts";
import { clockText } from "../ui/clock.ts";
import { el, say } from "./dom.ts";
import { listenBar } from "./listen-bar.ts";
import type { SpaceModel } from "./model.ts";
import { openedText } from "./opened.ts";
import { stageList } from "./stage-list.ts";

const timeText = (at: number): string =>
  new Intl.DateTimeFormat(language(), { weekday: "long", hour: "numeric", minute: "2-digit" }).format(at);

export interface LiveView {
  readonly node: HTMLElement;
  /** Where the raise-hand part is drawn. */
  readonly hand: HTMLElement;
  /** Where those who cannot listen yet are told how it stands. */
  readonly standing: HTMLElement;
  draw(live: LiveState): void;
}

/** The Space in its lobby and while it is live. */
export function liveView(model: SpaceModel, openHand: () => void): LiveView {
  const { player } = model;
  const status = el("b");
  const count = el("span");
  const clock = el("span");
  const title = el("h1", { dir: "auto" });
  const description = el("p", { class: "description", dir: "auto" });
  const opens = el("p", { class: "opens" });
  const notice = el("p", { class: "note", dir: "auto" });
  const hold = el("p", { class: "note" });
  const failure = el("p", { class: "note" });
  const elsewhere = el("a", { href: livePaths.master(model.slug) }, t("listen.otherPlayer"));
  const opened = el("p", { class: "soft" });
  const heard = el("p", { class: "soft" });
  const hand = el("div");
  const standing = el("div");
  const stage = stageList();
  const bar = listenBar(model, openHand);

  function draw(live: LiveState): void {
    const lobby = live.status === "lobby";
    const now = model.now();
    status.className = lobby ? "" : "live";
    say(status, t(lobby ? "listen.lobby" : "listen.onAir"));
    say(count, live.listeners > 0 ? t("listen.listeners", { n: live.listeners }) : undefined);
    say(clock, live.liveAt !== null && !lobby ? clockText(now - live.liveAt) : undefined);
    say(title, live.title);
    say(description, live.description);
    const left = live.startAt - now;
    const when = left > 0 ? `${t("listen.opensIn")} ${clockText(left)} · ${timeText(live.startAt)}` : undefined;
    say(opens, lobby ? (when ?? t("listen.anyMoment")) : undefined);
    say(notice, live.notice ? `${t("listen.notice")} ${live.notice}` : undefined);
    say(hold, lobby ? (live.level < 3 ? t("listen.lobbyHint") : "") : live.hold ? t("listen.hold") : "");
    const why = player.state.kind === "failed" ? player.state.why : undefined;
    say(failure, why === "refused-by-browser" ? t("listen.refused") : why && t("listen.cannotPlay"));
    elsewhere.hidden = why !== "no-way-to-play";
    say(opened, live.delayMs !== null && !lobby ? openedText(live.delayMs) : undefined);
    say(heard, live.heard > live.listeners ? t("listen.heard", { n: live.heard }) : undefined);
    stage.draw(live.stage, model.voices);
    bar.draw(live);
  }

  const head = el("p", { class: "status" }, status, count, clock);
  const parts = [
    head,
    title,
    description,
    opens,
    notice,
    hold,
    failure,
    elsewhere,
    standing,
    stage.node,
    hand,
    opened,
    heard,
    bar.node,
  ];
  return { node: el("div", { class: "view" }, ...parts), hand, standing, draw };
}
