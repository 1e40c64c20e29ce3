import type { LiveState, StagePerson } from "../../src/wire/state.ts";
import { livePaths } from "../../src/wire/paths.ts";
import { pagePaths } from "../../src/wire/pages.ts";
import { showOnLockScreen } from "./lock-screen.ts";
import { createPlayer, type Player } from "./player.ts";

const styles = `
:host{display:block;max-width:480px;font:16px/1.4 system-ui,sans-serif;color-scheme:light dark}
div{display:flex;gap:14px;align-items:center;padding:14px;border:1px solid #8885;border-radius:14px;
background:light-dark(#fffdf8,#1a211e);color:light-dark(#1b221f,#edeae2)}
button{flex:none;width:52px;height:52px;border:0;border-radius:50%;background:light-dark(#0d5c50,#7fd3be);
color:light-dark(#fffdf8,#05211b);cursor:pointer}
button:focus-visible,a:focus-visible{outline:3px solid light-dark(#0d5c50,#7fd3be);outline-offset:2px}
svg{width:22px;height:22px;display:block;margin:auto;fill:currentColor}
a{color:inherit;font-weight:600;text-decoration:none}a:hover{text-decoration:underline}
p{margin:2px 0 0;font-size:14px;color:light-dark(#56605a,#a5aea8)}`;

const words = {
  en: {
    listen: "Listen",
    stop: "Stop",
    speaking: "Speaking: {names}",
    onStage: "On stage: {names}",
    soon: "Begins {time}",
    connecting: "Connecting…",
    hold: "The conversation will go on in a moment.",
    waiting: "There are more people than seats just now. You are in line; it begins by itself.",
    ended: "This conversation is over.",
    missing: "There is no conversation at this address.",
    failed: "This browser cannot play it.",
  },
  fr: {
    listen: "Écouter",
    stop: "Arrêter",
    speaking: "Parle : {names}",
    onStage: "Sur scène : {names}",
    soon: "Commence {time}",
    connecting: "Connexion…",
    hold: "La conversation reprend dans un instant.",
    waiting: "Il y a plus de monde que de places. Vous êtes dans la file ; le son commencera de lui-même.",
    ended: "Cette conversation est terminée.",
    missing: "Aucune conversation à cette adresse.",
    failed: "Ce navigateur ne peut pas la lire.",
  },
  id: {
    listen: "Dengarkan",
    stop: "Berhenti",
    speaking: "Berbicara: {names}",
    onStage: "Di panggung: {names}",
    soon: "Mulai {time}",
    connecting: "Menyambung…",
    hold: "Percakapan akan berlanjut sebentar lagi.",
    waiting: "Orangnya lebih banyak daripada tempatnya. Anda dalam antrean; suaranya mulai sendiri.",
    ended: "Percakapan ini sudah selesai.",
    missing: "Tidak ada percakapan di alamat ini.",
    failed: "Peramban ini tidak dapat memutarnya.",
  },
} as const;
type Word = keyof (typeof words)["en"];

const icons = { listen: "M6 3.5v17l14-8.500z", stop: "M5 5h14v14H5z" };
/** How often an element that does not play looks whether anything changed. */
const lookMs = 10_000;
/** The same for a Space that is not there: somebody may make it yet. */
const missingLookMs = 60_000;

/**
 * `<rostra-player space="slug" src="https://rostra.example">`: a button, the title and who speaks, on any page. `src` is
 * the server when it is another host; `lang` on the element or around it picks the words. It starts on a click only.
 * Fires `rostra-change` (detail: a `PlayerChange`) and shows its `player`.
 */
export class RostraPlayer extends HTMLElement {
  static readonly observedAttributes = ["space", "src"];
  player: Player | undefined;
  #live: LiveState | undefined;
  #missing = false;
  #people: readonly StagePerson[] = [];
  #speaking: readonly string[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #forget: () => void = () => {};
  readonly #root = this.attachShadow({ mode: "open" });

  connectedCallback(): void {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(styles);
    this.#root.adoptedStyleSheets = [sheet];
    this.#root.innerHTML = `<div><button type="button"><svg viewBox="0 0 24 24" aria-hidden="true"><path/></svg></button><span><a></a><p role="status"></p></span></div>`;
    this.#one("button").addEventListener("click", () => this.#toggle());
    this.#begin();
  }

  disconnectedCallback(): void {
    this.#end();
  }

