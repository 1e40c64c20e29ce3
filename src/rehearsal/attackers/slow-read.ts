import type { Socket } from "node:net";
import { livePaths } from "../../wire/paths.ts";
import { Answers } from "./answers.ts";
import type { AttackContext, Attacker } from "./contract.ts";
import { keepOpen } from "./keep-open.ts";
import { followLive } from "./live-edge.ts";
import { RawConnections } from "./raw-connections.ts";
import { findReplays } from "./replays.ts";
import { requestText } from "./target.ts";

/** So many segments and files are asked for at once by who then does not read them: just under what may wait on one connection. */
const askedAtOnce = 60;
/** The largest file that every server has. */
const file = "/player.js";
/** Who reads slowly reads what has come once in so long. */
const readEveryMs = 5000;
/** The share of those that read slowly; the others never do. */
const slowShare = 0.3;

/**
 * Asks for much and does not read it (`slowhttptest -X`, the "sockstress" family): endless responses, dozens of segments and files at once on one
 * connection, and whole files of replays. Most never read, the others once in five seconds. The target's socket buffers fill, then its own
 * memory would. (The receive window is the system's own and then falls to zero: a process cannot ask for a smaller one here.)
 * Owed: nobody that plays notices, who comes gets sound, and what waits for such a client stays within its caps.
 */
export const attacker: Attacker = {
  name: "slow-read",
  unit: "connections",
  usual: 500,
  most: 10_000,
  owes: ["no-gap", "joins", "memory"],
  async attack(context: AttackContext): Promise<void> {
    const { target, random, counts, signal } = context;
    const connections = new RawConnections(context);
    const live = followLive(context);
    const replays = findReplays(context);
    const slow = new Set<Socket>();
    const timer = setInterval(() => {
      for (const socket of slow) socket.resume();
    }, readEveryMs);
    signal.addEventListener("abort", () => clearInterval(timer), { once: true });
    const ask = (socket: Socket, path: string): boolean => connections.send(socket, requestText(target, path));
    const dozens = (socket: Socket): void => {
      for (let i = 0; i < askedAtOnce; i++)
        ask(socket, i % 2 ? file : livePaths.segment(target.space, "opus-32k", Math.max(0, live.latest - (i % 8))));
    };
    const wants: readonly ((socket: Socket) => void)[] = [
      (socket) => void ask(socket, livePaths.stream(target.space, "opus-32k")),
      dozens,
      (socket) => void ask(socket, `/replay/${replays[turn % Math.max(1, replays.length)] ?? target.space}/audio.m4a`),
    ];
    let turn = 0;
    await keepOpen(context, connections, () => {
      const want = wants[turn++ % wants.length];
      if (random() >= slowShare) {
        connections.open({ opened: want });
        return;
      }
      const answers = new Answers(counts);
      const socket = connections.open({
        opened: (its) => {
          slow.add(its);
          want?.(its);
        },
        data: (bytes, its) => {
          answers.read(bytes);
          its.pause();
        },
        gone: () => slow.delete(socket),
      });
    });
    clearInterval(timer);
  },
};
