import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Space } from "../../src/wire/api.ts";
import { t } from "../i18n/catalogue.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { Panel } from "../ui/panel.tsx";
import { dateTimeText } from "./date-text.ts";
import type { Microphone } from "./microphone.ts";
import { MicrophonePanel } from "./microphone-panel.tsx";
import type { SoundOutput } from "./sound-output.ts";
import { useStore } from "./use-store.ts";

export interface PreJoinProps {
  readonly space: Space;
  readonly microphone: Microphone;
  readonly output: SoundOutput;
  /** A name to begin with. */
  readonly name: string;
  readonly onEnter: (name: string, muted: boolean) => void;
}

/** Before the stage: who one is and how one sounds, with nobody listening yet. */
export function PreJoin({ space, microphone, output, name: before, onEnter }: PreJoinProps): JSX.Element {
  const [name, setName] = useState(before);
  const [muted, setMuted] = useState(false);
  const [isMissing, setMissing] = useState(false);
  const state = useStore(microphone.state);
  useEffect(() => void openIfAllowed(microphone), [microphone]);
  const enter = (event: Event): void => {
    event.preventDefault();
    if (name.trim() === "") {
      setMissing(true);
      document.getElementById("name")?.focus();
      return;
    }
    onEnter(name.trim(), muted);
  };
  return (
    <form class="pre-join" onSubmit={enter} noValidate>
      <div class="page-head">
        <p class="soft">{t("stage.prepare")}</p>
        <h1>{space.title}</h1>
        <p class="soft">{dateTimeText(Date.parse(space.startAt))}</p>
      </div>
      <Panel id="devices" title={t("stage.devices")} aside={<span class="soft">{t("stage.prepareDetail")}</span>}>
        <MicrophonePanel microphone={microphone} output={output} />
      </Panel>
      <Panel id="who" title={t("stage.name")}>
        <Field
          id="name"
          label={t("stage.name")}
          hint={t("stage.nameHint")}
          error={isMissing && name.trim() === "" ? t("stage.nameMissing") : undefined}
          value={name}
          maxLength={80}
          autocomplete="name"
          required
          onInput={(event) => setName(event.currentTarget.value)}
        />
        <label class="check">
          <input type="checkbox" checked={muted} onChange={(event) => setMuted(event.currentTarget.checked)} />
          {t("stage.comeMuted")}
        </label>
        <Button type="submit" kind="primary" large>
          {t(state.kind === "open" ? "stage.enter" : "stage.enterWithout")}
        </Button>
      </Panel>
    </form>
  );
}

/** Opens the microphone without a click where the person has allowed it before. */
async function openIfAllowed(microphone: Microphone): Promise<void> {
  try {
    const permission = await navigator.permissions.query({ name: "microphone" as PermissionName });
    if (permission.state === "granted" && microphone.state.get().kind === "off") await microphone.open();
  } catch {
    /* this browser does not tell: the button asks */
  }
}
