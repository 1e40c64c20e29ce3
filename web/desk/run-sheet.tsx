import type { ComponentChildren, JSX } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { RunCheck, RunCheckName, RunMoment, RunSheet, RunState, Tick } from "../../src/wire/run-sheet.ts";
import { api, ApiProblem, wordsFor } from "../api/client.ts";
import { t } from "../i18n/catalogue.ts";
import { dateTimeText } from "../stage/date-text.ts";
import { Badge, type BadgeProps } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Callout } from "../ui/callout.tsx";
import { spanText } from "../ui/figures.ts";
import { toast } from "../ui/live-region.tsx";
import { Panel } from "../ui/panel.tsx";
import { AudienceForm } from "./run-audience.tsx";
import type { Change } from "./run-change.ts";
import { HandIn, RehearsalSpace, ReportLink } from "./run-rehearsal.tsx";
import { checkText, doText, momentText, saysText, stateText } from "./run-texts.ts";

/** How often it is looked at; sooner while a plan is being made. */
const periodMs = 5000;
const soonMs = 1500;

interface Loaded {
  readonly sheet: RunSheet | undefined;
  readonly failure: unknown;
}

function useRunSheet(space: string): { readonly loaded: Loaded; readonly change: Change } {
  const [loaded, setLoaded] = useState<Loaded>({ sheet: undefined, failure: undefined });
  /** Grows with each change: an answer that was asked for before one is older than it. */
  const changes = useRef(0);
  useEffect(() => {
    const ending = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const again = async (): Promise<void> => {
      let pause = periodMs;
      if (!document.hidden) {
        const before = changes.current;
        try {
          const sheet = await api<RunSheet>(`/spaces/${space}/run-sheet?clock=${Date.now()}`, {
            signal: ending.signal,
          });
          if (before === changes.current) setLoaded({ sheet, failure: undefined });
          const isPlanning = sheet.moments.some(({ checks }) => checks.some(({ says }) => says.key === "planWorking"));
          if (isPlanning) pause = soonMs;
        } catch (failure) {
          if (ending.signal.aborted) return;
          setLoaded((last) => ({ ...last, failure }));
          if (isNone(failure)) return;
        }
      }
      timer = setTimeout(() => void again(), pause);
    };
    void again();
    return () => {
      ending.abort();
      clearTimeout(timer);
    };
  }, [space]);
  const change = useCallback<Change>(async (request) => {
    changes.current++;
    const sheet = await request();
    changes.current++;
    setLoaded({ sheet, failure: undefined });
  }, []);
  return { loaded, change };
}

/** A rehearsal has no run sheet of its own. */
const isNone = (failure: unknown): boolean => failure instanceof ApiProblem && failure.code === "is-rehearsal";

export interface RunSheetPanelProps {
  readonly space: string;
  /** The server's time, ms. */
  readonly now: number;
}

/** The Space's run sheet: what to do next, then every check under its moment. Needs `run-sheet.css`. */
export function RunSheetPanel({ space, now }: RunSheetPanelProps): JSX.Element | null {
  const { loaded, change } = useRunSheet(space);
  const { sheet, failure } = loaded;
  if (isNone(failure)) return null;
  if (!sheet) {
    return (
      <Panel id="run-sheet" title={t("run.title")}>
        {failure ? <Callout kind="bad" title={wordsFor(failure)} /> : <p class="soft">{t("frame.loading")}</p>}
      </Panel>
    );
  }
  const left = Date.parse(sheet.startAt) - now;
  const next = sheet.moments.flatMap(({ checks }) => checks).find(({ id }) => id === sheet.next);
  const draw = (check: RunCheck): JSX.Element => (
    <Check key={check.id} check={check} space={space} change={change} isNext={check.id === sheet.next}>
      {belonging(check.id, space, sheet, change)}
    </Check>
  );
  return (
    <Panel
      id="run-sheet"
      title={t("run.title")}
      aside={left > 0 ? <span class="soft">{t("run.before", { time: spanText(left / 1000) })}</span> : null}
    >
      <p class="soft">{t("run.intro", { time: dateTimeText(Date.parse(sheet.startAt)) })}</p>
      {failure ? <Callout kind="bad" title={t("run.stale")} /> : null}
      {next ? <Next check={next} /> : <p>{t("run.nothing")}</p>}
      <div class="run-moments">
        {sheet.moments.map((moment) => (
          <Moment key={moment.moment} moment={moment}>
            {moment.checks.map(draw)}
          </Moment>
        ))}
      </div>
    </Panel>
  );
}

