import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { pageOf } from "../wire/pages.ts";
import type { PageFileBytes } from "./page-files.ts";
import { immutable, sendWhole } from "./respond.ts";
import { toldEdges } from "./told-edges.ts";

/** Files that pages of other origins load. */
const openFiles = new Set(["/player.js"]);
/** The page that other sites may put in a frame. */
const framedFiles = new Set(["/embed.html"]);

const commonHeaders = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "strict-origin-when-cross-origin",
} as const;

/**
 * What a page may do: its own scripts, Media Source's blob URLs, its own server over HTTP and WebSocket (CSP 3: `'self'`
 * covers both), and of the other edges that have its Space's sound what a player asks. WebRTC needs no directive.
 */
const policy = (inline: readonly string[], framed: boolean, edges: readonly string[]): string =>
  [
    "default-src 'none'",
    ["script-src 'self'", ...inline].join(" "),
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    ["media-src 'self' blob:", ...edges].join(" "),
    ["connect-src 'self'", ...edges].join(" "),
    "worker-src 'self' blob:",
    "manifest-src 'self'",
    "frame-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    `frame-ancestors ${framed ? "*" : "'self'"}`,
  ].join("; ");

const notBuilt = Buffer.from(
  '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">' +
    "<title>Rostra</title><h1>Rostra runs, its pages are not built</h1>" +
    "<p>Build them with <code>npm run build:web</code> and start the server again. " +
    "Sound, playlists and the API work without them.</p></html>",
);

/** The built pages and their assets, from memory. */
export class Pages {
  readonly #files: ReadonlyMap<string, PageFileBytes>;
  readonly #edgesOf: (space: string) => readonly string[];

  /** @param edgesOf `state.edges` of a Space; none for one that is not known */
  constructor(files: ReadonlyMap<string, PageFileBytes>, edgesOf: (space: string) => readonly string[] = () => []) {
    this.#files = files;
    this.#edgesOf = edgesOf;
  }

  /** Whether a path is a page or a file; only GET and HEAD are possible there. */
  has(path: string): boolean {
    return pageOf(path) !== undefined || this.#files.has(path);
  }

  /** Answers a path for which `has` is true. */
  handle(request: IncomingMessage, response: ServerResponse, path: string): void {
    const page = pageOf(path);
    const name = page === undefined ? path : `/${page}`;
    const file = this.#files.get(name);
    if (!file) {
      const headers = { ...commonHeaders, "content-type": "text/html; charset=utf-8", "cache-control": "no-store" };
      response.writeHead(503, { ...headers, "content-length": notBuilt.length }).end(notBuilt);
      return;
    }
    const { encoding, bytes } = choose(file, request.headers["accept-encoding"] ?? "");
    const etag = `"${file.hash}${encoding === undefined ? "" : `-${encoding}`}"`;
    const headers: OutgoingHttpHeaders = {
      ...commonHeaders,
      "content-type": file.type,
      "cache-control": cacheControl(name),
      vary: "accept-encoding",
      etag,
      ...(encoding === undefined ? {} : { "content-encoding": encoding }),
      ...(openFiles.has(name) ? { "access-control-allow-origin": "*" } : {}),
      ...(name.endsWith(".html") ? this.#documentHeaders(file, name, path) : {}),
    };
    if (matches(request.headers["if-none-match"], etag)) response.writeHead(304, headers).end();
    else sendWhole(response, bytes, headers);
  }

  #documentHeaders(file: PageFileBytes, name: string, path: string): OutgoingHttpHeaders {
    const edges = toldEdges(this.#edgesOf(spaceOf(path)));
    const origins = [...new Set(edges.map(({ origin }) => origin))];
    return {
      "content-security-policy": policy(file.inlineScripts, framedFiles.has(name), origins),
      "permissions-policy": "microphone=(self), camera=(), geolocation=()",
      "cross-origin-opener-policy": "same-origin",
    };
  }
}

/** The Space whose sound a page plays; empty when it plays none. */
const spaceOf = (path: string): string => /^\/s\/([^/]+)/.exec(path)?.[1] ?? "";

/** Names in `assets/` carry a hash of their content; a page is asked for again each time; the rest now and then. */
function cacheControl(name: string): string {
  if (name.startsWith("/assets/")) return immutable;
  return name.endsWith(".html") ? "no-cache" : "public, max-age=300";
}

function choose(file: PageFileBytes, accepted: string): { encoding: "br" | "gzip" | undefined; bytes: Buffer } {
  const offered = new Set(
    accepted
      .toLowerCase()
      .split(",")
      .map((part) => part.trim().split(/\s*;\s*/))
      .filter(([, quality]) => !/^q=0(?:\.0{0,3})?$/.test(quality ?? ""))
      .map(([name]) => name),
  );
  if (file.br && offered.has("br")) return { encoding: "br", bytes: file.br };
  if (file.gz && offered.has("gzip")) return { encoding: "gzip", bytes: file.gz };
  return { encoding: undefined, bytes: file.plain };
}

const matches = (header: string | undefined, etag: string): boolean =>
  header !== undefined &&
  (header.trim() === "*" || header.split(",").some((one) => one.trim().replace(/^W\//, "") === etag));
