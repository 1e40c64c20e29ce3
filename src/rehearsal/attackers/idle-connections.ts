import { livePaths } from "../../wire/paths.ts";
import { Answers } from "./answers.ts";
import type { AttackContext, Attacker } from "./contract.ts";
import { keepOpen } from "./keep-open.ts";
import { RawConnections } from "./raw-connections.ts";
import { requestText } from "./target.ts";

/**
 * Connects and says nothing; every other connection asks for the state once and then says nothing more. Nothing is wrong with any of
 * them, and each holds a descriptor and some memory: as a scanner does, or the phones of people who have gone elsewhere.
 * Owed: nobody that plays notices, who comes gets sound, the state answers: idle ones make room before anybody else is refused.
 */
export const attacker: Attacker = {
  name: "idle-connections",
  unit: "connections",
  usual: 2000,
  most: 15_000,
  owes: ["no-gap", "joins", "answers", "memory"],
  async attack(context: AttackContext): Promise<void> {
    const { target, counts } = context;
    const connections = new RawConnections(context);
    const state = requestText(target, livePaths.state(target.space));
    let turn = 0;
    await keepOpen(context, connections, () => {
      const answers = new Answers(counts);
      const asks = turn++ % 2 === 1;
      connections.open({
        opened: (socket) => void (asks && connections.send(socket, state)),
        // Also for who asks nothing: else it would not be noticed that the target has closed.
        data: (bytes) => answers.read(bytes),
      });
    });
  },
};
