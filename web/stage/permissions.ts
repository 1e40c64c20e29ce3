import type { ClientMessage, RoomPerson } from "../../src/wire/signalling.ts";
import type { Role, StageRole } from "../../src/wire/state.ts";

/** What may be offered about somebody. The server decides; this only keeps useless buttons away. */
export type PersonAction =
  | "mute"
  | "make-cohost"
  | "make-speaker"
  | "bring-up"
  | "to-audience"
  | "hand-over"
  | "remove";

/** A co-host acts for the host while no host is here. */
export type Actor = Role | "acting-host";

export function actorOf(role: Role, people: readonly RoomPerson[]): Actor {
  if (role !== "cohost") return role;
  return people.some((one) => one.role === "host" && one.present) ? "cohost" : "acting-host";
}

export const mayModerate = (actor: Actor): boolean => actor !== "speaker" && actor !== "listener";
export const mayEnd = (actor: Actor): boolean => actor === "host" || actor === "acting-host";

/** The roles somebody may invite with. */
export function inviteRoles(actor: Actor): readonly StageRole[] {
  if (actor === "host") return ["speaker", "cohost", "host"];
  return mayModerate(actor) ? ["speaker"] : [];
}

/** What `actor` may do about `person`, mildest first; nothing about oneself or the host. */
export function actionsOn(actor: Actor, person: RoomPerson, you: string): readonly PersonAction[] {
  if (person.id === you || person.role === "host" || !mayModerate(actor)) return [];
  if (person.role === "listener") return person.offered ? ["remove"] : ["bring-up", "remove"];
  const isCohost = person.role === "cohost";
  if (isCohost && actor === "cohost") return [];
  const actions: PersonAction[] = person.muted ? [] : ["mute"];
  if (isCohost) {
    if (actor === "host") actions.push("make-speaker");
  } else if (actor === "host" || actor === "acting-host") actions.push("make-cohost");
  if (actor === "host") actions.push("hand-over");
  if (!isCohost || actor === "host") actions.push("to-audience", "remove");
  return actions;
}

/** The message that does it. */
export function messageFor(action: PersonAction, id: string): ClientMessage {
  switch (action) {
    case "mute":
      return { t: "mute-other", id };
    case "make-cohost":
      return { t: "set-role", id, role: "cohost" };
    case "make-speaker":
    case "bring-up":
      return { t: "set-role", id, role: "speaker" };
    case "to-audience":
      return { t: "set-role", id, role: "listener" };
    case "hand-over":
      return { t: "hand-over", id };
    case "remove":
      return { t: "remove", id };
  }
}

/** Actions that are asked about once more. */
export const needsConfirmation = (action: PersonAction): action is "hand-over" | "remove" =>
  action === "hand-over" || action === "remove";
