import type { Socket } from "node:net";
import { livePaths } from "../../wire/paths.ts";
import type { AttackContext, Attacker } from "./contract.ts";
import { pace } from "./pace.ts";
import { RawConnections, resetConnection } from "./raw-connections.ts";
import { requestText } from "./target.ts";

/** Connections under way at once: while the target does not accept, no more are made. */
const underWay = 2000;

/**
 * Connects and goes, over and over: by a reset at once, by an ordinary end at once, after half a request, after a request whose answer it
 * does not wait for, and in the middle of an endless response that has just begun. As `hping3` on a whole handshake, or a load balancer's
 * health checks gone wrong, do it. Each costs the target an accept and whatever it makes for a connection.
 * Owed: nobody that plays notices, who comes gets sound, and nothing stays behind: connections and memory are as before.
 */
export const attacker: Attacker = {
  name: "connection-churn",
  unit: "a second",
  usual: 1000,
  most: 10_000,
  owes: ["no-gap", "joins", "memory"],
  async attack(context: AttackContext): Promise<void> {
    const { target, signal, strength } = context;
    const connections = new RawConnections(context);
    const state = requestText(target, livePaths.state(target.space));
    const stream = requestText(target, livePaths.stream(target.space, "opus-32k"));
    const send = (bytes: string) => (socket: Socket) => void connections.send(socket, bytes);
    const ways: readonly (() => void)[] = [
      () => connections.open({ opened: resetConnection }),
      () => connections.open({ opened: (socket) => void socket.resume().end() }),
      () =>
        connections.open({
          opened: (socket) => {
            connections.send(socket, state.slice(0, state.length / 2));
            socket.resume().end();
          },
        }),
      () =>
        connections.open({
          opened: (socket) => {
            connections.send(socket, state);
            setImmediate(() => resetConnection(socket));
          },
        }),
      () => connections.open({ opened: send(stream), data: (_, socket) => resetConnection(socket) }),
    ];
    let turn = 0;
    await pace(strength, signal, () => {
      if (connections.size >= underWay) return false;
      ways[turn++ % ways.length]?.();
      return true;
    });
    await connections.ended();
  },
};
