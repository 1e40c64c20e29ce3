import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { pagePaths } from "../../src/wire/pages.ts";
import { ApiProblem, wordsFor } from "../api/client.ts";
import { t } from "../i18n/catalogue.ts";
import { Button, ButtonLink } from "../ui/button.tsx";
import { Callout } from "../ui/callout.tsx";
import { type Entrance, findEntrance } from "./entrance.ts";
import { Frame } from "./frame.tsx";
import { Microphone } from "./microphone.ts";
import { PreJoin } from "./pre-join.tsx";
import { SoundOutput } from "./sound-output.ts";
import { type WatchedSpace, watchSpace } from "./space-watch.ts";
import { StageSession } from "./stage-session.ts";
import { StageView } from "./stage-view.tsx";
import type { Readable } from "./store.ts";
import { useStore } from "./use-store.ts";

export interface StagePageProps {
  readonly slug: string;
  /** The invite's token, from the address. */
  readonly invite: string | undefined;
}

type Step =
  | { readonly kind: "loading" }
  | { readonly kind: "problem"; readonly isLost: boolean; readonly detail: string }
  | { readonly kind: "no-entry" }
  | { readonly kind: "pre-join"; readonly entrance: Entrance }
  | { readonly kind: "stage"; readonly session: StageSession; readonly entrance: Entrance }
  | { readonly kind: "left"; readonly entrance: Entrance };

/** Where a name that was given once is kept for the next time. */
const nameKey = "rostra-name";

const remembered = (): string => {
  try {
    return localStorage.getItem(nameKey) ?? "";
  } catch {
    return "";
  }
};

/** The way onto the stage and off it again. */
export function StagePage({ slug, invite }: StagePageProps): JSX.Element {
  const [step, setStep] = useState<Step>({ kind: "loading" });
  const [watched, setWatched] = useState<Readable<WatchedSpace> | undefined>(undefined);
  const [microphone, setMicrophone] = useState(() => new Microphone());
  const [output] = useState(() => new SoundOutput());
  const [round, setRound] = useState(0);
  useEffect(() => {
    const ending = new AbortController();
    const load = async (): Promise<void> => {
      try {
        const space = await watchSpace(slug, ending.signal);
        setWatched(() => space);
        const entrance = await findEntrance(slug, invite, sessionStorage, ending.signal);
        setStep(entrance.by === "nothing" ? { kind: "no-entry" } : { kind: "pre-join", entrance });
      } catch (failure) {
        if (ending.signal.aborted) return;
        const isLost = failure instanceof ApiProblem && failure.status === 404;
        const detail = isLost ? t("frame.lostDetail") : wordsFor(failure);
        setStep({ kind: "problem", isLost, detail });
      }
    };
    void load();
    return () => ending.abort();
  }, [slug, invite, round]);

  const enter = (entrance: Entrance, name: string, muted: boolean): void => {
    try {
      localStorage.setItem(nameKey, name);
    } catch {
      /* it is asked for again next time */
    }
    const at = `/api/v1/spaces/${slug}`;
    const session = new StageSession({
      url: new URL(`${at}/room`, location.href).href.replace(/^http/, "ws"),
      whipUrl: new URL(`${at}/whip`, location.href).href,
      space: slug,
      token: "token" in entrance ? entrance.token : undefined,
      name,
      microphone,
      muted,
    });
    session.enter();
    setStep({ kind: "stage", session, entrance });
  };
  const leave = (session: StageSession, entrance: Entrance): void => {
    session.leave();
    output.end();
    setMicrophone(new Microphone());
    setStep({ kind: "left", entrance });
  };
  const title = watched?.get().space.title ?? slug;
  return (
    <Frame title={t("stage.title", { title })} links={<a href={pagePaths.space(slug)}>{t("stage.listen")}</a>}>
      {step.kind === "loading" ? <p class="soft">{t("frame.loading")}</p> : null}
      {step.kind === "problem" ? (
        <Ending
          slug={step.isLost ? undefined : slug}
          title={t(step.isLost ? "frame.lost" : "stage.refused")}
          detail={step.detail}
          bad
        >
          <Button onClick={() => setRound(round + 1)}>{t("frame.tryAgain")}</Button>
        </Ending>
      ) : null}
      {step.kind === "no-entry" ? (
        <Ending slug={slug} title={t("stage.noEntry")} detail={t("stage.noEntryDetail")}>
          <ButtonLink href={`${pagePaths.signIn()}?next=${encodeURIComponent(pagePaths.stage(slug))}`}>
            {t("frame.signIn")}
          </ButtonLink>
        </Ending>
      ) : null}
      {step.kind === "pre-join" && watched ? (
        <PreJoin
          space={watched.get().space}
          microphone={microphone}
          output={output}
          name={("name" in step.entrance ? step.entrance.name : undefined) ?? remembered()}
          onEnter={(name, muted) => enter(step.entrance, name, muted)}
        />
      ) : null}
      {step.kind === "stage" && watched ? (
        <OnStage
          slug={slug}
          session={step.session}
          watched={watched}
          output={output}
          onLeave={() => leave(step.session, step.entrance)}
        />
      ) : null}
      {step.kind === "left" ? (
        <Ending slug={slug} title={t("stage.left")} detail={t("stage.leftDetail")}>
          <Button onClick={() => setStep({ kind: "pre-join", entrance: step.entrance })}>{t("stage.comeBack")}</Button>
        </Ending>
      ) : null}
    </Frame>
  );
}

