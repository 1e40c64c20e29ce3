import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { ExpectedAudience, RunSheet } from "../../src/wire/run-sheet.ts";
import { api, wordsFor } from "../api/client.ts";
import { type Key, t } from "../i18n/catalogue.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import type { Change } from "./run-change.ts";

const fields = ["listeners", "over", "lasts", "cores", "nic", "memory"] as const;
type Name = (typeof fields)[number];
export type Written = Readonly<Record<Name, string>>;

const gigabit = 1e9;
const gigabyte = 1e9;

/** What the fields begin with. */
export function writtenOf(audience: RunSheet["audience"]): Written {
  if (!audience) return { listeners: "", over: "60", lasts: "120", cores: "", nic: "", memory: "" };
  const { listeners, over, lasts, edge } = audience;
  return {
    listeners: String(listeners),
    over: String(over),
    lasts: String(Math.round(lasts / 60)),
    cores: String(edge.cores),
    nic: String(edge.nic / gigabit),
    memory: String(Math.round(edge.memory / gigabyte)),
  };
}

const wholeOf = (text: string): number | undefined => {
  const digits = text.replaceAll(/[\s.,_'\u00a0\u202f]/g, "");
  const value = /^\d{1,9}$/.test(digits) ? Number(digits) : 0;
  return value > 0 ? value : undefined;
};
const amountOf = (text: string): number | undefined => {
  const value = Number(text.trim().replace(",", "."));
  return value > 0 && Number.isFinite(value) ? value : undefined;
};

/** What was written as it is sent, or the fields that are wrong. An edge of which nothing is said is left out. */
export function readAudience(written: Written, tls: boolean): ExpectedAudience | { readonly wrong: readonly Name[] } {
  const [listeners, over, minutes] = [wholeOf(written.listeners), wholeOf(written.over), wholeOf(written.lasts)];
  const [cores, nic, memory] = [wholeOf(written.cores), amountOf(written.nic), amountOf(written.memory)];
  const isOwnEdge = [written.cores, written.nic, written.memory].some((text) => text.trim() !== "");
  const read = { listeners, over, lasts: minutes, ...(isOwnEdge ? { cores, nic, memory } : {}) };
  const wrong = fields.filter((name) => name in read && read[name as keyof typeof read] === undefined);
  if (wrong.length > 0 || !listeners || !over || !minutes) return { wrong };
  const audience = { listeners, over, lasts: minutes * 60 };
  if (!cores || !nic || !memory) return audience;
  return { ...audience, edge: { cores, nic: Math.round(nic * gigabit), memory: Math.round(memory * gigabyte), tls } };
}

export interface AudienceFormProps {
  readonly space: string;
  readonly audience: RunSheet["audience"];
  readonly change: Change;
}

const labels: Readonly<Record<Name, Key>> = {
  listeners: "run.listeners",
  over: "run.over",
  lasts: "run.lasts",
  cores: "run.cores",
  nic: "run.nic",
  memory: "run.memory",
};

/** Who is expected; saving it has a plan made. */
export function AudienceForm({ space, audience, change }: AudienceFormProps): JSX.Element {
  const [edited, setEdited] = useState<Written | undefined>(undefined);
  const [tlsChosen, setTls] = useState<boolean | undefined>(undefined);
  const [wrong, setWrong] = useState<readonly Name[]>([]);
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const written = edited ?? writtenOf(audience);
  const tls = tlsChosen ?? audience?.edge.tls ?? false;
  const save = async (): Promise<void> => {
    const body = readAudience(written, tls);
    setError("");
    setWrong("wrong" in body ? body.wrong : []);
    if ("wrong" in body) return;
    setBusy(true);
    try {
      await change(() => api<RunSheet>(`/spaces/${space}/run-sheet/audience`, { method: "PUT", body }));
      setEdited(undefined);
    } catch (failure) {
      setError(wordsFor(failure));
    }
    setBusy(false);
  };
  const field = (name: Name, hint?: string): JSX.Element => (
    <Field
      id={`run-${name}-field`}
      label={t(labels[name])}
      hint={hint}
      error={wrong.includes(name) ? t("run.wrongNumber") : undefined}
      value={written[name]}
      inputMode="decimal"
      autocomplete="off"
      maxLength={16}
      onInput={(event) => setEdited({ ...written, [name]: event.currentTarget.value })}
    />
  );
  const isEdgeWrong = wrong.some((name) => name === "cores" || name === "nic" || name === "memory");
  return (
    <details class="run-more" open={audience === null || isEdgeWrong}>
      <summary>{t("run.expected")}</summary>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy) void save();
        }}
      >
        {field("listeners", t("run.listenersHint"))}
        <div class="run-fields">
          {field("over")}
          {field("lasts")}
        </div>
        <fieldset class="run-edge">
          <legend>{t("run.edge")}</legend>
          <p class="soft">{t("run.edgeHint")}</p>
          <div class="run-fields">
            {field("cores")}
            {field("nic")}
            {field("memory")}
          </div>
          <label class="run-tls">
            <input type="checkbox" checked={tls} onChange={(event) => setTls(event.currentTarget.checked)} />
            {t("run.tls")}
          </label>
        </fieldset>
        {error ? (
          <p class="field-error" role="alert">
            {error}
          </p>
        ) : null}
        <Button type="submit" kind="primary" busy={busy}>
          {t("run.save")}
        </Button>
      </form>
    </details>
  );
}
