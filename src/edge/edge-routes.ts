import type { IncomingMessage, ServerResponse } from "node:http";
import { readJson } from "../foundation/link.ts";
import { edgeIdHeader, edgePaths, isEdgeId, keyHeader } from "../wire/edges.ts";
import type { AudienceReporter } from "./audience-reporter.ts";
import { type EdgeKey, keyNeeded } from "./edge-key.ts";
import type { FeedTeller } from "./feed-teller.ts";
import { overloaded, sendNotAllowed } from "./respond.ts";

/** The most bytes of one report: sketches of some dozen Spaces. */
export const maxReportBytes = 1024 * 1024;

export interface EdgeRoutesOptions {
  /** Without one nobody is let in. */
  readonly key: EdgeKey | undefined;
  readonly teller: FeedTeller;
  readonly reporter: AudienceReporter;
  /** Called when an edge has shown the key. */
  readonly shown?: ((request: IncomingMessage) => void) | undefined;
}

/** `/edge/**`: what only the edges of this installation are told, and tell. */
export class EdgeRoutes {
  readonly #options: EdgeRoutesOptions;

  constructor(options: EdgeRoutesOptions) {
    this.#options = options;
  }

  has(path: string): boolean {
    return path === edgePaths.feed || path === edgePaths.audience;
  }

  async handle(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const { key, teller, reporter } = this.#options;
    if (!key?.isShownBy(request)) throw keyNeeded(request.headers[keyHeader] !== undefined);
    this.#options.shown?.(request);
    if (path === edgePaths.feed) {
      if (request.method !== "GET") return sendNotAllowed(request, response, "GET");
      const edge = request.headers[edgeIdHeader];
      return teller.follow(response, isEdgeId(edge) ? edge : undefined);
    }
    if (request.method !== "POST") return sendNotAllowed(request, response, "POST");
    const body = await readJson(request, maxReportBytes);
    // Schemas are read when the first edge reports: most edges have none below them.
    const [{ audienceSchema }, { validate }] = await Promise.all([
      import("../wire/timelines.ts"),
      import("../wire/validate.ts"),
    ]);
    if (!reporter.take(validate(audienceSchema, body))) throw overloaded("edges that report to it", reporter.below, 5);
    response.writeHead(204).end();
  }
}
