import type { Socket } from "node:net";
import { livePaths } from "../../wire/paths.ts";
import { Answers } from "./answers.ts";
import type { AttackContext, Attacker } from "./contract.ts";
import { pause } from "./pace.ts";
import { RawConnections, resetConnection } from "./raw-connections.ts";
import { requestText } from "./target.ts";

/** All lose their connection at the same moment, so often; ms. */
const outageEveryMs = 1000;
/** A player that is refused or cut comes again at once, but so soon at the earliest; ms. */
const againAfterMs = 50;

/**
 * Listeners whose players know no backoff: all are cut off at the same moment, every second, and all come again at once, as after
 * the restart of a provider's router; whoever is refused or closed comes again at once too, whatever Retry-After says. Like the clients
 * that kept down what had failed: the iOS and Android apps in many a post-mortem of a "thundering herd".
 * Owed: those who play do not notice, and who comes gets sound.
 */
export const attacker: Attacker = {
  name: "retry-storm",
  unit: "listeners",
  usual: 500,
  most: 5000,
  owes: ["no-gap", "joins", "answers", "origin-unmoved", "memory"],
  async attack(context: AttackContext): Promise<void> {
    const { target, counts, signal } = context;
    const connections = new RawConnections(context);
    const stream = requestText(target, livePaths.stream(target.space, "opus-32k"));
    const state = requestText(target, livePaths.state(target.space));
    const most = Math.floor(context.strength);
    const open = new Set<Socket>();
    const come = (): void => {
      if (signal.aborted || open.size >= most) return;
      let asked = 0;
      const answers = new Answers(counts, () => {
        // After the state the stream; an answer to that which is whole is a refusal.
        if (++asked === 1) connections.send(socket, stream);
        else resetConnection(socket);
      });
      const socket: Socket = connections.open({
        opened: () => void connections.send(socket, state),
        data: (bytes) => answers.read(bytes),
        gone: () => {
          open.delete(socket);
          if (!signal.aborted) void pause(againAfterMs, signal).then(come);
        },
      });
      open.add(socket);
    };
    for (; !signal.aborted; await pause(outageEveryMs, signal)) {
      for (const socket of open) resetConnection(socket);
      while (open.size < most && !signal.aborted) come();
    }
    await connections.ended();
  },
};
