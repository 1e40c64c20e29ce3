import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Space } from "../../src/wire/api.ts";
import type { ClientMessage } from "../../src/wire/signalling.ts";
import { api, wordsFor } from "../api/client.ts";
import { t } from "../i18n/catalogue.ts";
import { Button } from "../ui/button.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { Field } from "../ui/field.tsx";
import { toast } from "../ui/live-region.tsx";
import { Panel } from "../ui/panel.tsx";
import { dateTimeText } from "./date-text.ts";
import { type Actor, mayEnd, mayModerate } from "./permissions.ts";

export interface HostingProps {
  readonly space: Space;
  /** The line that everybody sees now. */
  readonly notice: string;
  readonly actor: Actor;
  /** The participant's token; left out at the desk, where the session's cookie speaks. */
  readonly token?: string | undefined;
  /** The server's clock, ms since 1970. */
  readonly now: number;
  readonly onSend: (message: ClientMessage) => void;
}

type Question = "start" | "end";

/** Starting, ending, and the line for everybody. */
export function Hosting({ space, notice, actor, token, now, onSend }: HostingProps): JSX.Element | null {
  const [question, setQuestion] = useState<Question | undefined>(undefined);
  const [busy, setBusy] = useState(false);
  if (!mayModerate(actor)) return null;
  const isOpen = space.status === "scheduled" || space.status === "lobby";
  const run = async (what: Question): Promise<void> => {
    setBusy(true);
    try {
      await api<Space>(`/spaces/${space.id}/${what}`, { method: "POST", token });
      setQuestion(undefined);
    } catch (failure) {
      toast(wordsFor(failure), "error");
    } finally {
      setBusy(false);
    }
  };
  return (
    <Panel id="hosting" title={t("stage.hosting")}>
      <div class="hosting-buttons">
        {isOpen ? (
          <Button kind="primary" onClick={() => setQuestion("start")}>
            {t("stage.start")}
          </Button>
        ) : null}
        {mayEnd(actor) && (space.status === "live" || space.status === "lobby") ? (
          <Button kind="danger" onClick={() => setQuestion("end")}>
            {t("stage.end")}
          </Button>
        ) : null}
      </div>
      <NoticeForm notice={notice} onSend={onSend} />
      <Confirm
        id="start-space"
        open={question === "start"}
        title={t("stage.startTitle")}
        yes={t("stage.start")}
        no={t("frame.cancel")}
        busy={busy}
        onYes={() => void run("start")}
        onNo={() => setQuestion(undefined)}
      >
        <p>{t("stage.startDetail")}</p>
        {Date.parse(space.startAt) > now ? (
          <p>{t("stage.startEarly", { time: dateTimeText(Date.parse(space.startAt)) })}</p>
        ) : null}
      </Confirm>
      <Confirm
        id="end-space"
        open={question === "end"}
        title={t("stage.endTitle")}
        kind="danger"
        yes={t("stage.end")}
        no={t("frame.cancel")}
        busy={busy}
        onYes={() => void run("end")}
        onNo={() => setQuestion(undefined)}
      >
        <p>{t("stage.endDetail")}</p>
      </Confirm>
    </Panel>
  );
}

/** As long as a notice may be. */
const maxNotice = 500;

function NoticeForm({ notice, onSend }: Pick<HostingProps, "notice" | "onSend">): JSX.Element {
  const [text, setText] = useState(notice);
  const [seen, setSeen] = useState(notice);
  useEffect(() => {
    if (seen === notice) return;
    // The room has it now, from here or from somebody else.
    setSeen(notice);
    setText(notice);
    toast(t(notice === "" ? "stage.noticeGone" : "stage.noticeSent"));
  }, [notice, seen]);
  return (
    <form
      class="notice-form"
      onSubmit={(event) => {
        event.preventDefault();
        onSend({ t: "notice", text: text.trim() });
      }}
    >
      <Field
        id="notice"
        label={t("stage.notice")}
        hint={t("stage.noticeHint")}
        value={text}
        maxLength={maxNotice}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <Button type="submit" disabled={text.trim() === notice}>
        {t("stage.noticeSend")}
      </Button>
    </form>
  );
}
