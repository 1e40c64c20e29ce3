import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Me } from "../../src/wire/api.ts";
import { pagePaths } from "../../src/wire/pages.ts";
import { api, ApiProblem, wordsFor } from "../api/client.ts";
import { t } from "../i18n/catalogue.ts";
import { Button } from "../ui/button.tsx";
import { Callout } from "../ui/callout.tsx";
import { Field } from "../ui/field.tsx";
import { PasskeyCancelled, passkeysSupported, signInWithPasskey } from "./passkeys.ts";

/** Where to go after signing in: a page of this server that was asked for in the address, or the desk. */
export function nextPage(search: string): string {
  const next = new URLSearchParams(search).get("next") ?? "";
  // One slash and then a letter: "//elsewhere" and "/\elsewhere" are other sites.
  return /^\/[a-z][\w/-]*$/.test(next) ? next : pagePaths.desk();
}

/** Words for what went wrong with a passkey. */
export const passkeyWords = (failure: unknown): string => {
  if (failure instanceof PasskeyCancelled) return t("desk.passkeyCancelled");
  if (failure instanceof ApiProblem && failure.status !== 401) return wordsFor(failure);
  return t("desk.passkeyFailed");
};

/** Signing in as the owner: passkey or password. */
export function SignIn({ me }: { readonly me: Me }): JSX.Element {
  const [password, setPassword] = useState("");
  const [error, setError] = useState("");
  const [passkeyError, setPasskeyError] = useState("");
  const [busy, setBusy] = useState<"passkey" | "password" | undefined>(undefined);
  const run = async (what: "passkey" | "password"): Promise<void> => {
    setBusy(what);
    setError("");
    setPasskeyError("");
    try {
      if (what === "passkey") await signInWithPasskey();
      else await api("/session", { body: { password } });
      location.assign(nextPage(location.search));
    } catch (failure) {
      if (what === "passkey") setPasskeyError(passkeyWords(failure));
      else {
        const isWrong = failure instanceof ApiProblem && failure.status === 401;
        setError(isWrong ? t("desk.passwordWrong") : wordsFor(failure));
      }
      setBusy(undefined);
    }
  };
  return (
    <div class="narrow sign-in">
      <h1>{t("desk.signInTitle")}</h1>
      {me.ownerExists ? null : (
        <Callout kind="waiting" title={t("desk.noOwner")}>
          <p>{t("desk.noOwnerDetail")}</p>
        </Callout>
      )}
      {passkeysSupported() ? (
        <>
          <Button kind="primary" large busy={busy === "passkey"} onClick={() => void run("passkey")}>
            {t("desk.withPasskey")}
          </Button>
          <p class="field-error" role="alert" hidden={passkeyError === ""}>
            {passkeyError}
          </p>
          <p class="or">{t("desk.or")}</p>
        </>
      ) : null}
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (busy) return;
          if (password === "") setError(t("desk.passwordMissing"));
          else void run("password");
        }}
      >
        <Field
          id="password"
          type="password"
          label={t("desk.password")}
          error={error}
          value={password}
          autocomplete="current-password"
          required
          onInput={(event) => setPassword(event.currentTarget.value)}
        />
        <Button type="submit" busy={busy === "password"}>
          {t("desk.withPassword")}
        </Button>
      </form>
    </div>
  );
}
