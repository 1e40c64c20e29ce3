import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { ClientMessage, RoomPerson } from "../../src/wire/signalling.ts";
import { type Key, t } from "../i18n/catalogue.ts";
import { Avatar } from "../ui/avatar.tsx";
import { Button } from "../ui/button.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Panel } from "../ui/panel.tsx";
import { Time } from "../ui/time.tsx";
import { People, type Voices } from "./people.tsx";
import { type Actor, actionsOn, mayModerate, messageFor, needsConfirmation, type PersonAction } from "./permissions.ts";
import { handsOf } from "./role-name.ts";

export interface ModerationProps {
  readonly people: readonly RoomPerson[];
  readonly voices: Voices;
  readonly you: string;
  readonly actor: Actor;
  readonly onSend: (message: ClientMessage) => void;
}

const words: Readonly<Record<PersonAction, Key>> = {
  mute: "stage.doMute",
  "make-cohost": "stage.doCohost",
  "make-speaker": "stage.doSpeaker",
  "bring-up": "stage.doBringUp",
  "to-audience": "stage.doAudience",
  "hand-over": "stage.doHandOver",
  remove: "stage.doRemove",
};

/** The people on stage, and for those who may, what to do about each. Needs `people.css` and `dialog.css`. */
export function ModeratedPeople({ people, voices, you, actor, onSend }: ModerationProps): JSX.Element {
  const [managed, setManaged] = useState<string | undefined>(undefined);
  const [asked, setAsked] = useState<"hand-over" | "remove" | undefined>(undefined);
  // Whoever leaves meanwhile closes the dialog; whoever is muted meanwhile cannot be muted again.
  const person = people.find((one) => one.id === managed);
  const actions = person ? actionsOn(actor, person, you) : [];
  const close = (): void => {
    setManaged(undefined);
    setAsked(undefined);
  };
  const act = (action: PersonAction): void => {
    if (!person) return;
    if (asked === undefined && needsConfirmation(action)) {
      setAsked(action);
      return;
    }
    onSend(messageFor(action, person.id));
    close();
  };
  const name = person?.name ?? "";
  return (
    <>
      <People
        people={people}
        voices={voices}
        you={you}
        manageable={(one) => actionsOn(actor, one, you).length > 0}
        onManage={(one) => setManaged(one.id)}
      />
      <Dialog
        id="manage"
        open={person !== undefined && asked === undefined}
        title={t("stage.manage", { name })}
        onClose={close}
        actions={<Button onClick={close}>{t("frame.close")}</Button>}
      >
        <div class="person-actions">
          {actions.map((action) => (
            <Button key={action} kind={action === "remove" ? "danger" : "plain"} onClick={() => act(action)}>
              {t(words[action])}
            </Button>
          ))}
        </div>
      </Dialog>
      <Confirm
        id="manage-confirm"
        open={person !== undefined && asked !== undefined}
        title={t(asked === "remove" ? "stage.removeTitle" : "stage.handOverTitle", { name })}
        kind={asked === "remove" ? "danger" : "primary"}
        yes={t(asked === "remove" ? "stage.doRemove" : "stage.doHandOver")}
        no={t("frame.cancel")}
        onYes={() => asked && act(asked)}
        onNo={close}
      >
        <p>{t(asked === "remove" ? "stage.removeDetail" : "stage.handOverDetail", { name })}</p>
      </Confirm>
    </>
  );
}

/** Raised hands, first come first; nothing for those who cannot bring anybody up. */
export function Hands({ people, actor, onSend }: Omit<ModerationProps, "voices" | "you">): JSX.Element | null {
  if (!mayModerate(actor)) return null;
  const hands = handsOf(people);
  return (
    <Panel
      id="hands"
      title={t("stage.hands")}
      aside={hands.length > 0 ? <span class="soft">{hands.length}</span> : null}
    >
      {hands.length === 0 ? <p class="soft">{t("stage.noHands")}</p> : null}
      <ul class="hands">
        {hands.map((one) => (
          <li key={one.id} class="hand">
            <Avatar id={one.id} name={one.name} />
            <p class="hand-who">
              <strong>{one.name}</strong>
              <br />
              <span class="soft">{one.offered === null ? <Since at={one.handAt} /> : t("stage.offered")}</span>
            </p>
            <div class="hand-actions">
              {one.offered === null ? (
                <Button
                  kind="primary"
                  aria-label={`${t("stage.doBringUp")}: ${one.name}`}
                  onClick={() => onSend(messageFor("bring-up", one.id))}
                >
                  {t("stage.doBringUp")}
                </Button>
              ) : null}
              <Button
                aria-label={`${t("stage.doRemove")}: ${one.name}`}
                onClick={() => onSend(messageFor("remove", one.id))}
              >
                {t("stage.doRemove")}
              </Button>
            </div>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Since({ at }: { readonly at: number | null }): JSX.Element | null {
  if (at === null) return null;
  const [before, after] = t("stage.handSince").split("{time}");
  return (
    <>
      {before}
      <Time at={at} options={{ hour: "numeric", minute: "2-digit" }} />
      {after}
    </>
  );
}
