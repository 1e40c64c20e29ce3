import { pagePaths } from "../../src/wire/pages.ts";
import { language, languageNames, languages, t } from "../i18n/catalogue.ts";
import { arrange, el, say } from "./dom.ts";
import { late } from "./late.ts";
import { type LiveView, liveView } from "./live-view.ts";
import { followSpace, type SpaceModel } from "./model.ts";

/** What a screen reader is told when it changes. */
function spoken({ player, live }: SpaceModel): string {
  const { kind } = player.state;
  if (kind === "connecting" || kind === "playing" || kind === "stalled" || kind === "ended") {
    return t(`listen.said.${kind}`);
  }
  if (kind === "hold") return t(live?.status === "lobby" ? "listen.said.lobby" : "listen.said.hold");
  return "";
}

function footer(): HTMLElement {
  const others = languages.filter((tag) => tag !== language());
  return el(
    "footer",
    {},
    ...others.map((tag) => el("a", { href: `?lang=${tag}`, lang: tag, hreflang: tag }, languageNames[tag])),
  );
}

/**
 * Draws the Space's page and keeps it drawn: the live view at once, in plain DOM; what comes before and after, and the
 * raised hand and the line, as Preact parts that are loaded when they are needed.
 */
export function openPage(slug: string, state: Promise<Response>): void {
  const main = el("main");
  const region = el("p", { role: "status", class: "unseen" });
  const other = el("div", { class: "view" });
  const trouble = el("p", { class: "soft", role: "status" });
  let view: LiveView | undefined;
  let hand: "unused" | "open" | "closed" = "unused";
  let waiting = false;
  /** Not everybody could be seated since the page was opened. */
  let stood = false;

  const redraw = (): void => {
    if (waiting) return;
    waiting = true;
    queueMicrotask(() => {
      waiting = false;
      draw();
    });
  };
  const model = followSpace(slug, state, redraw);
  const drawUpcoming = late(async () => (await import("./upcoming.tsx")).load(), redraw);
  const drawReplay = late(async () => (await import("./replay.tsx")).load(), redraw);
  const drawStanding = late(async () => (await import("./standing.tsx")).load(), redraw);
  const drawHand = late(async () => (await import("./hand.tsx")).load(), redraw);
  const setHand = (to: typeof hand): void => {
    hand = to;
    redraw();
  };

  function draw(): void {
    const { live, missing, player } = model;
    document.title = live ? `${live.title} · Rostra` : "Rostra";
    region.textContent = spoken(model);
    say(trouble, model.unreachable ? t("listen.unreachable") : undefined);
    const onAir = live?.status === "lobby" || live?.status === "live";
    if (live && (onAir || player.state.kind === "playing" || player.state.kind === "hold")) {
      view ??= liveView(model, () => setHand("open"));
      view.draw(live);
      arrange(main, [trouble, view.node]);
      stood ||= live.level > 2 || player.state.kind === "waiting";
      if (stood) drawStanding(view.standing, { live, player, now: model.now() });
      const onClose = (): void => setHand("closed");
      const onStage = (): void => player.stop();
      if (hand !== "unused") drawHand(view.hand, { live, open: hand === "open", onClose, onStage });
      return;
    }
    arrange(main, [trouble, other]);
    if (live?.status === "ended") drawReplay(other, { live, now: model.now() });
    else if (live || missing) drawUpcoming(other, { live, now: model.now() });
  }

  const home = el("a", { class: "name", href: pagePaths.home() }, "Rostra");
  document.querySelector("#page")?.append(el("header", {}, home), main, footer(), region);
  redraw();
  // Clocks and countdowns.
  setInterval(() => {
    if (!document.hidden) redraw();
  }, 1000);
}