  attributeChangedCallback(): void {
    if (!this.isConnected || !this.player) return;
    this.#end();
    this.#begin();
  }

  get #base(): string {
    return (this.getAttribute("src") ?? "").replace(/\/+$/, "");
  }

  #begin(): void {
    const space = this.getAttribute("space");
    if (!space) return;
    const player = createPlayer({ space, base: this.#base });
    this.player = player;
    this.#forget = player.listen((change) => {
      if (change.t === "live") this.#learn(change.live);
      if (change.t === "event" && change.event.t === "stage") this.#people = change.event.people;
      if (change.t === "event" && change.event.t === "voices") {
        this.#speaking = (change.event.at[0] ?? []).map(([id]) => id);
      }
      this.dispatchEvent(new CustomEvent("rostra-change", { detail: change }));
      this.#draw();
    });
    this.#draw();
    void this.#look(player, space);
  }

  #end(): void {
    clearTimeout(this.#timer);
    this.#forget();
    this.player?.stop();
    this.player = undefined;
  }

  async #look(player: Player, space: string): Promise<void> {
    try {
      const response = await fetch(player.base + livePaths.state(space), { credentials: "omit" });
      this.#missing = response.status === 404;
      if (response.ok && this.player === player) {
        const live = (await response.json()) as LiveState;
        player.learn(live);
        this.#learn(live);
      }
    } catch {
      /* no answer is no news */
    }
    if (this.player !== player) return;
    this.#draw();
    const every = this.#missing ? missingLookMs : lookMs;
    this.#timer = setTimeout(() => void this.#look(player, space), every * (0.8 + Math.random() * 0.4));
  }

  #learn(live: LiveState): void {
    this.#live = live;
    this.#people = live.stage;
  }

  #toggle(): void {
    const { player } = this;
    if (!player) return;
    if (this.#wants(player)) player.stop();
    else {
      player.play();
      const names = this.#people.map(({ name }) => name).join(", ");
      showOnLockScreen(player, this.#live?.title ?? "Rostra", names);
    }
  }

  #wants({ state }: Player): boolean {
    return state.kind !== "idle" && state.kind !== "ended" && state.kind !== "failed";
  }

  #word(word: Word, values: Record<string, string> = {}): string {
    const lang = (this.closest("[lang]")?.getAttribute("lang") ?? navigator.language).slice(0, 2);
    const text = (words[lang as keyof typeof words] ?? words.en)[word];
    return text.replace(/\{(\w+)\}/g, (_place, name: string) => values[name] ?? "");
  }

  #line(): string {
    const kind = this.player?.state.kind ?? "idle";
    const status = this.#live?.status;
    if (this.#missing) return this.#word("missing");
    if (kind === "ended" || status === "ended" || status === "cancelled") return this.#word("ended");
    if (kind === "failed") return this.#word("failed");
    if (kind === "waiting") return this.#word("waiting");
    if (kind === "connecting" || kind === "stalled") return this.#word("connecting");
    if (status === "scheduled" || status === "lobby") {
      const time = new Date(this.#live?.startAt ?? 0).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
      return this.#word("soon", { time });
    }
    if (kind === "hold") return this.#word("hold");
    const speaking = this.#people.filter(({ id }) => this.#speaking.includes(id));
    const names = (speaking.length ? speaking : this.#people).map(({ name }) => name).join(", ");
    return names ? this.#word(speaking.length ? "speaking" : "onStage", { names }) : "";
  }

  #one<K extends keyof HTMLElementTagNameMap>(name: K): HTMLElementTagNameMap[K] {
    const found = this.#root.querySelector(name);
    if (!found) throw new Error(`the element has no ${name}`);
    return found;
  }

  #draw(): void {
    const { player } = this;
    if (!player) return;
    const word = this.#wants(player) ? "stop" : "listen";
    const title = this.#live?.title ?? "Rostra";
    const button = this.#one("button");
    button.setAttribute("aria-label", `${this.#word(word)}: ${title}`);
    button.disabled = this.#missing || this.#live?.status === "ended" || this.#live?.status === "scheduled";
    this.#root.querySelector("path")?.setAttribute("d", icons[word]);
    const link = this.#one("a");
    link.textContent = title;
    link.href = this.#base + pagePaths.space(this.#live?.slug ?? this.getAttribute("space") ?? "");
    const line = this.#one("p");
    const text = this.#line();
    if (line.textContent !== text) line.textContent = text;
  }
}
