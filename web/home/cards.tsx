import type { JSX } from "preact";
import type { Space } from "../../src/wire/api.ts";
import { pagePaths } from "../../src/wire/pages.ts";
import { language, t } from "../i18n/catalogue.ts";
import { Elapsed, Time } from "../ui/time.tsx";

const Title = ({ space }: { readonly space: Space }): JSX.Element => (
  <h3>
    <a href={pagePaths.space(space.slug)} lang={space.language} dir="auto">
      {space.title}
    </a>
  </h3>
);

/** A Space that can be listened to now. */
export function OnAirCard({ space, now }: { readonly space: Space; readonly now: number }): JSX.Element {
  const live = space.status === "live";
  return (
    <li class="on-air">
      <p class="card-status">
        <b class={live ? "live" : undefined}>{t(live ? "home.live" : "home.lobby")}</b>
        {space.listeners > 0 ? <span>{t("home.listeners", { n: space.listeners })}</span> : null}
        {live && space.liveAt !== null ? <Elapsed ms={now - Date.parse(space.liveAt)} /> : null}
        {live ? null : <Time at={Date.parse(space.startAt)} options={{ hour: "numeric", minute: "2-digit" }} />}
      </p>
      <Title space={space} />
      {space.description ? (
        <p class="card-description" lang={space.language} dir="auto">
          {space.description}
        </p>
      ) : null}
    </li>
  );
}

const part = (at: number, options: Intl.DateTimeFormatOptions): string =>
  new Intl.DateTimeFormat(language(), options).format(at);

/** A Space that is announced: its day like a leaf of a calendar. */
export function UpcomingCard({ space }: { readonly space: Space }): JSX.Element {
  const at = Date.parse(space.startAt);
  return (
    <li class="announced">
      <span class="leaf" aria-hidden="true">
        <span>{part(at, { month: "short" })}</span>
        <b>{part(at, { day: "numeric" })}</b>
      </span>
      <div>
        <Title space={space} />
        <p class="card-status">
          <Time at={at} />
        </p>
      </div>
    </li>
  );
}

/** A Space that is over and can be heard again. */
export function ReplayCard({ space }: { readonly space: Space }): JSX.Element {
  const from = Date.parse(space.liveAt ?? space.startAt);
  const to = space.endedAt === null ? from : Date.parse(space.endedAt);
  return (
    <li class="past">
      <Title space={space} />
      <p class="card-status">
        <Time at={from} options={{ dateStyle: "medium" }} /> <Elapsed ms={to - from} />
      </p>
    </li>
  );
}
