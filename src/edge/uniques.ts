import { HyperLogLog } from "../sketch/hyperloglog.ts";
import { maxSketchesTold } from "../wire/timelines.ts";

/** Of how many Spaces one edge counts different listeners at once, 4 KB each; for one more, what was told gives way. */
export const maxSketches = 1000;

interface Sketch {
  readonly listeners: HyperLogLog;
  /** Whether it is another than was told. */
  changed: boolean;
}

/** Different listeners of each Space, as sketches that are told upward when they have changed. */
export class Uniques {
  /** What was told longest ago is first. */
  readonly #bySpace = new Map<string, Sketch>();
  /** Listeners not counted because there are too many Spaces. */
  overflow = 0;

  /** @param hash evenly spread, in [0, 2^52) */
  add(space: string, hash: number): void {
    const sketch = this.#sketch(space);
    if (sketch?.listeners.add(hash)) sketch.changed = true;
  }

  /** Adds what an edge below has counted. Throws `bad-sketch`. */
  merge(space: string, text: string): void {
    const other = HyperLogLog.parse(text);
    const sketch = this.#sketch(space);
    if (sketch?.listeners.merge(other)) sketch.changed = true;
  }

  /** Sketches that have changed since they were taken, as many as one report carries. */
  take(): Record<string, string> {
    const taken: Record<string, string> = {};
    let count = 0;
    for (const [space, sketch] of this.#bySpace) {
      if (!sketch.changed) continue;
      if (++count > maxSketchesTold) break;
      taken[space] = String(sketch.listeners);
      sketch.changed = false;
    }
    for (const space of Object.keys(taken)) this.#toTheEnd(space);
    return taken;
  }

  /** What was taken did not arrive: it is taken again. Without names everything is, for whoever knows nothing yet. */
  again(spaces: Iterable<string> = this.#bySpace.keys()): void {
    for (const space of spaces) {
      const sketch = this.#bySpace.get(space);
      if (sketch) sketch.changed = true;
    }
  }

  /** A Space is over. */
  forget(space: string): void {
    this.#bySpace.delete(space);
  }

  #sketch(space: string): Sketch | undefined {
    let sketch = this.#bySpace.get(space);
    if (sketch) return sketch;
    if (this.#bySpace.size >= maxSketches && !this.#letGo()) {
      this.overflow++;
      return undefined;
    }
    this.#bySpace.set(space, (sketch = { listeners: new HyperLogLog(), changed: true }));
    return sketch;
  }

  /** Forgets the one that was told longest ago: whoever was told has it. False when all have news. */
  #letGo(): boolean {
    for (const [space, { changed }] of this.#bySpace) if (!changed) return this.#bySpace.delete(space);
    return false;
  }

  #toTheEnd(space: string): void {
    const sketch = this.#bySpace.get(space);
    if (!sketch) return;
    this.#bySpace.delete(space);
    this.#bySpace.set(space, sketch);
  }
}
