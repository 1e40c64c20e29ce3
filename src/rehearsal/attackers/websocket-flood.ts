import type { Socket } from "node:net";
import type { AttackContext, Attacker } from "./contract.ts";
import { randomText } from "./forged.ts";
import { keepOpen } from "./keep-open.ts";
import { pace } from "./pace.ts";
import { RawConnections } from "./raw-connections.ts";
import { frame, opcode, RoomAnswers, upgradeText } from "./web-socket.ts";

/** What each connection does, in turn. */
const ways = ["silent", "junk", "pings", "huge", "deaf", "restless"] as const;
/** Frames a second of one that never stops: some times what a room takes of one. */
const framesPerSecond = 40;
/** What waits in this process for one connection at most, bytes; who does not read is not written to for ever. */
const maxWaiting = 64 * 1024;

const join = frame(opcode.text, JSON.stringify({ t: "join", name: "x".repeat(80) }));
const ping = frame(opcode.ping, "x".repeat(125));
const hand = (raised: boolean): Buffer => frame(opcode.text, JSON.stringify({ t: "hand", raised }));
const rename = (name: string): Buffer => frame(opcode.text, JSON.stringify({ t: "rename", name }));

/**
 * Opens the WebSockets of a room by the thousand: some never say anything, some say junk, some ping without end, some send a frame of
 * a megabyte or announce one of a petabyte, some join and read nothing any more, some change their name and raise their hand without
 * end; who is turned away comes again. Like `websocket-bench` and `thor` turned against a chat, and the ping floods of CVE-2019-9512.
 * Owed: nobody that plays notices, who comes gets sound, the stage's speakers stay, and memory stays within the caps of the rooms.
 */
export const attacker: Attacker = {
  name: "websocket-flood",
  unit: "connections",
  usual: 1000,
  most: 10_000,
  owes: ["no-gap", "joins", "answers", "stage", "origin-unmoved", "memory"],
  async attack(context: AttackContext): Promise<void> {
    const { target, random, counts, signal } = context;
    const connections = new RawConnections(context);
    const upgrade = Buffer.from(upgradeText(target), "latin1");
    const noisy = new Map<Socket, () => Buffer>();
    let turn = 0;
    const first = (way: (typeof ways)[number]): Buffer => {
      if (way === "silent") return upgrade;
      if (way === "junk") return Buffer.concat([upgrade, frame(opcode.text, randomText(random, 200))]);
      if (way !== "huge") return Buffer.concat([upgrade, join]);
      if (random() < 0.5) return Buffer.concat([upgrade, join, frame(opcode.binary, "x", 2 ** 50)]);
      return Buffer.concat([upgrade, join, frame(opcode.text, "x".repeat(1024 * 1024))]);
    };
    const next = (way: (typeof ways)[number]): (() => Buffer) | undefined => {
      if (way === "pings" || way === "deaf") return () => ping;
      if (way !== "restless") return undefined;
      return () => (random() < 0.5 ? hand(random() < 0.5) : rename(randomText(random, 20)));
    };
    const open = (): void => {
      const way = ways[turn++ % ways.length] ?? "silent";
      const answers = new RoomAnswers(counts);
      const socket = connections.open({
        opened: () => {
          connections.send(socket, first(way));
          const says = next(way);
          if (says) noisy.set(socket, says);
        },
        ...(way === "deaf" ? {} : { data: (bytes: Buffer) => answers.read(bytes) }),
        gone: () => noisy.delete(socket),
      });
    };
    const noise = pace(Math.max(1, (context.strength / 2) * framesPerSecond), signal, () => {
      for (const [socket, says] of noisy) {
        // Last in turn from now on.
        noisy.delete(socket);
        noisy.set(socket, says);
        if (socket.writableLength < maxWaiting) connections.send(socket, says());
        return true;
      }
      return false;
    });
    await keepOpen(context, connections, open);
    await noise;
  },
};