const Next = ({ check }: { check: RunCheck }): JSX.Element => (
  <div class="run-next">
    <p class="run-next-title">{t("run.next", { check: checkText(check.id) })}</p>
    <p>{saysText(check.says)}</p>
    {check.action ? <p class="run-do">{doText(check.action)}</p> : null}
    <p>
      <a href={`#run-${check.id}`}>{t("run.goTo")}</a>
    </p>
  </div>
);

function Moment({
  moment: { moment, at, checks },
  children,
}: {
  moment: RunMoment;
  children: ComponentChildren;
}): JSX.Element {
  const done = checks.filter(({ state }) => state === "green").length;
  return (
    <section class="run-moment" aria-labelledby={`run-${moment}-title`}>
      <div class="run-moment-head">
        <h3 id={`run-${moment}-title`}>{momentText(moment)}</h3>
        <p class="soft">
          {dateTimeText(Date.parse(at))} · {t("run.inOrder", { done, all: checks.length })}
        </p>
      </div>
      <ul class="run-checks">{children}</ul>
    </section>
  );
}

const kinds: Readonly<Record<RunState, BadgeProps["kind"]>> = {
  green: "good",
  due: "waiting",
  todo: "plain",
  failed: "bad",
  later: "plain",
};

interface CheckProps {
  readonly check: RunCheck;
  readonly space: string;
  readonly change: Change;
  readonly isNext: boolean;
  /** What is done or read there. */
  readonly children: ComponentChildren;
}

function Check({ check, space, change, isNext, children }: CheckProps): JSX.Element {
  const { id, state, says, action, byHand, ticked } = check;
  return (
    <li id={`run-${id}`} class={`run-check ${state}`} aria-current={isNext ? "step" : undefined}>
      <div class="run-check-head">
        <h4 id={`run-${id}-name`}>{checkText(id)}</h4>
        <Badge kind={kinds[state]}>{stateText(state)}</Badge>
      </div>
      <p>{saysText(says)}</p>
      {action ? <p class="run-do">{doText(action)}</p> : null}
      {byHand ? <TickButton id={id} space={space} isTicked={ticked !== null} change={change} /> : null}
      {ticked ? (
        <p class="soft">{t("run.ticked", { by: ticked.by, time: dateTimeText(Date.parse(ticked.at)) })}</p>
      ) : null}
      {children}
    </li>
  );
}

interface TickButtonProps {
  readonly id: RunCheckName;
  readonly space: string;
  readonly isTicked: boolean;
  readonly change: Change;
}

function TickButton({ id, space, isTicked, change }: TickButtonProps): JSX.Element {
  const [busy, setBusy] = useState(false);
  const tick = async (): Promise<void> => {
    setBusy(true);
    const body: Tick = { done: !isTicked };
    await change(() => api<RunSheet>(`/spaces/${space}/run-sheet/${id}`, { method: "PUT", body })).catch(
      (failure: unknown) => toast(wordsFor(failure), "error"),
    );
    setBusy(false);
  };
  return (
    <div class="row">
      <Button busy={busy} aria-describedby={`run-${id}-name`} onClick={() => void tick()}>
        {t(isTicked ? "run.untick" : "run.tick")}
      </Button>
    </div>
  );
}

/** What belongs to a check besides its words. */
function belonging(id: RunCheckName, space: string, sheet: RunSheet, change: Change): ComponentChildren {
  switch (id) {
    case "audience":
      return <AudienceForm space={space} audience={sheet.audience} change={change} />;
    case "plan":
      return sheet.plan ? <ReportLink url={sheet.plan.url} words={t("run.planPage")} /> : null;
    case "rehearsal-space":
      return <RehearsalSpace space={space} rehearsal={sheet.rehearsal} change={change} />;
    case "rehearsal":
      return <HandIn space={space} sheet={sheet} change={change} />;
    default:
      return null;
  }
}
