import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { SpaceChange } from "../../src/wire/api.ts";
import { api, wordsFor } from "../api/client.ts";
import { type Key, t } from "../i18n/catalogue.ts";
import { Panel } from "../ui/panel.tsx";
import { Time } from "../ui/time.tsx";

const names: Readonly<Record<string, Key>> = {
  scheduled: "desk.statusScheduled",
  lobby: "desk.statusLobby",
  live: "desk.statusLive",
  hold: "desk.statusHold",
  ended: "desk.statusEnded",
  replay: "desk.statusReplay",
  cancelled: "desk.statusCancelled",
};
const whys: Readonly<Record<string, Key>> = {
  "lobby-opens": "desk.whyLobby",
  "on-time": "desk.whyOnTime",
  "stage-empty": "desk.whyEmpty",
  "no-programme": "desk.whyNoProgramme",
  "archive-ready": "desk.whyReplay",
};

const nameOf = (status: string): string => {
  const key = names[status];
  return key ? t(key) : status;
};
/** Known reasons in the reader's language; a person's own action needs no reason beside it. */
const whyOf = (why: string): string => {
  const key = whys[why];
  return key ? t(key) : "";
};

const exact: Intl.DateTimeFormatOptions = {
  day: "numeric",
  month: "short",
  hour: "numeric",
  minute: "2-digit",
  second: "2-digit",
};

/** The Space's life so far, latest first; read again whenever `status` changes. */
export function Changes({ space, status }: { readonly space: string; readonly status: string }): JSX.Element {
  const [changes, setChanges] = useState<readonly SpaceChange[]>([]);
  const [error, setError] = useState("");
  useEffect(() => {
    const ending = new AbortController();
    api<{ changes: readonly SpaceChange[] }>(`/spaces/${space}/changes`, { signal: ending.signal }).then(
      (answer) => {
        setError("");
        setChanges(answer.changes.toReversed());
      },
      (failure: unknown) => {
        if (!ending.signal.aborted) setError(wordsFor(failure));
      },
    );
    return () => ending.abort();
  }, [space, status]);
  return (
    <Panel id="changes" title={t("desk.changes")}>
      {error ? <p class="field-error">{error}</p> : null}
      {changes.length === 0 && !error ? <p class="soft">{t("desk.noChanges")}</p> : null}
      <ol class="changes">
        {changes.map((one, i) => (
          <li key={`${one.at} ${changes.length - i}`}>
            <Time at={Date.parse(one.at)} options={exact} />
            <span>
              {one.from === "" ? nameOf(one.to) : t("desk.change", { from: nameOf(one.from), to: nameOf(one.to) })}
              {whyOf(one.why) ? <span class="soft"> · {whyOf(one.why)}</span> : null}
            </span>
          </li>
        ))}
      </ol>
    </Panel>
  );
}
