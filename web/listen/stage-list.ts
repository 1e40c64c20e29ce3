import type { StagePerson } from "../../src/wire/state.ts";
import { t } from "../i18n/catalogue.ts";
import { hueOf, initials } from "../ui/person.ts";
import { arrange, el, say } from "./dom.ts";

interface Row {
  readonly node: HTMLLIElement;
  draw(person: StagePerson, level: number): void;
}

function makeRow(id: string): Row {
  const avatar = el("span", { "aria-hidden": "true" });
  avatar.style.setProperty("--hue", String(hueOf(id)));
  const name = el("span", { class: "person-name", dir: "auto" });
  const note = el("span", { class: "soft" });
  return {
    node: el("li", {}, avatar, name, note),
    draw({ name: called, role, muted, present }, level) {
      avatar.className = `avatar${level > 0 ? " speaking" : ""}${present ? "" : " away"}`;
      avatar.style.setProperty("--level", String(level));
      say(avatar, initials(called));
      say(name, called);
      say(note, present ? t(muted ? "listen.muted" : `listen.role.${role}`) : t("listen.away"));
    },
  };
}

/** Who is on stage, with a ring around who speaks in what is heard now. */
export function stageList(): { readonly node: HTMLElement; draw: typeof draw } {
  const list = el("ul", { class: "stage" });
  const empty = el("p", { class: "stage soft" });
  const rows = new Map<string, Row>();
  function draw(people: readonly StagePerson[], voices: ReadonlyMap<string, number>): void {
    for (const id of rows.keys()) if (!people.some((person) => person.id === id)) rows.delete(id);
    const shown = people.map((person) => {
      const row = rows.get(person.id) ?? makeRow(person.id);
      rows.set(person.id, row);
      row.draw(person, voices.get(person.id) ?? 0);
      return row.node;
    });
    arrange(list, shown);
    list.hidden = people.length === 0;
    say(empty, people.length === 0 ? t("listen.emptyStage") : undefined);
  }
  return { node: el("section", { "aria-label": t("listen.onStage") }, list, empty), draw };
}
