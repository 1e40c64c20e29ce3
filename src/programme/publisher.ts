import { setTimeout as sleep } from "node:timers/promises";
import { reason } from "../foundation/errors.ts";
import { type Link, type LinkResponse, problemFrom } from "../foundation/link.ts";
import type { Log } from "../foundation/log.ts";
import type { Scope } from "../foundation/scope.ts";
import { type RenditionName, renditionNames } from "../wire/rendition.ts";
import { fenceHeader, ingestPath, type Lease } from "../wire/timelines.ts";
import { partOfSlot, segmentOfSlot } from "../wire/timeline.ts";
import type { Chunk, ChunkSink } from "./programme.ts";

/** Why a chunk never reached the timeline. */
export type LossReason =
  /** The origin had already put hold audio in its place. */
  | "late"
  /** More than `maxHeldChunks` waited. */
  | "overflow"
  /** The origin refused it for another reason. */
  | "refused";

export interface PublisherOptions {
  /** The Space's id. */
  readonly space: string;
  /** To the origin. */
  readonly link: Link;
  readonly scope: Scope;
  readonly log: Log;
  /** Another producer has taken the lease: this programme must stop. Called once. */
  readonly onFenced: () => void;
  /** A chunk was given up. @default nothing */
  readonly onLost?: (chunk: Chunk, why: LossReason) => void;
}

/** Chunks of one rendition that may wait for the origin: 30 s. */
export const maxHeldChunks = 94;
/** A request that has no answer after this long is sent again, ms. */
const requestTimeout = 2000;
/** Between attempts, ms: doubling from the first to the last. */
const firstPause = 50;
const lastPause = 500;
/** How long "not on air" is asked again in a row, ms: control may tell the stage before the origin. */
const notOnAirPatience = 3000;

type State =
  | { readonly state: "asking" }
  | { readonly state: "holding"; readonly fence: number }
  | { readonly state: "fenced" }
  | { readonly state: "ended" };

/**
 * Brings chunks to the origin under a lease: each rendition in order, the renditions side by side. Whatever the origin
 * has not acknowledged is kept and sent again, so an origin that is away for seconds loses nothing.
 */
export class Publisher implements ChunkSink {
  readonly #options: PublisherOptions;
  readonly #queues = new Map<RenditionName, Chunk[]>(renditionNames.map((name) => [name, []]));
  readonly #waiting = new Set<() => void>();
  #state: State = { state: "asking" };
  #lost = 0;

  constructor(options: PublisherOptions) {
    this.#options = options;
    options.scope.onEnd(() => this.#end({ state: "ended" }));
    void this.#lease();
  }

  get state(): State["state"] {
    return this.#state.state;
  }

  /** Chunks that never reached the timeline. */
  get lost(): number {
    return this.#lost;
  }

  /** Chunks that wait for an acknowledgement. */
  get held(): number {
    let held = 0;
    for (const queue of this.#queues.values()) held += queue.length;
    return held;
  }

  publish(chunk: Chunk): void {
    const queue = this.#queues.get(chunk.rendition);
    if (!queue || this.#state.state === "fenced" || this.#state.state === "ended") return;
    queue.push(chunk);
    // The first of the queue may be under way, so the second is the oldest that can still be given up.
    if (queue.length > maxHeldChunks) for (const oldest of queue.splice(1, 1)) this.#lose(oldest, "overflow");
    this.#wake();
  }

  /** Waits until nothing is held, or for `timeoutMs`; tells whether all has been acknowledged or given up. */
  async drained(timeoutMs: number): Promise<boolean> {
    const until = performance.now() + timeoutMs;
    while (this.held > 0 && performance.now() < until && !this.#over()) await sleep(20);
    return this.held === 0;
  }

  async #lease(): Promise<void> {
    const path = `/timelines/${this.#options.space}/lease`;
    for (let pause = firstPause; !this.#over(); pause = Math.min(lastPause, pause * 2)) {
      try {
        const { fence } = await this.#options.link.json<Lease>({ method: "POST", path, ...this.#bounds() });
        if (this.#over()) return;
        this.#state = { state: "holding", fence };
        for (const rendition of renditionNames) void this.#send(rendition, fence);
        return;
      } catch (failure) {
        this.#options.log.debug("lease-refused", { space: this.#options.space, reason: reason(failure) });
        await this.#pause(pause);
      }
    }
  }

  async #send(rendition: RenditionName, fence: number): Promise<void> {
    const queue = this.#queues.get(rendition) ?? [];
    let notOnAirUntil: number | undefined;
    while (!this.#over()) {
      const chunk = queue[0];
      if (!chunk) {
        await new Promise<void>((resolve) => this.#waiting.add(resolve));
        continue;
      }
      const answer = await this.#deliver(chunk, fence);
      if (this.#over()) return;
      if (answer === "not-on-air") {
        notOnAirUntil ??= performance.now() + notOnAirPatience;
        if (performance.now() < notOnAirUntil) {
          await this.#pause(lastPause);
          continue;
        }
      } else notOnAirUntil = undefined;
      queue.shift();
      if (answer !== "kept") this.#lose(chunk, answer === "late" ? "late" : "refused");
    }
  }

  /** Sends one chunk until the origin has decided about it. */
  async #deliver(chunk: Chunk, fence: number): Promise<"kept" | "late" | "not-on-air" | "refused"> {
    const path = ingestPath(this.#options.space, chunk.rendition, segmentOfSlot(chunk.slot), partOfSlot(chunk.slot));
    const headers = { [fenceHeader]: String(fence) };
    for (let pause = firstPause; !this.#over(); pause = Math.min(lastPause, pause * 2)) {
      let answer: LinkResponse;
      try {
        answer = await this.#options.link.request({
          method: "PUT",
          path,
          headers,
          body: chunk.bytes,
          ...this.#bounds(),
        });
      } catch (failure) {
        this.#options.log.debug("origin-away", { path, reason: reason(failure), held: this.held });
        await this.#pause(pause);
        continue;
      }
      if (answer.status >= 200 && answer.status < 300) return "kept";
      if (answer.status >= 500) {
        await this.#pause(pause);
        continue;
      }
      const problem = problemFrom(answer.status, answer.body.toString("utf8"), `PUT ${path}`);
      if (problem.code === "fenced") {
        this.#fenced();
        return "refused";
      }
      if (problem.code === "late" || problem.code === "not-on-air") return problem.code;
      this.#options.log.warn("chunk-refused", { path, code: problem.code, reason: problem.message });
      return "refused";
    }
    return "refused";
  }

  #bounds(): { readonly timeoutMs: number; readonly signal: AbortSignal } {
    return { timeoutMs: requestTimeout, signal: this.#options.scope.signal };
  }

  #lose(chunk: Chunk, why: LossReason): void {
    this.#lost++;
    this.#options.onLost?.(chunk, why);
  }

  #over(): boolean {
    return this.#state.state === "fenced" || this.#state.state === "ended";
  }

  #fenced(): void {
    if (this.#over()) return;
    this.#end({ state: "fenced" });
    this.#options.onFenced();
  }

  #end(state: State): void {
    if (this.#over()) return;
    this.#state = state;
    for (const queue of this.#queues.values()) queue.length = 0;
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  async #pause(most: number): Promise<void> {
    const { signal } = this.#options.scope;
    await sleep(most * (0.75 + Math.random() / 2), undefined, { signal }).catch(() => {});
  }
}
