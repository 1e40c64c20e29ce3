import type { AttackContext } from "./contract.ts";
import { RawConnections } from "./raw-connections.ts";
import { requestText } from "./target.ts";

/** Longer lists are not read to their end. */
const maxListBytes = 256 * 1024;
/** Replays that are kept of it. */
const maxReplays = 20;

/** The ids of Spaces with a replay, as the public list of Spaces tells them; empty until it has answered. */
export function findReplays(context: AttackContext): readonly string[] {
  const found: string[] = [];
  const connections = new RawConnections(context);
  let text = "";
  connections.open({
    opened: (socket) => {
      const headers = "Connection: close\r\n";
      connections.send(socket, requestText(context.target, "/api/v1/spaces?status=ended", { headers }));
    },
    data: (bytes, socket) => {
      text += bytes.toString("latin1");
      if (text.length > maxListBytes) socket.destroy();
    },
    gone: () => {
      for (const [, id, rest] of text.matchAll(/"id":"([a-z0-9-]{1,64})"([^{}]*)/g))
        if (id !== undefined && rest?.includes('"replay":true') && found.length < maxReplays) found.push(id);
    },
  });
  return found;
}
