import { accepts, freePort, Process, serverCore } from "../processes.ts";
import { type Server, serverOf, type Setting } from "./server.ts";

/** The bare loop in C (`load/floor.c`). */
export async function startFloor({ source, programs }: Setting): Promise<Server> {
  const port = await freePort();
  const floor = new Process("floor", [programs.floor, String(port), String(source.epochMs)], { core: serverCore });
  await accepts(port, floor);
  return serverOf("C floor", port, [floor]);
}
