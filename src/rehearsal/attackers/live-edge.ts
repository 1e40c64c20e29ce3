import { livePaths } from "../../wire/paths.ts";
import type { AttackContext } from "./contract.ts";
import { pause } from "./pace.ts";
import { RawConnections } from "./raw-connections.ts";
import { requestText } from "./target.ts";

/** Milliseconds between two looks at the state. */
const lookEveryMs = 2000;
/** A longer answer is no state. */
const maxStateBytes = 64 * 1024;

/** What an attack knows of the Space it comes for: the latest segment's number, guessed from 0 until the state has answered. */
export interface LiveEdge {
  readonly latest: number;
  readonly isKnown: boolean;
}

/** Reads the state now and then until the signal, on connections of its own that are counted as the others are. */
export function followLive(context: AttackContext): LiveEdge {
  const live = { latest: 0, isKnown: false };
  const connections = new RawConnections(context);
  const path = livePaths.state(context.target.space);
  const look = (): void => {
    let text = "";
    connections.open({
      opened: (socket) =>
        void connections.send(socket, requestText(context.target, path, { headers: "Connection: close\r\n" })),
      data: (bytes, socket) => {
        text += bytes.toString("latin1");
        if (text.length > maxStateBytes) socket.destroy();
      },
      gone: () => {
        const latest = /"latest":(\d+)/.exec(text)?.[1];
        if (latest !== undefined) Object.assign(live, { latest: Number(latest), isKnown: true });
      },
    });
  };
  void (async () => {
    for (; !context.signal.aborted; await pause(lookEveryMs, context.signal)) if (connections.size === 0) look();
  })();
  return live;
}
