import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { RenditionName } from "../wire/rendition.ts";
import type { Channel } from "./channel.ts";
import type { Channels } from "./channels.ts";
import type { Position } from "./fan-out.ts";

/** How long handing over may take, ms: a few thousand a second go, on a machine that is busy with other things a few hundred. */
export const maxHandOverMs = 60_000;
/** How many sockets may be on their way to the successor at once. */
export const maxUnderWay = 128;
/** How often it is looked whether listeners have come to a segment's end, ms. */
const lookMs = 10;

/** One rendition of one Space, by the Space's id. */
export interface ChannelName {
  readonly space: string;
  readonly rendition: RenditionName;
}

/** The process that takes this edge's place. */
export interface Successor {
  /** Asks it to have renditions at hand. Resolves with whether it has, for each; with nothing when it is gone. */
  prepare(names: readonly ChannelName[]): Promise<readonly boolean[]>;
  /** Gives it a listener whose stream goes on at a position. `refused` is called when that could not be sent. */
  give(name: ChannelName, at: Position, socket: Socket, refused: () => void): void;
  /** How many it was given and has not said to have taken. */
  readonly underWay: number;
  readonly gone: boolean;
}

/** A plain TCP socket can belong to another process; the keys of an encrypted one are in this one's memory. */
const isPlain = (socket: Socket): boolean => !("encrypted" in socket);

/**
 * Gives the endless responses' own connections to the successor, each between two chunks, so that its client notices
 * nothing. Resolves with how many were given, once all that can be are, the successor is gone, or it is `until`
 * (monotonic ms). Whoever has bytes queued in this process, or is encrypted, stays.
 */
export async function handOver(channels: Channels, successor: Successor, until: number): Promise<number> {
  const open = [...channels.all()].filter(({ fanOut }) => fanOut.size > 0);
  const names = open.map(({ entry, rendition }): ChannelName => ({ space: entry.state.id, rendition }));
  const ready = await successor.prepare(names);
  const left = new Map(open.flatMap((channel, i) => (ready[i] ? [[channel, names[i] as ChannelName] as const] : [])));
  /** By channel: the segment in which nobody could be given any more. */
  const idle = new Map<Channel, Position["n"]>();
  let given = 0;
  while (!successor.gone && performance.now() < until && left.size > 0) {
    for (const [channel, name] of left) {
      const room = maxUnderWay - successor.underWay;
      if (room <= 0) break;
      const released = channel.fanOut.release(room, { isWanted: isPlain, betweenChunks: true });
      if (released === undefined) continue;
      const { at, sockets } = released;
      for (const socket of sockets) successor.give(name, at, socket, () => channel.adopt(socket, at));
      given += sockets.length;
      // Those who are slow now have until the next segment to catch up.
      const before = idle.get(channel);
      if (sockets.length > 0) idle.delete(channel);
      else if (successor.underWay > 0) continue;
      else if (channel.fanOut.size === 0 || (before !== undefined && before !== at.n)) left.delete(channel);
      else idle.set(channel, at.n);
    }
    await sleep(lookMs);
  }
  while (!successor.gone && successor.underWay > 0 && performance.now() < until) await sleep(lookMs);
  return given;
}
