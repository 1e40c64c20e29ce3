import { minutes } from "../../foundation/duration.ts";
import {
  cancel,
  end,
  goLive,
  hold,
  lobbyIsDue,
  type Moment,
  onTimeline,
  openLobby,
  resume,
  startIsDue,
} from "../../room/life.ts";
import type { ActiveSpace, Plan } from "./active-space.ts";

/** How long a Space waits in hold for somebody to come back before it ends. */
const holdEndsAfter = minutes(60);
/** How long after its start a Space waits in the lobby for a host before it counts as cancelled. */
const lobbyEndsAfter = minutes(6 * 60);

/** What time, the stage and the origin make of a Space by themselves; undefined when nothing is due. */
export function automaticPlan(space: ActiveSpace, now: Moment): Plan | undefined {
  const { life, room } = space;
  const empty = space.emptyFor(now);
  switch (life.kind) {
    case "scheduled":
      return lobbyIsDue(life, now) ? { steps: [openLobby(life, now)] } : undefined;
    case "lobby": {
      const startAt = onTimeline(life.startAt, now);
      if (startIsDue(life, now) && room.readyToStart) {
        return { steps: [goLive(life, now, now.timeline <= startAt ? "on-time" : "host-arrived")] };
      }
      const given = now.timeline - startAt >= lobbyEndsAfter && empty;
      return given ? { steps: [cancel(life, now, "nobody-came")] } : undefined;
    }
    case "live":
      if (now.timeline < life.liveFrom) return undefined;
      if (empty) return { steps: [hold(life, "stage-empty", now)] };
      return space.programmeMissing(now) ? { steps: [hold(life, "no-programme", now)] } : undefined;
    case "hold":
      if (life.because === "no-programme") {
        // Still a hold, for another reason: that is no change of the life.
        if (empty) return { life: hold(life, "stage-empty", now).life };
        return space.programmeThere ? { steps: [resume(life, now, "programme-back")] } : undefined;
      }
      if (room.occupied) return { steps: [resume(life, now, "somebody-is-back")] };
      return now.timeline - life.since >= holdEndsAfter ? { steps: [end(life, now, "nobody-came-back")] } : undefined;
    case "ended":
    case "replay":
    case "cancelled":
      return undefined;
  }
}