interface OnStageProps {
  readonly slug: string;
  readonly session: StageSession;
  readonly watched: Readable<WatchedSpace>;
  readonly output: SoundOutput;
  readonly onLeave: () => void;
}

/** The stage while the room has this person; what became of them otherwise. */
function OnStage({ slug, session, watched, output, onLeave }: OnStageProps): JSX.Element {
  const room = useStore(session.room.state);
  const air = useStore(session.air);
  useEffect(() => {
    const hide = (): void => session.detach();
    const show = (event: PageTransitionEvent): void => {
      if (event.persisted) session.reattach();
    };
    addEventListener("pagehide", hide);
    addEventListener("pageshow", show);
    return () => {
      removeEventListener("pagehide", hide);
      removeEventListener("pageshow", show);
    };
  }, [session]);
  const isDone = room.kind === "removed" || room.kind === "refused" || air.kind === "over";
  useEffect(() => {
    if (!isDone) return;
    session.leave();
    output.end();
  }, [isDone, session, output]);
  if (room.kind === "removed") {
    return <Ending slug={slug} title={t("stage.removed", { name: room.by })} detail={t("stage.removedDetail")} bad />;
  }
  if (room.kind === "refused") {
    const detail = [room.problem?.detail, room.problem?.action].filter(Boolean).join(" ");
    return <Ending slug={slug} title={t("stage.refused")} detail={detail || t("stage.noEntryDetail")} bad />;
  }
  if (air.kind === "over") {
    const title = t(air.status === "cancelled" ? "stage.cancelled" : "stage.over");
    return <Ending slug={slug} title={title} detail={t("stage.overDetail")} />;
  }
  return <StageView session={session} watched={watched} output={output} onLeave={onLeave} />;
}

interface EndingProps {
  /** The Space to listen to; left out when there is none. */
  readonly slug: string | undefined;
  readonly title: string;
  readonly detail: string;
  readonly bad?: boolean;
  readonly children?: ComponentChildren;
}

function Ending({ slug, title, detail, bad, children }: EndingProps): JSX.Element {
  return (
    <div class="narrow">
      <h1 class="unseen">{title}</h1>
      <Callout kind={bad ? "bad" : "plain"} title={title}>
        <p>{detail}</p>
        <div class="row">
          <ButtonLink kind="primary" href={slug === undefined ? pagePaths.home() : pagePaths.space(slug)}>
            {t(slug === undefined ? "frame.home" : "stage.listen")}
          </ButtonLink>
          {children}
        </div>
      </Callout>
    </div>
  );
}
