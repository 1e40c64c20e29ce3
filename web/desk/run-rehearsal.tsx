import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Space } from "../../src/wire/api.ts";
import { pagePaths } from "../../src/wire/pages.ts";
import type { RunSheet } from "../../src/wire/run-sheet.ts";
import { api, wordsFor } from "../api/client.ts";
import { language, t } from "../i18n/catalogue.ts";
import { dateTimeText } from "../stage/date-text.ts";
import { Button, ButtonLink } from "../ui/button.tsx";
import { CopyField } from "../ui/copy-field.tsx";
import { Field } from "../ui/field.tsx";
import { toast } from "../ui/live-region.tsx";
import { sendRecord } from "./run-record.ts";
import type { Change } from "./run-change.ts";

/** A link to a record as a page, in the reader's language. */
export const ReportLink = ({ url, words }: { url: string; words: string }): JSX.Element => (
  <p>
    <a href={`${url}?lang=${language()}`} target="_blank" rel="noopener">
      {words}
    </a>
  </p>
);

const sheetOf = (space: string): Promise<RunSheet> => api<RunSheet>(`/spaces/${space}/run-sheet?clock=${Date.now()}`);

export interface RehearsalSpaceProps {
  readonly space: string;
  readonly rehearsal: Space | null;
  readonly change: Change;
}

/** Makes the hidden rehearsal Space, leads to it, and removes it. */
export function RehearsalSpace({ space, rehearsal, change }: RehearsalSpaceProps): JSX.Element {
  const [busy, setBusy] = useState(false);
  const act = async (method: "POST" | "DELETE"): Promise<void> => {
    setBusy(true);
    try {
      await change(async () => {
        await api(`/spaces/${space}/rehearsal`, { method });
        return sheetOf(space);
      });
      if (method === "DELETE") toast(t("run.removed"));
    } catch (failure) {
      toast(wordsFor(failure), "error");
    }
    setBusy(false);
  };
  if (!rehearsal) {
    return (
      <div class="row">
        <Button busy={busy} onClick={() => void act("POST")}>
          {t("run.make")}
        </Button>
      </div>
    );
  }
  return (
    <>
      <p class="soft">{t("run.rehearsalHint")}</p>
      <div class="row">
        <ButtonLink href={pagePaths.stage(rehearsal.slug)}>{t("run.rehearsalStage")}</ButtonLink>
        <ButtonLink href={pagePaths.space(rehearsal.slug)}>{t("run.rehearsalPage")}</ButtonLink>
        <Button kind="danger" busy={busy} onClick={() => void act("DELETE")}>
          {t("run.remove")}
        </Button>
      </div>
    </>
  );
}

export interface HandInProps {
  readonly space: string;
  readonly sheet: RunSheet;
  readonly change: Change;
}

/** The command to run, and where the record that it writes is handed in. */
export function HandIn({ space, sheet, change }: HandInProps): JSX.Element {
  const [error, setError] = useState("");
  const { command, report, rehearsal } = sheet;
  const handIn = async (file: File): Promise<void> => {
    setError("");
    try {
      await change(() => sendRecord(space, file));
      toast(t("run.handedIn"));
    } catch (failure) {
      setError(failure instanceof SyntaxError ? t("run.notJson") : wordsFor(failure));
    }
  };
  return (
    <>
      {command ? (
        <>
          <CopyField
            id="run-command"
            label={t("run.command")}
            value={command}
            copyText={t("frame.copy")}
            copiedText={t("frame.copied")}
          />
          <p class="soft">{t("run.commandHint")}</p>
        </>
      ) : (
        <p class="soft">{t("run.commandMissing")}</p>
      )}
      {rehearsal ? (
        <Field
          id="run-file"
          type="file"
          accept="application/json,.json"
          label={t("run.file")}
          error={error}
          onChange={(event) => {
            const [file] = event.currentTarget.files ?? [];
            if (file) void handIn(file);
            // The same file may be handed in again once it was written anew.
            event.currentTarget.value = "";
          }}
        />
      ) : null}
      {report ? (
        <>
          <p class="soft">
            {report.title} · {dateTimeText(Date.parse(report.at))}
            {report.listeners === null ? "" : ` · ${t("stage.listeners", { n: report.listeners })}`}
          </p>
          <ReportLink url={report.url} words={t("run.reportPage")} />
        </>
      ) : null}
    </>
  );
}
