import { type JSX, render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { LiveText, LiveTextLine } from "../../src/wire/live-text.ts";
import { pagePaths } from "../../src/wire/pages.ts";
import { livePaths } from "../../src/wire/paths.ts";
import type { LiveState } from "../../src/wire/state.ts";
import { deadline } from "../api/deadline.ts";
import { t, type Words } from "../i18n/catalogue.ts";
import type { Player } from "../player/contract.ts";
import { ButtonLink } from "../ui/button.tsx";
import { clockText } from "../ui/clock.ts";
import { part } from "./part.ts";
import { placeText, timeText, turnText } from "./place-text.ts";
import styles from "./standing.css?url";

interface StandingProps {
  readonly live: LiveState;
  readonly player: Player;
  /** The server's clock, ms since 1970. */
  readonly now: number;
}

/** How often the text is read, ms, each time with jitter; while it cannot be had, half as often each time, up to the longest. */
const textMs = 5000;
const longestTextMs = 60_000;
/** How long one answer may take, ms. */
const answerMs = 5000;
/** A screen reader is told how it stands at most this often, ms. */
const sayEveryMs = 30_000;
/** How many lines are shown; the older ones are in the text, for whoever asks for it. */
const shownLines = 8;

function sentence(line: LiveTextLine): string {
  if (line.t === "speaks") {
    const { name, at, until } = line;
    return until === null
      ? t("standing.speaking", { name })
      : t("standing.spoke", { name, time: clockText(until - at) });
  }
  return t(`standing.line.${line.t}`, {
    ...("name" in line ? { name: line.name } : {}),
    ...("text" in line ? line : {}),
  });
}

/** The text of a Space, read again and again while it is looked at. */
function useText({ base }: Player, slug: string, level: number): readonly LiveTextLine[] | undefined {
  const [lines, setLines] = useState<readonly LiveTextLine[]>();
  useEffect(() => {
    const ending = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    let failures = 0;
    const read = async (): Promise<void> => {
      const limit = deadline(answerMs, ending.signal);
      try {
        if (!document.hidden) {
          const response = await fetch(base + livePaths.text(slug), { signal: limit.signal, credentials: "omit" });
          if (!response.ok) throw new Error(`${response.status}`);
          setLines(((await response.json()) as LiveText).lines);
        }
        failures = 0;
      } catch {
        failures++;
      } finally {
        limit.end();
      }
      const every = Math.min(longestTextMs, textMs * (level > 3 ? 2 : 1) * 2 ** failures);
      if (!ending.signal.aborted) timer = setTimeout(() => void read(), every * (0.75 + Math.random() / 2));
    };
    void read();
    return () => {
      ending.abort();
      clearTimeout(timer);
    };
  }, [base, slug, level]);
  return lines;
}

/** What is told to a screen reader: the latest, but not more often than anybody wants to hear it. */
function useSaid(text: string, now: number): string {
  const said = useRef({ text: "", at: -Infinity });
  if (text !== said.current.text && now - said.current.at >= sayEveryMs) said.current = { text, at: now };
  return said.current.text;
}

function Line({ line }: { readonly line: LiveTextLine }): JSX.Element {
  return (
    <li class={line.t === "speaks" && line.until === null ? "speaking-now" : ""}>
      <time dateTime={new Date(line.at).toISOString()}>{timeText(line.at)}</time>{" "}
      <span dir="auto">{sentence(line)}</span>
    </li>
  );
}

/** What those who cannot be seated yet see: how it stands, what is happening, and what they can count on. */
function Standing({ live, player, now }: StandingProps): JSX.Element {
  const { state } = player;
  const lines = useText(player, live.slug, live.level);
  const waits = state.kind === "waiting";
  const title = t(waits ? "standing.inLine" : "standing.full");
  const place = waits ? [placeText(state), turnText(state)].filter(Boolean).join(" ") : t("standing.press");
  const said = useSaid(`${title}. ${place}`, now);
  return (
    <section class="standing" aria-labelledby="standing-title">
      <h2 id="standing-title">{title}</h2>
      <p role="status" class="unseen">
        {said}
      </p>
      <p class="place">{place}</p>
      <p>{t(live.level > 3 ? "standing.halted" : "standing.goesOn")}</p>
      {waits ? <p>{t("standing.byItself")}</p> : null}
      <h3 id="standing-happening">{t("standing.happening")}</h3>
      {lines?.length ? (
        <ol class="lines" aria-labelledby="standing-happening">
          {lines
            .slice(-shownLines)
            .toReversed()
            .map((line) => (
              <Line key={`${line.t} ${line.at}`} line={line} />
            ))}
        </ol>
      ) : (
        <p class="soft">{t("standing.quiet")}</p>
      )}
      <p>{t("standing.replay")}</p>
      <p class="actions">
        <ButtonLink href={`${pagePaths.space(live.slug)}?ics`} download={`${live.slug}.ics`}>
          {t("standing.calendar")}
        </ButtonLink>
      </p>
    </section>
  );
}

/** Whether somebody is to be told that they cannot be seated: they are in line, or would be if they pressed Listen. */
const isTold = ({ live, player }: StandingProps): boolean =>
  player.state.kind === "waiting" || (player.state.kind === "idle" && live.level > 2);

export const load = part<StandingProps>(
  (container, props) => render(isTold(props) ? <Standing {...props} /> : null, container),
  styles,
  import.meta.glob<Words>("../i18n/*/standing.ts"),
);
