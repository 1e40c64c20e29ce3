import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { ToldOutside } from "../../src/wire/verdict-schema.ts";
import { verdictCauses, type VerdictTold } from "../../src/wire/verdict.ts";
import { api, ApiProblem, wordsFor } from "../api/client.ts";
import { t } from "../i18n/catalogue.ts";
import { Button } from "../ui/button.tsx";
import { Callout } from "../ui/callout.tsx";
import { toast } from "../ui/live-region.tsx";
import { Panel } from "../ui/panel.tsx";
import { VerdictChart } from "./verdict-chart.tsx";
import { Episode } from "./verdict-episode.tsx";
import { causeText, kindText, shareText, timeText, troubleText, withoutText } from "./verdict-texts.ts";

/** How often it is asked for while the Space goes on; every ten seconds there is something new. */
const periodMs = 15_000;

interface Loaded {
  readonly told: VerdictTold | undefined;
  readonly failure: unknown;
}

function useVerdict(space: string, isLive: boolean): Loaded {
  const [loaded, setLoaded] = useState<Loaded>({ told: undefined, failure: undefined });
  useEffect(() => {
    const ending = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const again = async (): Promise<void> => {
      if (!document.hidden) {
        try {
          const told = await api<VerdictTold>(`/spaces/${space}/verdict`, { signal: ending.signal });
          setLoaded({ told, failure: undefined });
          if (!isLive) return;
        } catch (failure) {
          if (ending.signal.aborted) return;
          setLoaded((last) => ({ ...last, failure }));
          if (isNone(failure)) return;
        }
      }
      timer = setTimeout(() => void again(), periodMs);
    };
    void again();
    return () => {
      ending.abort();
      clearTimeout(timer);
    };
  }, [space, isLive]);
  return loaded;
}

/** A rehearsal is not judged. */
const isNone = (failure: unknown): boolean => failure instanceof ApiProblem && failure.code === "is-rehearsal";
const isNothingYet = (failure: unknown): boolean => failure instanceof ApiProblem && failure.code === "no-evidence";

export interface VerdictPanelProps {
  readonly space: string;
  /** Whether the Space goes on: then it is asked for again and again. */
  readonly isLive: boolean;
}

/** What the load was: the crowd, an attack, our own fault, or that it cannot be told. Needs `verdict.css`. */
export function VerdictPanel({ space, isLive }: VerdictPanelProps): JSX.Element | null {
  const { told, failure } = useVerdict(space, isLive);
  if (isNone(failure)) return null;
  const aside = told ? (
    <span class="soft">{t("verdict.span", { from: timeText(told.from), to: timeText(told.to) })}</span>
  ) : null;
  return (
    <Panel id="verdict" title={t("verdict.title")} aside={aside}>
      {told ? <Told told={told} /> : null}
      {!told && !failure ? <p class="soft">{t("frame.loading")}</p> : null}
      {!told && isNothingYet(failure) ? <p class="soft">{t("verdict.nothingYet")}</p> : null}
      {failure && !isNothingYet(failure) ? <Callout title={wordsFor(failure)} /> : null}
      {isLive ? <Tell space={space} /> : null}
    </Panel>
  );
}

const Told = ({ told }: { told: VerdictTold }): JSX.Element => (
  <>
    <p class={`verdict-says verdict-kind-${told.kind}`}>{kindText(told.kind)}</p>
    <Shares told={told} />
    <VerdictChart told={told} />
    {told.episodes.length === 0 ? null : (
      <section class="verdict-part" aria-labelledby="verdict-episodes">
        <h3 id="verdict-episodes">{t("verdict.episodes")}</h3>
        <ul class="verdict-episodes">
          {told.episodes.map((episode) => (
            <Episode key={episode.from} episode={episode} />
          ))}
        </ul>
      </section>
    )}
    {told.troubles.length === 0 ? null : (
      <section class="verdict-part" aria-labelledby="verdict-troubles">
        <h3 id="verdict-troubles">{t("verdict.troubles")}</h3>
        <ul class="verdict-list">
          {told.troubles.map(({ at, kinds }) => (
            <li key={at}>
              {timeText(at)}: {kinds.map(troubleText).join("; ")}
            </li>
          ))}
        </ul>
      </section>
    )}
    <Without told={told} />
    <Standing told={told} />
    <p>
      <a href={told.url} target="_blank" rel="noopener">
        {t("verdict.report")}
      </a>
    </p>
  </>
);

