import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { CreateSpace, Space } from "../../src/wire/api.ts";
import { ApiProblem, wordsFor } from "../api/client.ts";
import { language, t } from "../i18n/catalogue.ts";
import { Button } from "../ui/button.tsx";
import { Field, SelectField, TextField } from "../ui/field.tsx";
import { fromLocalInput, nextStart, toLocalInput, zoneText } from "./local-time.ts";
import { spokenLanguages } from "./spoken-languages.ts";

export interface SpaceFormProps {
  /** The Space to change; left out to make a new one. */
  readonly space?: Space;
  readonly submit: string;
  /** Creates or changes it; what it throws is shown at the field it is about. */
  readonly onSubmit: (space: CreateSpace) => Promise<void>;
}

type Errors = Partial<Record<"title" | "startAt" | "form", string>>;

/** Title, description, language, time and visibility of a Space. Needs `field.css` and `space-form.css`. */
export function SpaceForm({ space, submit, onSubmit }: SpaceFormProps): JSX.Element {
  const [title, setTitle] = useState(space?.title ?? "");
  const [description, setDescription] = useState(space?.description ?? "");
  const [spoken, setSpoken] = useState(space?.language ?? language());
  const [isLater, setLater] = useState(space !== undefined);
  const [start, setStart] = useState(() => toLocalInput(space ? Date.parse(space.startAt) : nextStart(Date.now())));
  const [visibility, setVisibility] = useState<Space["visibility"]>(space?.visibility ?? "public");
  const [errors, setErrors] = useState<Errors>({});
  const [busy, setBusy] = useState(false);
  const canMove = space === undefined || space.status === "scheduled" || space.status === "lobby";
  const startAt = fromLocalInput(start);
  const isMoved = isLater && canMove && startAt !== (space ? Date.parse(toMinute(space.startAt)) : undefined);

  const send = async (): Promise<void> => {
    const wrong = check(title, isMoved, startAt);
    setErrors(wrong);
    const first = wrong.title ? "title" : wrong.startAt ? "start-at" : undefined;
    if (first) {
      document.getElementById(first)?.focus();
      return;
    }
    setBusy(true);
    try {
      const when = isMoved && startAt !== undefined ? { startAt: new Date(startAt).toISOString() } : {};
      await onSubmit({ title: title.trim(), description, language: spoken, visibility, ...when });
    } catch (failure) {
      setErrors({ [fieldOf(failure)]: wordsFor(failure) });
    } finally {
      setBusy(false);
    }
  };
  return (
    <form
      class="space-form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (!busy) void send();
      }}
    >
      <Field
        id="title"
        label={t("desk.name")}
        error={errors.title}
        value={title}
        maxLength={200}
        required
        autocomplete="off"
        onInput={(event) => setTitle(event.currentTarget.value)}
      />
      <TextField
        id="description"
        label={t("desk.description")}
        hint={t("desk.descriptionHint")}
        value={description}
        rows={3}
        maxLength={5000}
        onInput={(event) => setDescription(event.currentTarget.value)}
      />
      {canMove ? (
        <fieldset class="choices">
          <legend>{t("desk.when")}</legend>
          {space ? null : (
            <>
              <Choice name="when" checked={!isLater} onChoose={() => setLater(false)} text={t("desk.whenNow")} />
              <Choice name="when" checked={isLater} onChoose={() => setLater(true)} text={t("desk.whenLater")} />
            </>
          )}
          {isLater ? (
            <Field
              id="start-at"
              type="datetime-local"
              label={t("desk.startAt")}
              hint={t("desk.zone", { zone: zoneText(startAt ?? Date.now()) })}
              error={errors.startAt}
              value={start}
              required
              onInput={(event) => setStart(event.currentTarget.value)}
            />
          ) : null}
        </fieldset>
      ) : null}
      <SelectField
        id="language"
        label={t("desk.language")}
        value={spoken}
        onChange={(event) => setSpoken(event.currentTarget.value)}
      >
        {spokenLanguages(language(), spoken).map(({ tag, name }) => (
          <option key={tag} value={tag}>
            {name}
          </option>
        ))}
      </SelectField>
      <fieldset class="choices">
        <legend>{t("desk.visibility")}</legend>
        {(["public", "unlisted"] as const).map((one) => (
          <Choice
            key={one}
            name="visibility"
            checked={visibility === one}
            onChoose={() => setVisibility(one)}
            text={t(`desk.${one}`)}
          />
        ))}
      </fieldset>
      <p class="field-error" role="alert" hidden={!errors.form}>
        {errors.form}
      </p>
      <Button type="submit" kind="primary" busy={busy}>
        {submit}
      </Button>
    </form>
  );
}

interface ChoiceProps {
  readonly name: string;
  readonly checked: boolean;
  readonly text: string;
  readonly onChoose: () => void;
}

const Choice = ({ name, checked, text, onChoose }: ChoiceProps): JSX.Element => (
  <label class="check">
    <input type="radio" name={name} checked={checked} onChange={onChoose} />
    {text}
  </label>
);

/** The input has no seconds; a start with seconds has not moved because of that. */
const toMinute = (iso: string): string => new Date(Math.floor(Date.parse(iso) / 60_000) * 60_000).toISOString();

/** What is wrong before anything is sent. */
export function check(title: string, isLater: boolean, startAt: number | undefined, now = Date.now()): Errors {
  return {
    ...(title.trim() === "" ? { title: t("desk.nameMissing") } : {}),
    ...(isLater && startAt === undefined ? { startAt: t("desk.startMissing") } : {}),
    ...(isLater && startAt !== undefined && startAt < now ? { startAt: t("desk.startPast") } : {}),
  };
}

function fieldOf(failure: unknown): keyof Errors {
  const pointer = failure instanceof ApiProblem ? failure.pointer : undefined;
  return pointer === "/title" ? "title" : pointer === "/startAt" ? "startAt" : "form";
}
