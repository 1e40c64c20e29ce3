import { type ComponentChildren, type JSX, render } from "preact";
import { useState } from "preact/hooks";
import { pagePaths } from "../../src/wire/pages.ts";
import type { LiveState } from "../../src/wire/state.ts";
import { t, type Words } from "../i18n/catalogue.ts";
import { Button, ButtonLink } from "../ui/button.tsx";
import { Elapsed, Time } from "../ui/time.tsx";
import { sharePage } from "./share.ts";
import { part } from "./part.ts";
import styles from "./upcoming.css?url";

const dayMs = 86_400_000;

/** Something that is no live conversation, with a way on. */
const Plain = ({ title, children }: { readonly title: string; readonly children: ComponentChildren }): JSX.Element => (
  <>
    <h1 dir="auto">{title}</h1>
    {children}
    <p class="actions">
      <ButtonLink href={pagePaths.home()}>{t("upcoming.others")}</ButtonLink>
    </p>
  </>
);

function Countdown({ live, now }: { readonly live: LiveState; readonly now: number }): JSX.Element {
  const left = live.startAt - now;
  const days = Math.floor(left / dayMs);
  return (
    <p class="countdown">
      {left <= 0 ? (
        t("upcoming.anyMoment")
      ) : (
        <>
          <span class="soft">{t("upcoming.opensIn")}</span>{" "}
          {days > 0 ? <b>{t("upcoming.days", { n: days })} </b> : null}
          <Elapsed ms={left % dayMs} />
        </>
      )}
    </p>
  );
}

function Share({ title }: { readonly title: string }): JSX.Element {
  const [copied, setCopied] = useState(false);
  const press = async (): Promise<void> => setCopied(await sharePage(title));
  return (
    <Button onClick={() => void press()} aria-live="polite">
      {t(copied ? "upcoming.copied" : "upcoming.share")}
    </Button>
  );
}

interface UpcomingProps {
  /** Undefined when there is no such Space. */
  readonly live: LiveState | undefined;
  readonly now: number;
}

/** The Space before its lobby; also one that was cancelled, and none at all. */
function Upcoming({ live, now }: UpcomingProps): JSX.Element {
  if (!live) {
    return (
      <Plain title={t("upcoming.missing")}>
        <p class="description">{t("upcoming.missingDetail")}</p>
      </Plain>
    );
  }
  if (live.status === "cancelled") {
    return (
      <Plain title={live.title}>
        <p class="note">{t("upcoming.cancelled")}</p>
      </Plain>
    );
  }
  return (
    <>
      <p class="status">
        <b class="soon">{t("upcoming.announced")}</b>
      </p>
      <h1 dir="auto">{live.title}</h1>
      <p class="when">
        <Time at={live.startAt} options={{ dateStyle: "full", timeStyle: "short" }} />
      </p>
      <Countdown live={live} now={now} />
      {live.description ? (
        <p class="description" dir="auto">
          {live.description}
        </p>
      ) : null}
      {live.notice ? (
        <p class="note" dir="auto">
          {live.notice}
        </p>
      ) : null}
      <p class="soft">{t("upcoming.stay")}</p>
      <p class="actions">
        <ButtonLink kind="primary" href={`/api/v1/spaces/${live.id}/calendar.ics`} download={`${live.slug}.ics`}>
          {t("upcoming.calendar")}
        </ButtonLink>
        <Share title={live.title} />
      </p>
    </>
  );
}

export const load = part<UpcomingProps>(
  (container, props) => render(<Upcoming {...props} />, container),
  styles,
  import.meta.glob<Words>("../i18n/*/upcoming.ts"),
);
