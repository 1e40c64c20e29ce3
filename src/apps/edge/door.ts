import { createHmac, randomBytes } from "node:crypto";
import { SeatDoor } from "../../door/door.ts";
import type { Meter } from "../../foundation/meter.ts";

/**
 * Makes the door of an edge process, and its metrics.
 * @param key the installation's: any edge of it reads what another one wrote. @default a random one
 */
export const makeDoor =
  (meter: Meter, key?: string) =>
  (now: () => number): SeatDoor => {
    const secret = key === undefined ? randomBytes(32) : createHmac("sha256", key).update("rostra door").digest();
    const door = new SeatDoor({ key: secret, now });
    const waiting = meter.gauge(
      "rostra_edge_waiting",
      "Places in line whose turn has not come, as this edge knows it.",
    );
    meter.onCollect(() => waiting.set(door.waiting));
    return door;
  };
