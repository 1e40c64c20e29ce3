import type { Player } from "./player.ts";

/** Shows what plays on a phone's lock screen and lets it be stopped and started there (Media Session). */
export function showOnLockScreen(player: Player, title: string, people: string): void {
  const { mediaSession } = navigator;
  if (!mediaSession) return;
  mediaSession.metadata = new MediaMetadata({ title, artist: people, album: "Rostra" });
  mediaSession.setActionHandler("play", () => player.play());
  for (const action of ["pause", "stop"] as const) mediaSession.setActionHandler(action, () => player.stop());
}
