import { livePaths } from "../../src/wire/paths.ts";
import type { RenditionName } from "../../src/wire/rendition.ts";
import { seatHeader, seatParameter } from "../../src/wire/tickets.ts";
import { segmentMs, segmentOfSlot } from "../../src/wire/timeline.ts";
import { deadline } from "../api/deadline.ts";
import { sleep } from "./backoff.ts";
import { createReader, type Fragment, type Parts } from "./fragments.ts";

/** A stream that says nothing for so long is given up; chunks come every 320 ms, segments every 960 ms. */
export const silenceMs = 4000;
/** How many missing segments are fetched after a reconnection; more are skipped. */
export const maxFilledSegments = 5;

/** The server answered, and not with media but with these words. */
export class Refused extends Error {
  readonly status: number;
  constructor(status: number, words: string) {
    super(words);
    this.status = status;
  }
}

/** The server answered, and nothing followed. */
export class HeldBack extends Error {}

/** How long a numbered segment may take that is asked for while it is made. */
const heldMs = segmentMs + silenceMs;
/** How long a missing segment may take: later than that the sound has run dry anyway. */
const fillMs = 2000;

/** What a player shows to be let in. */
export interface Pass {
  /** Empty until an edge has told one. */
  seat: string;
  /** When it was given one out of the line, ms since 1970. */
  givenAt?: number;
  /** How often in a row it could not be said how its place stands. */
  failures?: number;
}

export interface Way {
  /** Other host, without a trailing slash; empty for the page's own. */
  readonly base: string;
  readonly space: string;
  readonly rendition: RenditionName;
  readonly fetch: typeof fetch;
  readonly pass: Pass;
}

/** A path with the seat that is shown for it, if there is one. */
export const shown = (path: string, { seat }: Pass): string => path + (seat && `?${seatParameter}=${seat}`);

const options = (signal: AbortSignal): RequestInit => ({ signal, credentials: "omit" });

/**
 * Reads `stream.mp4` until it ends (returns), breaks or falls silent (throws); `take` is awaited before more is read.
 * `HeldBack` when the server answered and no byte followed: something between holds the response back.
 */
export async function readStream(way: Way, signal: AbortSignal, take: (parts: Parts) => Promise<void>): Promise<void> {
  const limit = deadline(silenceMs, signal);
  let waiting = false;
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  try {
    const path = shown(livePaths.stream(way.space, way.rendition), way.pass);
    const response = await way.fetch(way.base + path, options(limit.signal));
    if (!response.ok || !response.body) throw new Refused(response.status, await response.text());
    waiting = true;
    way.pass.seat = response.headers.get(seatHeader) ?? way.pass.seat;
    const read = createReader();
    reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      waiting = false;
      limit.touch();
      const parts = read(value);
      if (parts.init || parts.fragments.length) await take(parts);
    }
  } catch (failure) {
    throw waiting && !signal.aborted && limit.signal.aborted ? new HeldBack() : failure;
  } finally {
    limit.end();
    reader?.cancel().catch(() => {}); // whoever takes may have had enough
  }
}

async function bytesOf(way: Way, path: string, outer: AbortSignal, ms: number): Promise<Uint8Array> {
  const limit = deadline(ms, outer);
  try {
    const response = await way.fetch(way.base + path, options(limit.signal));
    if (!response.ok) throw new Refused(response.status, await response.text());
    return new Uint8Array(await response.arrayBuffer());
  } finally {
    limit.end();
  }
}

/** The chunks of one numbered segment. */
async function readSegment(
  way: Way,
  n: number,
  signal: AbortSignal,
  ms: number,
  pass: Pass = { seat: "" },
): Promise<readonly Fragment[]> {
  const path = shown(livePaths.segment(way.space, way.rendition, n), pass);
  return createReader()(await bytesOf(way, path, signal, ms)).fragments;
}

/**
 * Follows numbered segments from `first` on; the server holds a request that is early until the segment is there. Each is
 * asked for when the one before has come, or a segment's time after it was asked for: so never more than one is early, and
 * a cache that takes longer than that to answer is kept up with. A seat is shown with the first: the others are everybody's.
 */
export async function readSegments(
  way: Way,
  first: number,
  wantsInit: boolean,
  signal: AbortSignal,
  take: (parts: Parts) => Promise<void>,
): Promise<void> {
  const init = livePaths.init(way.space, way.rendition);
  if (wantsInit) await take(createReader()(await bytesOf(way, init, signal, silenceMs)));
  const ask = (n: number, pass?: Pass) => {
    const coming = readSegment(way, n, signal, heldMs, pass);
    coming.catch(() => {}); // told when its turn comes
    return { coming, due: sleep(segmentMs, signal) };
  };
  for (let n = first, next = ask(n, way.pass); ;) {
    const { coming, due } = next;
    await Promise.race([coming, due]);
    next = ask(++n);
    await take({ init: undefined, fragments: await coming });
  }
}

/** The segments between the last chunk that was taken and the next one; empty when nothing is missing. */
export function missingSegments(lastSlot: number, nextSlot: number): number[] {
  if (nextSlot <= lastSlot + 1) return [];
  const [from, to] = [segmentOfSlot(lastSlot + 1), segmentOfSlot(nextSlot - 1)];
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

/** The chunks between `lastSlot` and `nextSlot`, fetched as numbered segments; empty when there are too many or one fails. */
export async function fillGap(
  way: Way,
  lastSlot: number,
  nextSlot: number,
  signal: AbortSignal,
): Promise<readonly Fragment[]> {
  const missing = missingSegments(lastSlot, nextSlot);
  if (missing.length === 0 || missing.length > maxFilledSegments) return [];
  try {
    const segments = await Promise.all(missing.map((n) => readSegment(way, n, signal, fillMs)));
    return segments.flat().filter(({ slot }) => slot > lastSlot && slot < nextSlot);
  } catch {
    return [];
  }
}
