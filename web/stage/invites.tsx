import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { CreateInvite, Invite } from "../../src/wire/api.ts";
import type { StageRole } from "../../src/wire/state.ts";
import { api, wordsFor } from "../api/client.ts";
import { type Key, t } from "../i18n/catalogue.ts";
import { Button } from "../ui/button.tsx";
import { CopyField } from "../ui/copy-field.tsx";
import { Field, SelectField } from "../ui/field.tsx";
import { Panel } from "../ui/panel.tsx";
import { dateTimeText } from "./date-text.ts";
import { type Actor, inviteRoles } from "./permissions.ts";
import { roleName } from "./role-name.ts";

/** How long an invite may be good, in seconds. */
const lives: readonly (readonly [seconds: number, words: Key])[] = [
  [3600, "stage.hour"],
  [86_400, "stage.day"],
  [7 * 86_400, "stage.week"],
  [30 * 86_400, "stage.month"],
];

export interface InvitesProps {
  readonly space: string;
  readonly actor: Actor;
  /** The participant's token; left out at the desk, where the session's cookie speaks. */
  readonly token?: string | undefined;
}

interface Made extends Invite {
  readonly name: string;
}

/** Makes invite links. The server keeps none of them, so each is shown until the page is left. Needs `invites.css`. */
export function Invites({ space, actor, token }: InvitesProps): JSX.Element | null {
  const roles = inviteRoles(actor);
  const [role, setRole] = useState<StageRole>("speaker");
  const [name, setName] = useState("");
  const [expiresIn, setExpiresIn] = useState(86_400);
  const [made, setMade] = useState<readonly Made[]>([]);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  if (roles.length === 0) return null;
  const invite = async (): Promise<void> => {
    setBusy(true);
    setError("");
    const body: CreateInvite = { role, expiresIn, ...(name.trim() === "" ? {} : { name: name.trim() }) };
    try {
      const one = await api<Invite>(`/spaces/${space}/invites`, { body, token });
      setMade((before) => [{ ...one, name: name.trim() }, ...before]);
      setName("");
    } catch (failure) {
      setError(wordsFor(failure));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Panel id="invites" title={t("stage.invites")}>
      <form
        class="invite-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy) void invite();
        }}
      >
        <SelectField
          id="invite-role"
          label={t("stage.inviteRole")}
          value={role}
          onChange={(event) => setRole(event.currentTarget.value as StageRole)}
        >
          {roles.map((one) => (
            <option key={one} value={one}>
              {roleName(one)}
            </option>
          ))}
        </SelectField>
        <SelectField
          id="invite-life"
          label={t("stage.inviteExpiry")}
          value={String(expiresIn)}
          onChange={(event) => setExpiresIn(Number(event.currentTarget.value))}
        >
          {lives.map(([seconds, words]) => (
            <option key={seconds} value={String(seconds)}>
              {t(words)}
            </option>
          ))}
        </SelectField>
        <Field
          id="invite-name"
          label={t("stage.inviteName")}
          hint={t("stage.inviteNameHint")}
          error={error}
          value={name}
          maxLength={80}
          autocomplete="off"
          onInput={(event) => setName(event.currentTarget.value)}
        />
        <Button type="submit" kind="primary" busy={busy}>
          {t("stage.invite")}
        </Button>
      </form>
      {made.length > 0 ? <p class="soft">{t("stage.inviteWarning")}</p> : null}
      <ul class="invites" aria-live="polite">
        {made.map((one, i) => (
          <MadeInvite key={one.token} id={`invite-${made.length - i}`} invite={one} />
        ))}
      </ul>
    </Panel>
  );
}

function MadeInvite({ id, invite }: { readonly id: string; readonly invite: Made }): JSX.Element {
  const words = {
    name: invite.name,
    role: roleName(invite.role),
    time: dateTimeText(Date.parse(invite.expiresAt)),
  };
  const copy = { copyText: t("frame.copy"), copiedText: t("frame.copied") };
  return (
    <li class="invite">
      <p>{t(invite.name === "" ? "stage.inviteFor" : "stage.inviteForName", words)}</p>
      <CopyField id={`${id}-url`} label={t("stage.inviteLink")} value={invite.url} {...copy} />
      <details>
        <summary>{t("stage.obs")}</summary>
        <div class="invite-obs">
          <CopyField id={`${id}-whip`} label={t("stage.whipUrl")} value={invite.whipUrl} {...copy} />
          <CopyField id={`${id}-token`} label={t("stage.whipToken")} value={invite.token} {...copy} />
        </div>
      </details>
    </li>
  );
}
