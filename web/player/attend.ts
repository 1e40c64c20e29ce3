import { livePaths } from "../../src/wire/paths.ts";
import { beaconEveryMs, type LiveState } from "../../src/wire/state.ts";
import { segmentMs } from "../../src/wire/timeline.ts";
import { sleep } from "./backoff.ts";
import type { Pass } from "./connection.ts";
import type { Player, PlayerState } from "./contract.ts";
import type { Edges } from "./edges.ts";
import { keptText } from "./kept-text.ts";

/** Home is looked after this long after it failed, ms, and up to twice that: not everybody comes back at once. */
export const homeAfterMs = 120_000;
/** Home is well when the latest segment it tells is no older than this, ms. */
const lateMs = 5 * segmentMs;
/** By segments the state is read with every so many beacons. */
export const beaconsPerLook = 3;

/** What there is to know of a player to attend to it. */
export interface Attended {
  readonly player: Player;
  readonly space: string;
  readonly edges: Edges;
  readonly load: typeof fetch;
  /** Reads the state from an edge; undefined without an answer. */
  readonly look: (base: string) => Promise<unknown>;
  readonly live: () => LiveState | undefined;
  readonly pass: Pass;
}

const isFresh = ({ now, epochMs, latest }: LiveState): boolean =>
  epochMs !== null && latest !== null && now - epochMs - (latest + 1) * segmentMs < lateMs;

/** Who is in one of these states listens. */
const heard: ReadonlySet<PlayerState["kind"]> = new Set(["playing", "hold", "stalled"]);

/**
 * Goes on while a player plays: says where no stream tells that somebody listens, if it was drawn; reads there what share is
 * drawn now, and by HLS, which brings no events, all that is true now; and looks now and then whether the home that failed is
 * well again. Keeps the seat for a reload.
 */
export async function attend(
  { player, space, edges, load, look, live, pass }: Attended,
  signal: AbortSignal,
): Promise<void> {
  const seat = keptText(`rostra-seat:${space}`);
  const [drawn, lot] = [Math.random(), Math.random()];
  let round = Math.floor(lot * beaconsPerLook);
  if (pass.seat) seat.set(pass.seat);
  await sleep(Math.random() * beaconEveryMs, signal);
  while (!signal.aborted) {
    if (pass.seat && pass.seat !== seat.get()) seat.set(pass.seat);
    const by = player.metrics.way?.by;
    if (by === "hls" || (by === "segments" && ++round % beaconsPerLook === 0)) await look(player.base);
    const share = live()?.beacon ?? 0;
    if (by !== "stream" && heard.has(player.state.kind) && drawn < share) {
      const options: RequestInit = { method: "POST", credentials: "omit", signal };
      load(player.base + livePaths.beacon(space, share), options).catch(() => {});
    }
    const { home } = edges;
    // The browser's own HLS would be torn by going home.
    if (by !== "hls" && edges.now !== home && Date.now() - home.failedAt > homeAfterMs * (1 + lot)) {
      const answer = await look(home.base);
      const state = live();
      if (answer !== undefined && state && isFresh(state)) edges.now = home;
      else home.failedAt = Date.now();
    }
    await sleep(beaconEveryMs, signal);
  }
}
