import { escape } from "../foundation/escape.ts";
import type { LiveText, LiveTextLine } from "../wire/live-text.ts";
import { pagePaths } from "../wire/pages.ts";
import type { LiveState } from "../wire/state.ts";

export interface StandingFacts {
  readonly state: LiveState;
  readonly lines: LiveText["lines"];
  /** ms since 1970. */
  readonly now: number;
  /** The catalogue's area `standing` in one language, and what the language is called in each (`name.fr`). */
  readonly words: Readonly<Record<string, string>>;
  readonly language: string;
  readonly languages: readonly string[];
  readonly style: string;
  /** Seconds until the page loads itself again; `undefined`: it does not. */
  readonly renewAfter: number | undefined;
}

/** How many lines are shown, the newest first. */
const shownLines = 30;

/** The page that stands in place of a Space's at level 4, as HTML without scripts. */
export function standingHtml(facts: StandingFacts): string {
  const { state, lines, now, language, languages, style, renewAfter } = facts;
  const say = speaker(facts.words);
  const ago = relative(language, now);
  const page = pagePaths.space(state.slug);
  const at = (more: string): string => escape(`${page}?${more}lang=${language}`);
  const isLive = state.status === "live";
  const when = say(isLive ? "began" : "begins", {
    time: ago(isLive ? (state.liveAt ?? state.startAt) : state.startAt),
  });
  const people = state.stage.map(({ name }) => `<li dir="auto">${escape(name)}</li>`).join("");
  const text = lines.slice(-shownLines).toReversed();
  return [
    `<!doctype html><html lang="${escape(language)}" dir="ltr"><head><meta charset="utf-8">`,
    `<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">`,
    `<meta name="color-scheme" content="light dark">`,
    renewAfter === undefined ? "" : `<meta http-equiv="refresh" content="${renewAfter}">`,
    `<title>${escape(state.title)} · Rostra</title><link rel="icon" href="data:,"><style>${style}</style></head><body>`,
    `<header><a class="name" href="${pagePaths.home()}">Rostra</a></header><main>`,
    `<p class="status"><b>${say(isLive ? "onAir" : "lobby")}</b><span>${when}</span></p>`,
    `<h1 dir="auto">${escape(state.title)}</h1>`,
    state.notice ? `<p class="note" dir="auto">${say("line.notice", { text: state.notice })}</p>` : "",
    `<section class="standing"><h2>${say("full")}</h2><p>${say("read")}</p><p>${say("replay")}</p>`,
    `<p class="actions"><a class="button plain" href="${escape(page)}?ics" download="${escape(state.slug)}.ics">`,
    `${say("calendar")}</a> <a class="button plain" href="${at("go&")}">${say("goOn")}</a></p>`,
    `<p class="soft">${say("goOnHint")}</p></section>`,
    `<section class="standing"><h2>${say("onStage")}</h2>`,
    people ? `<ul class="people">${people}</ul>` : `<p class="soft">${say("emptyStage")}</p>`,
    `<h3 id="happening">${say("happening")}</h3>`,
    text.length
      ? `<ol class="lines" aria-labelledby="happening">${text.map((line) => lineHtml(line, say, ago)).join("")}</ol>`
      : `<p class="soft">${say("quiet")}</p>`,
    "</section>",
    `</main><footer><a href="${at(renewAfter === undefined ? "" : "still&")}">${say(renewAfter === undefined ? "renew" : "still")}</a>`,
    ...languages
      .filter((tag) => tag !== language)
      .map((tag) => `<a href="${escape(page)}?lang=${tag}" lang="${tag}" hreflang="${tag}">${say(`name.${tag}`)}</a>`),
    "</footer></body></html>\n",
  ].join("");
}

type Say = (word: string, values?: Readonly<Record<string, string>>) => string;

/** Says a word of the catalogue with its places filled, escaped. */
const speaker =
  (words: Readonly<Record<string, string>>): Say =>
  (word, values = {}) =>
    escape(words[`standing.${word}`] ?? words[word] ?? "").replace(/\{(\w+)\}/g, (_place, name: string) =>
      escape(values[name] ?? ""),
    );

function lineHtml(line: LiveTextLine, say: Say, ago: (at: number) => string): string {
  const at = Number.isSafeInteger(line.at) ? line.at : 0;
  const time = `<time datetime="${new Date(at).toISOString()}">${escape(ago(at))}</time>`;
  if (line.t !== "speaks") {
    const values = { name: "name" in line ? String(line.name) : "", text: "text" in line ? String(line.text) : "" };
    return `<li>${time} <span dir="auto">${say(`line.${line.t}`, values)}</span></li>`;
  }
  const name = String(line.name);
  if (line.until === null)
    return `<li class="speaking-now">${time} <span dir="auto">${say("speaking", { name })}</span></li>`;
  const seconds = Math.max(1, Math.round((line.until - at) / 1000));
  const spoken = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  return `<li>${time} <span dir="auto">${say("spoke", { name, time: spoken })}</span></li>`;
}

/** How long ago or in how long, in words: an edge does not know what time zone a reader is in. */
function relative(language: string, now: number): (at: number) => string {
  const format = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });
  return (at) => {
    const seconds = Math.round((at - now) / 1000);
    const size = Math.abs(seconds);
    if (size < 60) return format.format(seconds, "second");
    if (size < 5400) return format.format(Math.round(seconds / 60), "minute");
    return size < 129_600
      ? format.format(Math.round(seconds / 3600), "hour")
      : format.format(Math.round(seconds / 86_400), "day");
  };
}
