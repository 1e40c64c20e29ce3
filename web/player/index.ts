import { RostraPlayer } from "./element.ts";

/** The player as a library: `import { createPlayer } from "rostra/player"`; importing it defines `<rostra-player>`. */
export { RostraPlayer };
export { createPlayer } from "./player.ts";
export type { Player, PlayerChange, PlayerMetrics, PlayerOptions, PlayerState } from "./player.ts";
export type { WayTaken } from "./way.ts";

declare global {
  interface HTMLElementTagNameMap {
    "rostra-player": RostraPlayer;
  }
}

if (!customElements.get("rostra-player")) customElements.define("rostra-player", RostraPlayer);
