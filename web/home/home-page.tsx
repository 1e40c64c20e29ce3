import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Space, SpaceList } from "../../src/wire/api.ts";
import { pagePaths } from "../../src/wire/pages.ts";
import { api } from "../api/client.ts";
import { chooseLanguage, isLanguage, language, languageNames, languages, t } from "../i18n/catalogue.ts";
import { Button } from "../ui/button.tsx";
import { Masthead } from "../ui/masthead.tsx";
import { OnAirCard, ReplayCard, UpcomingCard } from "./cards.tsx";
import { programmeOf } from "./programme.ts";

/** How often the list is read again. */
const refreshMs = 20_000;
/** Replays shown before "Show more". */
const firstReplays = 8;
/** The most that is asked for. */
const limit = 100;

interface Answer {
  readonly spaces: readonly Space[] | undefined;
  /** The last attempt had no answer; `spaces` is what was known before. */
  readonly unreachable: boolean;
}

/** The public Spaces, read again from time to time while somebody looks. */
function useSpaces(): Answer & { readonly retry: () => void } {
  const [answer, setAnswer] = useState<Answer>({ spaces: undefined, unreachable: false });
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const read = async (): Promise<void> => {
      clearTimeout(timer);
      try {
        const { spaces } = await api<SpaceList>(`/spaces?limit=${limit}`, { signal: abort.signal });
        setAnswer({ spaces, unreachable: false });
      } catch {
        if (abort.signal.aborted) return;
        setAnswer((before) => ({ ...before, unreachable: true }));
      }
      timer = setTimeout(() => void next(), refreshMs * (0.8 + Math.random() * 0.4));
    };
    const next = (): Promise<void> | undefined => (document.hidden ? undefined : read());
    const seen = (): void => void next();
    document.addEventListener("visibilitychange", seen);
    void read();
    return () => {
      abort.abort();
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", seen);
    };
  }, [attempt]);
  return { ...answer, retry: () => setAttempt(attempt + 1) };
}

function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

function Shelf({
  id,
  title,
  empty,
  children,
}: {
  readonly id: string;
  readonly title: string;
  /** Said when there is nothing on the shelf; undefined when there is something. */
  readonly empty: string | undefined;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {empty ? <p class="empty">{empty}</p> : <ul class={`shelf ${id}`}>{children}</ul>}
    </section>
  );
}

function Shelves({ spaces }: { readonly spaces: readonly Space[] }): JSX.Element {
  const { onAir, upcoming, replays } = programmeOf(spaces);
  const [all, setAll] = useState(false);
  const now = useNow();
  if (onAir.length + upcoming.length + replays.length === 0) return <p class="empty">{t("home.first")}</p>;
  return (
    <>
      <Shelf id="on-air" title={t("home.live")} empty={onAir.length ? undefined : t("home.nothingLive")}>
        {onAir.map((space) => (
          <OnAirCard key={space.id} space={space} now={now} />
        ))}
      </Shelf>
      <Shelf id="upcoming" title={t("home.upcoming")} empty={upcoming.length ? undefined : t("home.nothingUpcoming")}>
        {upcoming.map((space) => (
          <UpcomingCard key={space.id} space={space} />
        ))}
      </Shelf>
      <Shelf id="replays" title={t("home.replays")} empty={replays.length ? undefined : t("home.nothingReplays")}>
        {replays.slice(0, all ? limit : firstReplays).map((space) => (
          <ReplayCard key={space.id} space={space} />
        ))}
      </Shelf>
      {!all && replays.length > firstReplays ? (
        <p class="more">
          <Button onClick={() => setAll(true)}>{t("home.more")}</Button>
        </p>
      ) : null}
    </>
  );
}

/** What is on, what comes, and what can be heard again. */
export function HomePage(): JSX.Element {
  const { spaces, unreachable, retry } = useSpaces();
  return (
    <>
      <Masthead
        home={pagePaths.home()}
        languages={languages.map((tag) => ({ tag, name: languageNames[tag] }))}
        language={language()}
        languageLabel={t("home.language")}
        onLanguage={(tag) => {
          if (isLanguage(tag)) chooseLanguage(tag);
        }}
      >
        <a href={pagePaths.desk()}>{t("home.desk")}</a>
      </Masthead>
      <main>
        <h1>{t("home.tagline")}</h1>
        {unreachable ? (
          <div class="trouble" role="status">
            <p>{t("home.unreachable")}</p>
            <Button onClick={retry}>{t("home.retry")}</Button>
          </div>
        ) : null}
        {spaces ? <Shelves spaces={spaces} /> : null}
      </main>
    </>
  );
}
