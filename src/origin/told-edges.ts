import { edgeUrl } from "../wire/edges.ts";
import { maxToldEdges } from "../wire/state.ts";

/** For so long an edge that reports no more is still told, so that one that comes back changes nothing; ms. */
export const edgeForgottenMs = 60_000;
/** How many edges' URLs are remembered at most. */
const maxRemembered = 1024;

/** Nobody has to move among edges when nothing plays. */
export const noEdges: readonly string[] = [];

/** Which edges players are told of: those that were configured, then those that report, in a lasting order. */
export class ToldEdges {
  readonly #configured: readonly string[];
  readonly #now: () => number;
  /** When each was reported last. */
  readonly #reported = new Map<string, number>();
  #list: readonly string[];

  /** @param now milliseconds that only grow */
  constructor(configured: readonly string[] = [], now: () => number = () => performance.now()) {
    this.#configured = configured.flatMap((url) => edgeUrl(url) ?? []);
    this.#now = now;
    this.#list = this.#made();
  }

  /** Takes what an edge says that players reach it by; what is no edge's URL is left out. */
  report(urls: readonly string[]): void {
    for (const text of urls) {
      const url = edgeUrl(text);
      if (url === undefined || (!this.#reported.has(url) && this.#reported.size >= maxRemembered)) continue;
      this.#reported.set(url, this.#now());
    }
  }

  /** The same array while nothing has changed. */
  list(): readonly string[] {
    for (const [url, at] of this.#reported) if (this.#now() - at > edgeForgottenMs) this.#reported.delete(url);
    const list = this.#made();
    if (list.join(" ") !== this.#list.join(" ")) this.#list = list;
    return this.#list;
  }

  #made(): readonly string[] {
    return [...new Set([...this.#configured, ...[...this.#reported.keys()].toSorted()])].slice(0, maxToldEdges);
  }
}
