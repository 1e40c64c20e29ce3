import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Ops } from "../../src/wire/api.ts";
import { pagePaths } from "../../src/wire/pages.ts";
import { api, ApiProblem, wordsFor } from "../api/client.ts";
import { language, t } from "../i18n/catalogue.ts";
import { Frame } from "../stage/frame.tsx";
import { Badge } from "../ui/badge.tsx";
import { ButtonLink } from "../ui/button.tsx";
import { Callout } from "../ui/callout.tsx";
import { countText } from "../ui/count.tsx";
import { Panel } from "../ui/panel.tsx";
import { Sparkline } from "../ui/sparkline.tsx";
import { bytesText, coresText } from "../ui/figures.ts";
import { emptyHistory, type History, keptLooks, withLook } from "./history.ts";
import { Edges } from "./edges.tsx";
import { Processes } from "./processes.tsx";
import { OpenSpaces } from "./open-spaces.tsx";

const periodMs = 2000;

interface Look {
  readonly history: History;
  /** Why the last look brought nothing. */
  readonly failure: unknown;
}

/** What the server does, looked at every two seconds while the page is seen. */
export function OpsPage(): JSX.Element {
  const { history, failure } = useLooks();
  const isForeign = failure instanceof ApiProblem && (failure.status === 401 || failure.status === 403);
  const ops = history.last;
  return (
    <Frame title={t("ops.title")} links={<a href={pagePaths.desk()}>{t("frame.desk")}</a>}>
      <div class="page-head">
        <h1>{t("ops.title")}</h1>
      </div>
      {isForeign ? (
        <div class="narrow">
          <Callout kind="waiting" title={t("ops.signIn")}>
            <p>{t("ops.signInDetail")}</p>
            <ButtonLink kind="primary" href={`${pagePaths.signIn()}?next=${encodeURIComponent(pagePaths.ops())}`}>
              {t("frame.signIn")}
            </ButtonLink>
          </Callout>
        </div>
      ) : (
        <>
          {failure && !ops ? <Callout kind="bad" title={wordsFor(failure)} /> : null}
          {!failure && !ops ? <p class="soft">{t("frame.loading")}</p> : null}
          {ops ? <State ops={ops} failure={failure} history={history} /> : null}
        </>
      )}
    </Frame>
  );
}

function useLooks(): Look {
  const [look, setLook] = useState<Look>({ history: emptyHistory, failure: undefined });
  useEffect(() => {
    const ending = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const again = async (): Promise<void> => {
      if (!document.hidden) {
        try {
          const ops = await api<Ops>("/ops", { signal: ending.signal });
          setLook((before) => ({ history: withLook(before.history, ops), failure: undefined }));
        } catch (failure) {
          if (ending.signal.aborted) return;
          setLook((before) => ({ ...before, failure }));
        }
      }
      // After the answer, not by the clock: a slow server is not asked twice at once.
      timer = setTimeout(() => void again(), periodMs);
    };
    void again();
    return () => {
      ending.abort();
      clearTimeout(timer);
    };
  }, []);
  return look;
}

/** What is wrong now, in sentences; nothing when nothing is. */
export function troubles(ops: Ops): string[] {
  const down = ops.processes.filter((one) => !one.up).length;
  return [
    ...(down > 0 ? [t("ops.processDown", { n: down })] : []),
    ...(ops.links.origin ? [] : [t("ops.originAway")]),
    ...(ops.links.stage ? [] : [t("ops.stageAway")]),
  ];
}

function State({ ops, failure, history }: { ops: Ops; failure: unknown; history: History }): JSX.Element {
  const wrong = troubles(ops);
  const time = new Intl.DateTimeFormat(language(), { timeStyle: "medium" }).format(new Date(ops.now));
  return (
    <>
      {failure ? <Callout kind="bad" title={t("ops.stale", { time })} /> : null}
      {wrong.map((words) => (
        <Callout key={words} kind="bad" title={words} />
      ))}
      {wrong.length === 0 && !failure ? (
        <p>
          <Badge kind="good">{t("ops.good")}</Badge>
        </p>
      ) : null}
      <Panel id="now" title={t("ops.now")} aside={<span class="soft">{t("ops.lastMinutes")}</span>}>
        <dl class="ops-now">
          <Line name={t("ops.listeners")} values={history.listeners} text={countText} least={10} />
          <Line
            name={t("ops.cpu")}
            values={history.cpu}
            text={(value) => t("ops.cores", { value: coresText(value) })}
          />
          <Line name={t("ops.memory")} values={history.memory} text={bytesText} least={1e8} />
          <Line name={t("ops.sockets")} values={history.sockets} text={countText} least={10} />
        </dl>
      </Panel>
      <Edges ops={ops} history={history} />
      <Processes ops={ops} history={history} />
      <OpenSpaces spaces={ops.spaces} />
    </>
  );
}

interface LineProps {
  readonly name: string;
  readonly values: readonly number[];
  readonly text: (value: number) => string;
  readonly least?: number;
}

function Line({ name, values, text, least }: LineProps): JSX.Element {
  const last = values.at(-1);
  const value = last === undefined ? "–" : text(last);
  return (
    <div class="figure">
      <dt>{name}</dt>
      <dd>
        {value}
        <Sparkline
          values={values}
          room={keptLooks}
          label={t("ops.sparkline", { name, value })}
          {...(least === undefined ? {} : { least })}
        />
      </dd>
    </div>
  );
}
