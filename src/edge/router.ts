import type { IncomingMessage, ServerResponse } from "node:http";
import { parseLivePath, parseReplayPath } from "../wire/paths.ts";
import { isPermitPath } from "../wire/rehearsal.ts";
import type { Beacons } from "./beacons.ts";
import type { Directory } from "./directory.ts";
import type { DoorRoutes } from "./door-routes.ts";
import type { EdgeRoutes } from "./edge-routes.ts";
import type { LiveRoutes } from "./live-routes.ts";
import type { Pages } from "./pages.ts";
import type { ApiProxy } from "./proxy.ts";
import type { ReplayRoutes } from "./replay-routes.ts";
import { sendNotAllowed, sendNothingHere } from "./respond.ts";
import type { StandingPages } from "./standing-page.ts";

export interface RouterOptions {
  readonly live: LiveRoutes;
  readonly beacons: Beacons;
  readonly door: DoorRoutes;
  readonly directory: Directory;
  readonly replay: ReplayRoutes;
  readonly edges: EdgeRoutes;
  readonly api: ApiProxy;
  readonly pages: Pages;
  readonly standing: StandingPages;
  readonly counts: { notFound: number; pages: number; api: number; replays: number };
}

/** Paths of the API: plain segments, nothing encoded, no empty or dotted one. */
const apiPath = /^\/api(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._~:@-]{1,200}){1,12}$/;
const longestApiPath = 1024;
const ok = Buffer.from("ok\n");

/** The way of a request, once: what its path says decides who answers it, and everything else is nothing. */
export class Router {
  readonly #options: RouterOptions;

  constructor(options: RouterOptions) {
    this.#options = options;
  }

  async route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { live, door, replay, edges, api, pages, standing, counts } = this.#options;
    const { url, path, query } = target(request.url ?? "/");
    if (path.startsWith("/live/")) {
      const parsed = parseLivePath(path);
      if (!parsed) return this.#nothing(response);
      if (parsed.kind === "place") door.place(request, response, parsed.space, parsed.ticket);
      else if (parsed.kind === "beacon") this.#beacon(request, response, parsed.space, query);
      else if (this.#isRead(request, response)) live.handle(request, response, parsed, query);
    } else if (path.startsWith("/replay/")) {
      counts.replays++;
      const parsed = parseReplayPath(path);
      if (!parsed) return this.#nothing(response);
      if (this.#isRead(request, response)) replay.handle(request, response, path, parsed);
    } else if (path.startsWith("/api/")) {
      counts.api++;
      if (path.length > longestApiPath || !apiPath.test(path)) return this.#nothing(response);
      return api.handle(request, response, url);
    } else if (edges.has(path)) {
      return edges.handle(request, response, path);
    } else if (path === "/healthz") {
      if (!this.#isRead(request, response)) return;
      const headers = { "content-type": "text/plain", "cache-control": "no-store", "content-length": ok.length };
      response.writeHead(200, headers).end(ok);
    } else if (pages.has(path)) {
      counts.pages++;
      if (!this.#isRead(request, response) || standing.handle(request, response, path, query)) return;
      pages.handle(request, response, path);
    } else if (isPermitPath(path)) {
      if (this.#isRead(request, response)) return api.handle(request, response, path);
    } else if (path === "*" && request.method === "OPTIONS") {
      // Asks of the server as a whole (RFC 9110, 9.3.7).
      sendNotAllowed(request, response, "GET, HEAD, OPTIONS");
    } else this.#nothing(response);
  }

  #beacon(request: IncomingMessage, response: ServerResponse, space: string, query: string): void {
    const { beacons, directory } = this.#options;
    if (request.method !== "POST") return sendNotAllowed(request, response, "POST, OPTIONS");
    const entry = directory.find(space);
    if (entry) beacons.handle(request, response, entry, query);
    else this.#nothing(response);
  }

  #nothing(response: ServerResponse): void {
    this.#options.counts.notFound++;
    sendNothingHere(response);
  }

  /** True for GET and HEAD; anything else has its answer already. */
  #isRead(request: IncomingMessage, response: ServerResponse): boolean {
    if (request.method === "GET" || request.method === "HEAD") return true;
    sendNotAllowed(request, response, "GET, HEAD, OPTIONS");
    return false;
  }
}

/** A request's target apart: an absolute one (RFC 9112, 3.2.2) counts by its path. */
function target(raw: string): { url: string; path: string; query: string } {
  const url = raw.startsWith("/") ? raw : raw.replace(/^https?:\/\/[^/?#]*/i, "") || "/";
  const mark = url.indexOf("?");
  return mark < 0 ? { url, path: url, query: "" } : { url, path: url.slice(0, mark), query: url.slice(mark + 1) };
}
