import { Link } from "../../foundation/link.ts";
import { Target as LinkTarget } from "../../foundation/target.ts";
import { between, readExposition, type ServerReading, type ServerSecond } from "../../rehearsal/run/exposition.ts";

const withinMs = 2000;

/** Reads a server's metrics again and again. */
export class MetricsReader {
  readonly #link: Link;
  readonly #path: string;
  #last: ServerReading | undefined;
  #latest: ServerSecond | undefined;
  #reading = false;
  /** The processes that were ever told of. */
  readonly names = new Set<string>();
  /** Restarts of the server's processes since the first reading. */
  restarts = 0;
  #restartsBefore: number | undefined;

  constructor(where: { readonly socket: string } | { readonly url: URL }) {
    if ("socket" in where) {
      this.#link = new Link(where.socket, 1);
      this.#path = "/metrics";
    } else {
      this.#link = new Link(new LinkTarget(where.url.origin), 1);
      const { pathname, search } = where.url;
      this.#path = pathname === "/" ? "/metrics" : pathname + search;
    }
  }

  /** Reads once; false when nothing of a server of ours is there. @param now seconds */
  async read(now = (): number => performance.now() / 1000): Promise<boolean> {
    if (this.#reading) return true;
    this.#reading = true;
    try {
      const { status, body } = await this.#link.request({ path: this.#path, timeoutMs: withinMs });
      const reading = status === 200 ? readExposition(body.toString("utf8"), now()) : undefined;
      if (!reading) return false;
      for (const { name } of reading.processes) this.names.add(name);
      this.restarts = reading.restarts - (this.#restartsBefore ??= reading.restarts);
      if (this.#last && reading.at > this.#last.at) this.#latest = between(this.#last, reading);
      this.#last = reading;
      return true;
    } catch {
      return false;
    } finally {
      this.#reading = false;
    }
  }

  /** What was read since the last call. */
  take(): ServerSecond | undefined {
    const taken = this.#latest;
    this.#latest = undefined;
    return taken;
  }

  close(): void {
    this.#link.close();
  }
}
