import { setTimeout as sleep } from "node:timers/promises";
import { parseChunk } from "../../cmaf/parse.ts";
import { livePaths } from "../../wire/paths.ts";
import type { RenditionName } from "../../wire/rendition.ts";
import { chunksPerSegment, segmentMs, type SegmentNumber } from "../../wire/timeline.ts";
import { boxTypes } from "./chunk-place.ts";
import type { LiveFacts } from "./facts.ts";
import type { Sound } from "./follower.ts";
import type { Inquirer } from "./inquirer.ts";
import { PublishedSegment } from "./published.ts";
import type { Tally } from "./tally.ts";

/** Segments that are kept, 38 s: who is further behind has its segments unchecked. */
export const windowSegments = 40;
/** How far before the latest segment it begins: HLS players begin three segments back. */
const firstBack = 6;
/** How long an answer may take; a segment that is asked for early is held until it is published. */
const withinMs = 4 * segmentMs;
/** Attempts to get a segment that others have got by then. */
const maxAttempts = 5;
const pauseMs = 200;

export interface ReferenceOptions {
  readonly space: string;
  readonly rendition: RenditionName;
  readonly inquirer: Inquirer;
  readonly facts: LiveFacts;
  readonly tally: Tally;
  readonly signal: AbortSignal;
}

/** What was published of one rendition: each segment asked for by its number, once for all listeners of this process. */
export class Reference implements Sound {
  readonly tally: Tally;
  readonly #options: ReferenceOptions;
  readonly #segments = new Map<SegmentNumber, PublishedSegment>();
  #init: Buffer | undefined;
  /** The latest segment that anybody asked for. */
  #latest = -1;
  #isHold = false;

  constructor(options: ReferenceOptions) {
    this.#options = options;
    this.tally = options.tally;
  }

  /** A segment as it is known by now, to be known later; one before the window never is, and none that nobody can have yet. */
  segment(n: SegmentNumber): PublishedSegment {
    let segment = this.#segments.get(n);
    if (segment) return segment;
    segment = new PublishedSegment(n, this.tally);
    const known = this.#options.facts.latest ?? n;
    if (n <= this.#latest - windowSegments || n > known + windowSegments) {
      segment.giveUp();
      return segment;
    }
    this.#segments.set(n, segment);
    this.#latest = Math.max(this.#latest, n);
    for (const [old, one] of this.#segments) {
      if (this.#segments.size <= windowSegments || old > this.#latest - windowSegments) continue;
      one.giveUp();
      this.#segments.delete(old);
    }
    return segment;
  }

  isInit(bytes: Buffer, from: number, to: number): boolean {
    return this.#init === undefined || bytes.compare(this.#init, 0, this.#init.length, from, to) === 0;
  }

  /** Listeners have something that it does not know yet. */
  get isBehind(): boolean {
    for (const segment of this.#segments.values()) if (segment.hasWaiting) return true;
    return false;
  }

  /** What was not to be had stays unchecked. */
  end(): void {
    for (const segment of this.#segments.values()) segment.giveUp();
  }

  /** Asks for one segment after the other until the signal. */
  async run(): Promise<void> {
    const { signal } = this.#options;
    let n: SegmentNumber | undefined;
    let attempts = 0;
    while (!signal.aborted) {
      n ??= await this.#begin();
      const bytes = n === undefined ? undefined : await this.#get(n);
      if (bytes && n !== undefined) {
        this.#publish(n++, bytes);
        attempts = 0;
      } else {
        await sleep(pauseMs, undefined, { signal }).catch(() => {});
        // Whoever is told of a later one: this one is not to be had any more, or never was there.
        if (n !== undefined && ++attempts >= maxAttempts && (await this.#isOver(n))) {
          this.segment(n++).giveUp();
          attempts = 0;
        }
      }
    }
  }

  async #begin(): Promise<SegmentNumber | undefined> {
    const state = await this.#look();
    if (state?.latest == null) return undefined;
    const { space, rendition, inquirer } = this.#options;
    const init = await inquirer.get(livePaths.init(space, rendition), withinMs);
    if (init?.status !== 200) return undefined;
    this.#init = init.body;
    return Math.max(state.first ?? 0, state.latest - firstBack);
  }

  /** Looks at the Space's state. */
  async #look() {
    const { space, inquirer, facts } = this.#options;
    const answer = await inquirer.get(livePaths.state(space), withinMs);
    if (answer?.status === 200) facts.learn(answer.body, performance.now());
    this.#isHold = facts.state?.hold ?? false;
    return facts.state;
  }

  async #isOver(n: SegmentNumber): Promise<boolean> {
    const state = await this.#look();
    return state?.latest != null && state.latest > n;
  }

  async #get(n: SegmentNumber): Promise<Buffer | undefined> {
    const { space, rendition, inquirer } = this.#options;
    const answer = await inquirer.get(livePaths.segment(space, rendition, n), withinMs);
    return answer?.status === 200 ? answer.body : undefined;
  }

  #publish(n: SegmentNumber, bytes: Buffer): void {
    this.#options.facts.came(n, performance.now());
    const chunks = chunksOf(bytes);
    if (!this.#isSegment(n, chunks)) return this.segment(n).judge([], false);
    this.segment(n).judge(chunks, this.#isHold);
  }

  /** Whether these are the chunks of segment `n`; what they tell is listened to. */
  #isSegment(n: SegmentNumber, chunks: readonly Buffer[]): boolean {
    if (chunks.length !== chunksPerSegment) return false;
    try {
      return chunks.every((bytes, part) => {
        const { slot, events } = parseChunk(bytes);
        for (const event of events) {
          if (event.t !== "status") continue;
          this.#isHold = event.hold;
          this.#options.facts.told(event.status);
        }
        return slot === n * chunksPerSegment + part;
      });
    } catch {
      return false;
    }
  }
}

/** A segment's chunks: each ends with its `mdat`. */
function chunksOf(bytes: Buffer): Buffer[] {
  const chunks: Buffer[] = [];
  let begin = 0;
  for (let at = 0; at + 8 <= bytes.length;) {
    const size = bytes.readUInt32BE(at);
    if (size < 8 || at + size > bytes.length) return [];
    const isEnd = bytes.readUInt32BE(at + 4) === boxTypes.mdat;
    at += size;
    if (isEnd) {
      chunks.push(bytes.subarray(begin, at));
      begin = at;
    }
  }
  return begin === bytes.length ? chunks : [];
}
