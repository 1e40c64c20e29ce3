import { accepts, freePort, Process, serverCore } from "../processes.ts";
import type { Server, Setting } from "./server.ts";

/** The bare loop in C (`load/floor.c`). */
export async function startFloor({ source, programs }: Setting): Promise<Server> {
  const port = await freePort();
  const floor = new Process("floor", [programs.floor, String(port), String(source.epochMs)], { core: serverCore });
  await accepts(port, floor);
  return {
    name: "C floor",
    port,
    cpu: () => floor.cpu(),
    rss: () => floor.rss(),
    [Symbol.asyncDispose]: () => floor[Symbol.asyncDispose](),
  };
}
