import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { pagePaths } from "../../src/wire/pages.ts";
import type { Claim as ClaimBody } from "../../src/wire/people.ts";
import { api, ApiProblem, wordsFor } from "../api/client.ts";
import { t } from "../i18n/catalogue.ts";
import { focusOnce } from "../stage/focus.ts";
import { Button, ButtonLink } from "../ui/button.tsx";
import { Callout } from "../ui/callout.tsx";
import { Field } from "../ui/field.tsx";
import { Panel } from "../ui/panel.tsx";
import { passkeysSupported, registerPasskey } from "./passkeys.ts";
import { passkeyWords } from "./sign-in.tsx";

/** Using the one-time owner link: a name, then a way to sign in next time. */
export function Claim({
  token,
  isOwner,
}: {
  readonly token: string | undefined;
  readonly isOwner: boolean;
}): JSX.Element {
  const [isClaimed, setClaimed] = useState(isOwner && token === undefined);
  if (isClaimed) return <Ways />;
  if (token === undefined) {
    return (
      <div class="narrow">
        <h1 class="unseen">{t("desk.claimTitle")}</h1>
        <Callout kind="bad" title={t("desk.claimNoToken")}>
          <p>{t("desk.claimNoTokenDetail")}</p>
        </Callout>
      </div>
    );
  }
  return <Name token={token} onClaimed={() => setClaimed(true)} />;
}

function Name({ token, onClaimed }: { readonly token: string; readonly onClaimed: () => void }): JSX.Element {
  const [name, setName] = useState("");
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const claim = async (): Promise<void> => {
    setBusy(true);
    try {
      await api("/owner/claim", { body: { token, name: name.trim() } satisfies ClaimBody });
      onClaimed();
    } catch (failure) {
      setError(claimWords(failure));
      setBusy(false);
    }
  };
  return (
    <form
      class="narrow sign-in"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (busy) return;
        if (name.trim() === "") setError(t("desk.claimNameMissing"));
        else void claim();
      }}
    >
      <h1>{t("desk.claimTitle")}</h1>
      <p>{t("desk.claimDetail")}</p>
      <Field
        id="name"
        label={t("desk.claimName")}
        error={error}
        value={name}
        maxLength={80}
        autocomplete="name"
        required
        onInput={(event) => setName(event.currentTarget.value)}
      />
      <Button type="submit" kind="primary" large busy={busy}>
        {t("desk.claimButton")}
      </Button>
    </form>
  );
}

/** The server says best why a link does not work and how to get another. */
const claimWords = (failure: unknown): string =>
  failure instanceof ApiProblem && failure.status >= 400 && failure.status < 500
    ? `${failure.message} ${failure.action}`
    : wordsFor(failure);

type Way = "passkey" | "password";

function Ways(): JSX.Element {
  const [done, setDone] = useState<readonly Way[]>([]);
  const [busy, setBusy] = useState<Way | undefined>(undefined);
  const [password, setPassword] = useState("");
  const [errors, setErrors] = useState<Partial<Record<Way, string>>>({});
  const run = async (way: Way): Promise<void> => {
    setBusy(way);
    setErrors({});
    try {
      if (way === "passkey") await registerPasskey();
      else await api("/owner/password", { body: { password } });
      setDone((before) => [...before, way]);
    } catch (failure) {
      setErrors({ [way]: way === "passkey" ? passkeyWords(failure) : wordsFor(failure) });
    } finally {
      setBusy(undefined);
    }
  };
  return (
    <div class="narrow sign-in">
      <h1 tabIndex={-1} ref={focusOnce}>
        {t("desk.waysTitle")}
      </h1>
      <p>{t("desk.waysDetail")}</p>
      <Panel id="passkey" title={t("desk.makePasskey")}>
        {passkeysSupported() ? (
          <Button kind="primary" busy={busy === "passkey"} onClick={() => void run("passkey")}>
            {t("desk.makePasskey")}
          </Button>
        ) : (
          <p class="soft">{t("desk.passkeyUnsupported")}</p>
        )}
        <p role="status">{done.includes("passkey") ? t("desk.passkeyMade") : ""}</p>
        <p class="field-error" role="alert" hidden={!errors.passkey}>
          {errors.passkey}
        </p>
      </Panel>
      <Panel id="new-password" title={t("desk.newPassword")}>
        <form
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            if (busy) return;
            if (password === "") setErrors({ password: t("desk.passwordMissing") });
            else void run("password");
          }}
        >
          <Field
            id="password"
            type="password"
            label={t("desk.newPassword")}
            hint={t("desk.newPasswordHint")}
            error={errors.password}
            value={password}
            autocomplete="new-password"
            required
            onInput={(event) => setPassword(event.currentTarget.value)}
          />
          <Button type="submit" busy={busy === "password"}>
            {t("desk.setPassword")}
          </Button>
        </form>
        <p role="status">{done.includes("password") ? t("desk.passwordSet") : ""}</p>
      </Panel>
      {done.length > 0 ? (
        <ButtonLink kind="primary" large href={pagePaths.desk()}>
          {t("desk.toDesk")}
        </ButtonLink>
      ) : null}
    </div>
  );
}