function Shares({ told: { shares } }: { told: VerdictTold }): JSX.Element {
  return (
    <>
      <div class="verdict-bar" aria-hidden="true">
        {verdictCauses.map((cause) => (
          <i key={cause} class={`verdict-${cause}`} style={{ width: `${(shares[cause].share * 100).toFixed(2)}%` }} />
        ))}
      </div>
      <table class="figures-table">
        <caption class="unseen">{t("verdict.shares")}</caption>
        <thead>
          <tr>
            <th scope="col">{t("verdict.ofLoad")}</th>
            <th scope="col">{t("verdict.share")}</th>
            <th scope="col">{t("verdict.between")}</th>
          </tr>
        </thead>
        <tbody>
          {verdictCauses.map((cause) => (
            <tr key={cause}>
              <th scope="row">
                <i class={`verdict-key verdict-${cause}`} aria-hidden="true" />
                {causeText(cause)}
              </th>
              <td>{shareText(shares[cause].share)}</td>
              <td>
                {cause === "unknown"
                  ? "–"
                  : t("verdict.interval", { low: shareText(shares[cause].low), high: shareText(shares[cause].high) })}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function Without({ told: { without } }: { told: VerdictTold }): JSX.Element {
  return (
    <section class="verdict-part" aria-labelledby="verdict-without">
      <h3 id="verdict-without">{t("verdict.without")}</h3>
      {without.provedBy === null ? (
        <p>{t("verdict.unproven")}</p>
      ) : (
        <>
          <ul class="verdict-list">
            <li>
              {t("verdict.honest")} {withoutText(without.honest)}
            </li>
            <li>
              {t("verdict.attackAlone")} {withoutText(without.attack)}
            </li>
            <li>
              {t("verdict.withoutFault")} {withoutText(without.withoutFault)}
            </li>
          </ul>
          <p class="soft">{t("verdict.provedBy", { by: without.provedBy })}</p>
        </>
      )}
    </section>
  );
}

/** What nobody but people can know: that others were told of it elsewhere. */
function Tell({ space }: { space: string }): JSX.Element {
  const [busy, setBusy] = useState(false);
  const tell = async (): Promise<void> => {
    setBusy(true);
    await api(`/spaces/${space}/told`, { body: {} satisfies ToldOutside }).then(
      () => toast(t("verdict.told")),
      (failure: unknown) => toast(wordsFor(failure), "error"),
    );
    setBusy(false);
  };
  return (
    <>
      <p class="soft" id="verdict-tell">
        {t("verdict.tellHint")}
      </p>
      <div class="row">
        <Button busy={busy} aria-describedby="verdict-tell" onClick={() => void tell()}>
          {t("verdict.tell")}
        </Button>
      </div>
    </>
  );
}

/** Whom it hit, and on what it stands. */
const Standing = ({ told: { refused, innocent, chains, broken, elsewhere } }: { told: VerdictTold }): JSX.Element => (
  <section class="verdict-part" aria-labelledby="verdict-standing">
    <h3 id="verdict-standing">{t("verdict.standing")}</h3>
    <ul class="verdict-list">
      <li>{refused === 0 ? t("verdict.noneRefused") : t("verdict.refused", { n: refused, innocent })}</li>
      {broken.length === 0 ? (
        <li>{t("verdict.chains", { n: chains })}</li>
      ) : (
        <li class="verdict-broken">{t("verdict.broken", { chains: broken.join(", ") })}</li>
      )}
      {elsewhere > 0 ? <li>{t("verdict.elsewhere", { n: elsewhere })}</li> : null}
      <li>{t("verdict.admission")}</li>
    </ul>
  </section>
);
