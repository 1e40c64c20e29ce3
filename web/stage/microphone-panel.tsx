import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { type Key, t } from "../i18n/catalogue.ts";
import { Button } from "../ui/button.tsx";
import { Callout } from "../ui/callout.tsx";
import { SelectField } from "../ui/field.tsx";
import { LevelMeter } from "../ui/level-meter.tsx";
import { readLevel } from "./level.ts";
import type { Microphone, MicrophoneState } from "./microphone.ts";
import type { SoundOutput } from "./sound-output.ts";
import { useStore } from "./use-store.ts";

export interface MicrophonePanelProps {
  readonly microphone: Microphone;
  readonly output: SoundOutput;
}

/** Choice and test of the microphone and of what one hears through. Needs `field.css`, `level-meter.css`, `callout.css`. */
export function MicrophonePanel({ microphone, output }: MicrophonePanelProps): JSX.Element {
  const state = useStore(microphone.state);
  const { microphones, outputs } = useStore(microphone.devices);
  const heardThrough = useStore(output.deviceId);
  const named = microphones.filter((one) => one.id !== "");
  return (
    <div class="sound-devices">
      <MicrophoneProblem state={state} onRetry={() => void microphone.open()} />
      {state.kind === "off" ? (
        <div class="sound-allow">
          <Button kind="primary" onClick={() => void microphone.open()}>
            {t("stage.allow")}
          </Button>
          <p class="soft">{t("stage.allowHint")}</p>
        </div>
      ) : null}
      {named.length > 0 && state.kind !== "asking" ? (
        <SelectField
          id="microphone"
          label={t("stage.microphone")}
          value={state.kind === "open" ? state.deviceId : ""}
          onChange={(event) => void microphone.open(event.currentTarget.value || undefined)}
        >
          {state.kind === "open" ? null : <option value="">{t("stage.microphoneDefault")}</option>}
          {named.map((one, i) => (
            <option key={one.id} value={one.id}>
              {one.label || t("stage.microphoneNumber", { n: i + 1 })}
            </option>
          ))}
        </SelectField>
      ) : null}
      {state.kind === "open" ? <Level track={state.track} isMuted={state.muted !== "no"} /> : null}
      {outputs.length > 1 && output.canChoose ? (
        <SelectField
          id="output"
          label={t("stage.speaker")}
          value={heardThrough}
          onChange={(event) => void output.choose(event.currentTarget.value)}
        >
          {outputs.map((one, i) => (
            <option key={one.id} value={one.id === "default" ? "" : one.id}>
              {one.label || t("stage.speakerNumber", { n: i + 1 })}
            </option>
          ))}
        </SelectField>
      ) : null}
      <div class="sound-test">
        <Button onClick={() => void output.test()}>{t("stage.testSound")}</Button>
        <p class="soft">{t("stage.headphones")}</p>
      </div>
    </div>
  );
}

type Trouble = Exclude<MicrophoneState["kind"], "off" | "open">;

const troubles: Readonly<Record<Trouble, readonly [title: Key, hint: Key]>> = {
  asking: ["stage.asking", "stage.askingHint"],
  refused: ["stage.micRefused", "stage.micRefusedHint"],
  missing: ["stage.micMissing", "stage.micMissingHint"],
  busy: ["stage.micBusy", "stage.micBusyHint"],
  unplugged: ["stage.micUnplugged", "stage.micUnpluggedHint"],
  unsupported: ["stage.micUnsupported", "stage.micUnsupportedHint"],
};

/** Why there is no microphone, and what to do; nothing when there is one. */
export function MicrophoneProblem({
  state,
  onRetry,
  children,
}: {
  readonly state: MicrophoneState;
  readonly onRetry: () => void;
  readonly children?: ComponentChildren;
}): JSX.Element | null {
  if (state.kind === "open" || state.kind === "off") return null;
  const [title, hint] = troubles[state.kind];
  const label = state.kind === "unplugged" ? state.label || t("stage.microphone") : "";
  return (
    <Callout kind={state.kind === "asking" ? "waiting" : "bad"} title={t(title, { label })}>
      <p>{t(hint)}</p>
      {state.kind === "asking" || state.kind === "unsupported" ? null : (
        <Button onClick={onRetry}>{t("frame.tryAgain")}</Button>
      )}
      {children}
    </Callout>
  );
}

function Level({ track, isMuted }: { readonly track: MediaStreamTrack; readonly isMuted: boolean }): JSX.Element {
  const [level, setLevel] = useState(0);
  useEffect(() => {
    const reader = readLevel(track);
    const timer = setInterval(() => setLevel(reader.read()), 80);
    return () => {
      clearInterval(timer);
      reader.end();
    };
  }, [track]);
  return (
    <div class="sound-level">
      <LevelMeter level={level} label={t("stage.level")} />
      <p class="soft">{t(isMuted ? "stage.levelMuted" : "stage.levelHint")}</p>
    </div>
  );
}
