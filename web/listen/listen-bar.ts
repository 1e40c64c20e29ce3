import type { LiveState } from "../../src/wire/state.ts";
import { t } from "../i18n/catalogue.ts";
import { showOnLockScreen } from "../player/lock-screen.ts";
import { el, say, sign } from "./dom.ts";
import type { SpaceModel } from "./model.ts";
import { sharePage } from "./share.ts";

/** How long "Link copied" stands in place of "Share". */
const copiedMs = 3000;

/** iOS keeps the volume to the phone's own buttons: setting it has no effect there. */
function volumeOf(audio: HTMLAudioElement): HTMLElement | undefined {
  audio.volume = 0.5;
  const works = audio.volume === 0.5;
  audio.volume = 1;
  if (!works) return undefined;
  const range = el("input", { type: "range", min: "0", max: "1", step: "0.05", value: "1" });
  range.addEventListener("input", () => (audio.volume = range.valueAsNumber));
  return el("label", { class: "volume" }, el("span", { class: "unseen" }, t("listen.volume")), range);
}

/** The bar at the foot of the page: Listen or Stop, volume, raise hand, share. */
export function listenBar(
  { player }: SpaceModel,
  openHand: () => void,
): { readonly node: HTMLElement; draw(live: LiveState): void } {
  const button = (kind: string, ...children: readonly (Node | string)[]): HTMLButtonElement =>
    el("button", { type: "button", class: `button ${kind}` }, ...children);
  const mark = sign("play");
  const word = el("span");
  const wait = el("span", { class: "waiting" });
  const listen = button("large", mark.node, word, wait);
  const hand = button("quiet", sign("hand").node, t("listen.raiseHand"));
  const shareWord = el("span", {}, t("listen.share"));
  const share = button("quiet", sign("share").node, shareWord);
  let shown: LiveState | undefined;

  listen.addEventListener("click", () => {
    const { kind } = player.state;
    if (kind !== "idle" && kind !== "ended" && kind !== "failed") return player.stop();
    player.play();
    if (shown) showOnLockScreen(player, shown.title, shown.stage.map(({ name }) => name).join(", "));
  });
  hand.addEventListener("click", openHand);
  share.addEventListener("click", () => {
    void sharePage(document.title).then((copied) => {
      if (!copied) return;
      say(shareWord, t("listen.copied"));
      setTimeout(() => say(shareWord, t("listen.share")), copiedMs);
    });
  });

  return {
    node: el("div", { class: "bar" }, el("div", { class: "bar-inner" }, listen, volumeOf(player.audio), hand, share)),
    draw(live) {
      shown = live;
      const { kind } = player.state;
      const stopped = kind === "idle" || kind === "ended" || kind === "failed";
      listen.classList.toggle("primary", stopped);
      mark.set(stopped ? "play" : "stop");
      say(word, t(stopped ? "listen.listen" : "listen.stop"));
      say(wait, kind === "connecting" || kind === "stalled" ? t(`listen.${kind}`) : undefined);
      hand.hidden = live.status !== "live";
    },
  };
}
