import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Loop, openLoop } from "../cmaf/loop.ts";
import type { RoomEvent } from "../wire/events.ts";
import { type RenditionName, renditionNames } from "../wire/rendition.ts";

/** Hold audio for any slot of any rendition; the same slot always gives the same bytes. */
export interface HoldAudio {
  chunk(rendition: RenditionName, slot: number, events: readonly RoomEvent[]): Uint8Array;
}

/** Reads `<folder>/<rendition>.mp4`, one loop per rendition. */
export async function holdFromFiles(folder: string): Promise<HoldAudio> {
  const loops = new Map<RenditionName, Loop>();
  for (const name of renditionNames) loops.set(name, openLoop(name, await readFile(join(folder, `${name}.mp4`))));
  return holdFromLoops(loops);
}

export function holdFromLoops(loops: ReadonlyMap<RenditionName, Loop>): HoldAudio {
  return {
    chunk: (rendition, slot, events) => {
      const loop = loops.get(rendition);
      if (!loop) throw new Error(`there is no hold audio for ${rendition}`);
      return loop.holdChunk(slot, events);
    },
  };
}
