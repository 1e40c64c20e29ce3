import { askLine } from "./ask-line.ts";
import type { Output } from "./output.ts";

export interface HaproxyOptions {
  /** HAProxy's admin socket (`stats socket … level admin`). */
  readonly socket: string;
  /** The map's file, as the configuration names it. */
  readonly map: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** What a runtime command answers when all is well: nothing, or that there was nothing to delete. */
const isWell = (answer: string): boolean => /^(?:\s|entry not found\.|Key not found\.)*$/i.test(answer);

/**
 * Keeps a map of HAProxy up to date by its runtime API (management guide, section 9.3): each prefix with the second in which it is over, which the
 * configuration compares with its own clock (`deploy/shield/haproxy.cfg`), so that everything is over even when nobody says so.
 */
export function haproxyMap({ socket, map, now }: HaproxyOptions): Output {
  let isClean = false;
  const say = async (...commands: readonly string[]): Promise<void> => {
    const answer = await askLine(socket, commands.join("; "));
    if (!isWell(answer)) throw new Error(`HAProxy answered: ${answer.trim().slice(0, 200)}`);
  };
  /** What a process before this one left is over, and takes place. */
  const clean = async (): Promise<void> => {
    const lines = (await askLine(socket, `show map ${map}`)).split("\n");
    for (const line of lines) {
      const [, key, until] = /^0x[0-9a-f]+ ([0-9a-f.:/]+) (\d+)$/.exec(line) ?? [];
      if (key !== undefined && Number(until) * 1000 < now()) await say(`del map ${map} ${key}`);
    }
    isClean = true;
  };
  return {
    name: "haproxy",
    tell: async ({ what, prefix: { text }, seconds, guard }) => {
      if (what !== "block" && what !== "expired") return;
      const remove = `del map ${map} ${text}`;
      // What is over by itself goes only if no other process has asked for more since.
      if (what === "expired") return guard === undefined ? clean() : say(remove);
      if (!isClean) await clean();
      return say(remove, `add map ${map} ${text} ${Math.ceil(now() / 1000) + seconds}`);
    },
  };
}
