import type { IncomingMessage, ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { livePaths } from "../wire/paths.ts";
import type { SpaceEntry } from "./directory.ts";
import { acceptsGzip, openHeaders, sendNothingHere, sendRefusal, sendWhole } from "./respond.ts";
import { originAway, type Upstream } from "./upstream.ts";

/** Milliseconds for which a text, or that there is none to be had, is given to everybody. */
export const textFreshMs = 1000;
/** Milliseconds that a source may take while nothing is kept, and while the last text can be given. */
const firstFetchMs = 5000;
const nextFetchMs = 1000;

const textHeaders = {
  ...openHeaders,
  "content-type": "application/json",
  "cache-control": "public, max-age=1, stale-if-error=60",
  vary: "accept-encoding",
} as const;

/** `text.json` as bytes, plain and compressed. */
export interface RenderedText {
  readonly plain: Buffer;
  readonly gzip: Buffer;
}

interface Kept {
  /** The last one there was. */
  text: RenderedText | undefined;
  /** When the source was asked last, monotonic ms. */
  askedAt: number;
  coming: Promise<void> | undefined;
}

/** The live texts of Spaces: each is asked for upstream at most once a second, however many ask here. */
export class LiveTexts {
  readonly #upstream: Upstream;
  readonly #kept = new WeakMap<SpaceEntry, Kept>();

  constructor(upstream: Upstream) {
    this.#upstream = upstream;
  }

  /** The text of a Space, the last one when its source does not answer; `undefined` when there has been none. */
  async of(entry: SpaceEntry): Promise<RenderedText | undefined> {
    let kept = this.#kept.get(entry);
    if (!kept) this.#kept.set(entry, (kept = { text: undefined, askedAt: -Infinity, coming: undefined }));
    if (performance.now() - kept.askedAt >= textFreshMs) kept.coming ??= this.#ask(entry, kept);
    await kept.coming;
    return kept.text;
  }

  /** The last text of a Space that there was, as JSON; nothing is asked for it. */
  last(entry: SpaceEntry): Buffer | undefined {
    const { plain } = this.#kept.get(entry)?.text ?? {};
    return plain?.length ? plain : undefined;
  }

  /** Answers GET and HEAD. */
  handle(request: IncomingMessage, response: ServerResponse, entry: SpaceEntry): void {
    void this.of(entry).then((text) => {
      if (!text) sendRefusal(response, originAway());
      else if (text.plain.length === 0) sendNothingHere(response);
      else if (!acceptsGzip(request)) sendWhole(response, text.plain, textHeaders);
      else sendWhole(response, text.gzip, { ...textHeaders, "content-encoding": "gzip" });
    });
  }

  /** Never rejects. */
  async #ask(entry: SpaceEntry, kept: Kept): Promise<void> {
    kept.askedAt = performance.now();
    const limit = kept.text ? nextFetchMs : firstFetchMs;
    try {
      const { status, body } = await this.#upstream.fetch("text", livePaths.text(entry.state.id), limit);
      if (status === 200) kept.text = { plain: body, gzip: gzipSync(body, { level: 6 }) };
      // A source that is older than this edge has no texts.
      else if (status === 404) kept.text ??= { plain: Buffer.alloc(0), gzip: Buffer.alloc(0) };
    } catch {
      // The last one is given.
    } finally {
      kept.askedAt = performance.now();
      kept.coming = undefined;
    }
  }
}
