import type { Socket } from "node:net";
import { livePaths } from "../../wire/paths.ts";
import { Answers } from "./answers.ts";
import type { AttackContext, Attacker } from "./contract.ts";
import { keepOpen } from "./keep-open.ts";
import { RawConnections } from "./raw-connections.ts";
import { requestText } from "./target.ts";

/** As a browser sends them. */
const headers = "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\r\nAccept: */*\r\n";

/**
 * Comes as listeners do and stays: the state, then the endless response, read to the last byte; who is refused or closed comes again.
 * Nothing tells them from people, like bought "views" or the listener counts that stations are sold. They are an honest load.
 * Owed: those who play do not notice, and who comes gets sound, up to the capacity that was planned for; past it they are told so.
 */
export const attacker: Attacker = {
  name: "fake-listeners",
  unit: "listeners",
  usual: 2000,
  most: 15_000,
  owes: ["no-gap", "joins", "answers", "origin-unmoved", "memory"],
  async attack(context: AttackContext): Promise<void> {
    const { target, counts } = context;
    const connections = new RawConnections(context);
    const state = requestText(target, livePaths.state(target.space), { headers });
    const stream = requestText(target, livePaths.stream(target.space, "opus-32k"), { headers });
    await keepOpen(context, connections, () => {
      let joined = false;
      const answers = new Answers(counts, () => {
        // Answered whole, the second time: it was no stream. It comes again on another connection.
        if (joined) return void socket.destroy();
        joined = true;
        connections.send(socket, stream);
      });
      const socket: Socket = connections.open({
        opened: () => void connections.send(socket, state),
        data: (bytes) => answers.read(bytes),
      });
    });
  },
};
