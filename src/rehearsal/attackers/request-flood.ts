import type { Socket } from "node:net";
import { pagePaths } from "../../wire/pages.ts";
import { livePaths } from "../../wire/paths.ts";
import { Answers } from "./answers.ts";
import type { AttackContext, Attacker } from "./contract.ts";
import { followLive } from "./live-edge.ts";
import { pace } from "./pace.ts";
import { RawConnections } from "./raw-connections.ts";
import { requestText } from "./target.ts";

/** Requests go one after the other on so many kept connections, and each on its own on as many at most. */
const keptConnections = 200;
const newConnections = 1000;
/** Segments before the latest that are asked for as well: what a cache has. */
const recent = 8;

/**
 * Asks for what every listener asks for, as fast as it is told: the state, the page, init segments and recent segments, half of it on
 * kept connections and half on new ones, like `wrk`, `ab` or a botnet's HTTP flood. Each request by itself is a good one.
 * Owed: nobody that plays notices, who comes gets sound, the state and the page answer, and nothing more is asked upstream.
 */
export const attacker: Attacker = {
  name: "request-flood",
  unit: "a second",
  usual: 2000,
  most: 20_000,
  owes: ["no-gap", "joins", "answers", "origin-unmoved"],
  async attack(context: AttackContext): Promise<void> {
    const { target, random, counts, signal } = context;
    const connections = new RawConnections(context);
    const live = followLive(context);
    const free: Socket[] = [];
    let kept = 0;
    let once = 0;
    const path = (): string => {
      const draw = random();
      if (draw < 0.3) return livePaths.state(target.space);
      if (draw < 0.5) return pagePaths.space(target.space);
      if (draw < 0.6) return livePaths.init(target.space, "opus-32k");
      return livePaths.segment(target.space, "opus-32k", Math.max(0, live.latest - Math.floor(random() * recent)));
    };
    const openKept = (): void => {
      kept++;
      let answers: Answers | undefined;
      connections.open({
        opened: (socket) => {
          answers = new Answers(counts, () => free.push(socket));
          connections.send(socket, requestText(target, path()));
        },
        data: (bytes) => answers?.read(bytes),
        gone: () => kept--,
      });
    };
    const openOnce = (): void => {
      once++;
      const answers = new Answers(counts);
      connections.open({
        opened: (socket) =>
          void connections.send(socket, requestText(target, path(), { headers: "Connection: close\r\n" })),
        data: (bytes) => answers.read(bytes),
        gone: () => once--,
      });
    };
    const askKept = (): boolean => {
      for (let socket = free.pop(); socket !== undefined; socket = free.pop())
        if (connections.send(socket, requestText(target, path())) || socket.writable) return true;
      if (kept >= keptConnections) return false;
      openKept();
      return true;
    };
    const askOnce = (): boolean => {
      if (once >= newConnections) return false;
      openOnce();
      return true;
    };
    let turn = false;
    await pace(context.strength, signal, () => {
      turn = !turn;
      return turn ? askKept() || askOnce() : askOnce() || askKept();
    });
    await connections.ended();
  },
};
