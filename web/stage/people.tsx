import type { JSX } from "preact";
import type { RoomPerson } from "../../src/wire/signalling.ts";
import { t } from "../i18n/catalogue.ts";
import { Avatar } from "../ui/avatar.tsx";
import { Icon } from "../ui/icon.tsx";
import { onStage, roleName } from "./role-name.ts";
import type { Readable } from "./store.ts";
import { useStore } from "./use-store.ts";

export type Voices = Readable<ReadonlyMap<string, number>>;

export interface PeopleProps {
  readonly people: readonly RoomPerson[];
  readonly voices: Voices;
  /** The reader's own id, when they are in the room. */
  readonly you?: string | undefined;
  /** Who can be managed by the reader. */
  readonly manageable?: (person: RoomPerson) => boolean;
  readonly onManage?: (person: RoomPerson) => void;
}

/** Everybody on stage: who speaks, in which role, who is muted or away. Needs `people.css`. */
export function People({ people, voices, you, manageable, onManage }: PeopleProps): JSX.Element {
  const seated = onStage(people);
  if (seated.length === 0) return <p class="soft">{t("stage.nobody")}</p>;
  return (
    <ul class="people">
      {seated.map((person) => (
        <li key={person.id} class="person">
          <VoiceAvatar person={person} voices={voices} />
          <p class="person-name">
            {person.name}
            {person.id === you ? <span class="soft"> ({t("stage.you")})</span> : null}
          </p>
          <p class="person-facts">
            {roleName(person.role)}
            {person.muted ? (
              <span class="person-muted">
                <Icon name="muted" size={16} />
                {t("stage.muted")}
              </span>
            ) : null}
            {person.present ? null : <span>{t("stage.away")}</span>}
          </p>
          {onManage && manageable?.(person) ? (
            <button
              type="button"
              class="person-manage"
              aria-label={t("stage.manage", { name: person.name })}
              onClick={() => onManage(person)}
            >
              <Icon name="more" />
            </button>
          ) : null}
        </li>
      ))}
    </ul>
  );
}

/** Drawn again with each voice, ten times a second; the list around it is not. */
function VoiceAvatar({ person, voices }: { readonly person: RoomPerson; readonly voices: Voices }): JSX.Element {
  const level = useStore(voices).get(person.id) ?? 0;
  const heard = person.muted ? 0 : level;
  return (
    <>
      <Avatar id={person.id} name={person.name} level={heard} away={!person.present} />
      {heard > 0 ? <span class="unseen">{t("stage.speaking")}</span> : null}
    </>
  );
}
