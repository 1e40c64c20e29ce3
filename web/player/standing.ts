import { livePaths } from "../../src/wire/paths.ts";
import type { Place } from "../../src/wire/tickets.ts";
import { deadline } from "../api/deadline.ts";
import { sleep } from "./backoff.ts";
import type { Pass } from "./connection.ts";
import type { PlayerState } from "./contract.ts";
import { keptText } from "./kept-text.ts";

/** How long one answer may take, ms. */
const answerMs = 5000;
/** The pause after a failure, ms, doubled with each in a row up to the longest; drawn anew each time (full jitter). */
const firstPauseMs = 1000;
const longestPauseMs = 30_000;
/** What is waited at most of what an edge tells by Retry-After, ms. */
const longestRetryAfterMs = 120_000;
/** An edge that fails so often in a row is left for another. */
export const maxPlaceFailures = 3;
/** A seat that was given and is refused within this is no good here: the ordinary way to try again is taken. */
export const seatTriedMs = 10_000;
/** HTMLMediaElement.HAVE_CURRENT_DATA: there is nothing to play after this moment. */
const haveCurrentData = 2;
/** Nobody asks sooner than this, ms, whatever was answered. */
const leastAskMs = 500;

/** What there is to know of a player that was not let in. */
export interface Standing {
  readonly space: string;
  /** The edge that refused it. */
  readonly base: string;
  readonly load: typeof fetch;
  readonly pass: Pass;
  readonly audio: Pick<HTMLAudioElement, "paused" | "readyState">;
  readonly become: (state: PlayerState) => void;
}

/**
 * Stands in line until there is a seat: true then, and the player begins again with it; false when this edge is better left.
 * A reload keeps seat and place: both are kept for the tab.
 */
export async function waitForSeat(standing: Standing, signal: AbortSignal): Promise<boolean> {
  const { space, base, load, pass, audio, become } = standing;
  const [seat, place] = [keptText(`rostra-seat:${space}`), keptText(`rostra-place:${space}`)];
  const sitDown = (on: string): true => {
    pass.seat = on;
    pass.givenAt = Date.now();
    // Whoever listened may have been seated again before what was buffered was used up.
    const sounds = !audio.paused && audio.readyState > haveCurrentData;
    become({ kind: sounds ? "playing" : "connecting" });
    return true;
  };
  if (pass.givenAt !== undefined && Date.now() - pass.givenAt < seatTriedMs) return false;
  const kept = pass.seat === "" ? seat.get() : "";
  if (kept) return sitDown(kept);
  pass.seat = "";
  seat.set("");
  become({ kind: "waiting", before: null, waiting: null, turnIn: null });
  while (!signal.aborted) {
    const answer = await ask(load, base + livePaths.place(space, place.get() || undefined), !place.get(), signal);
    if (signal.aborted) break;
    if ("kind" in answer) {
      pass.failures = 0;
      if (answer.kind === "seat") {
        place.set("");
        seat.set(answer.seat);
        return sitDown(answer.seat);
      }
      const { ticket, before, waiting, turnIn, askAgainMs } = answer;
      place.set(ticket);
      become({ kind: "waiting", before, waiting, turnIn });
      // Never sooner than told, and not all at once.
      await sleep(Math.max(leastAskMs, Number(askAgainMs) || longestPauseMs) * (1 + Math.random() * 0.2), signal);
      continue;
    }
    if (answer.status === 401) place.set("");
    const failures = (pass.failures = (pass.failures ?? 0) + 1);
    const pause = Math.random() * Math.min(longestPauseMs, firstPauseMs * 2 ** failures);
    await sleep(Math.max(leastAskMs, pause) + answer.retryAfterMs, signal);
    if (answer.status === 404 || failures % maxPlaceFailures === 0) return signal.aborted;
  }
  return true;
}

interface NoPlace {
  /** 0 without an answer. */
  readonly status: number;
  readonly retryAfterMs: number;
}

/** How a place stands, or why that is not known. */
async function ask(load: typeof fetch, url: string, isNew: boolean, signal: AbortSignal): Promise<Place | NoPlace> {
  const limit = deadline(answerMs, signal);
  const none = { status: 0, retryAfterMs: 0 };
  try {
    const method = isNew ? "POST" : "GET";
    const response = await load(url, { method, signal: limit.signal, credentials: "omit", cache: "no-store" });
    if (!response.ok) {
      const told = Number(response.headers.get("retry-after")) * 1000 || 0;
      return { status: response.status, retryAfterMs: Math.min(longestRetryAfterMs, told) };
    }
    const answer = (await response.json()) as Place | Record<string, never> | null;
    return answer?.kind ? answer : none;
  } catch {
    return none;
  } finally {
    limit.end();
  }
}
