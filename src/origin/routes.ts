import type { IncomingMessage, ServerResponse } from "node:http";
import { Problem } from "../foundation/errors.ts";
import { type Handler, notFound, readJson, sendJson } from "../foundation/link.ts";
import type { Meter } from "../foundation/meter.ts";
import { parseLivePath, parseReplayPath } from "../wire/paths.ts";
import {
  audienceSchema,
  type Lease,
  roomEventsSchema,
  timelineSpecSchema,
  type WholeLevelTold,
} from "../wire/timelines.ts";
import { validate } from "../wire/validate.ts";
import { openHeaders, sendNothing } from "./answers.ts";
import { maxFeedReaders } from "./feed.ts";
import { Held } from "./held.ts";
import { ingest } from "./ingest.ts";
import { LiveRoutes } from "./live-routes.ts";
import type { Origin } from "./origin.ts";
import { tooManyHeld } from "./problems.ts";
import { ReplayRoutes } from "./replay-routes.ts";

/** The most bytes of one edge's report: its counts of all Spaces, and some dozen sketches. */
const maxReportBytes = 1024 * 1024;
const timelinePattern = /^\/timelines\/([a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?)(\/events|\/lease)?$/;

/** All that the origin answers: control, producers and edges on one socket. */
export function originRoutes(origin: Origin, meter: Meter): Handler {
  const live = new LiveRoutes(new Held(origin.metrics), origin.texts);
  const replay = new ReplayRoutes(origin.replays);

  const media = async (request: IncomingMessage, response: ServerResponse, path: string, query: string) => {
    if (request.method === "OPTIONS") {
      const allowed = { "access-control-allow-methods": "GET, HEAD, OPTIONS", "access-control-allow-headers": "range" };
      response.writeHead(204, { ...openHeaders, ...allowed, "access-control-max-age": "86400" }).end();
      return;
    }
    if (request.method !== "GET" && request.method !== "HEAD") throw wrongMethod(request, "GET, HEAD, OPTIONS");
    const livePath = parseLivePath(path);
    const replayPath = livePath ? undefined : parseReplayPath(path);
    const space = origin.find(livePath?.space ?? replayPath?.space ?? "");
    if (space && livePath) await live.handle(request, response, space, livePath, query);
    else if (space && replayPath) await replay.handle(request, response, space, replayPath);
    else sendNothing(request, response);
  };

  return async (request, response) => {
    const [path = "", query = ""] = (request.url ?? "").split("?", 2);
    if (path.startsWith("/ingest/")) {
      if (request.method !== "PUT") throw wrongMethod(request, "PUT");
      return ingest(origin, request, response, path);
    }
    if (path.startsWith("/live/") || path.startsWith("/replay/")) return media(request, response, path, query);
    if (path.startsWith("/timelines/")) return timelines(origin, request, response, path);
    switch (`${request.method} ${path}`) {
      case "GET /feed":
        if (!origin.feed.follow(response, () => origin.spaces())) throw tooManyHeld(maxFeedReaders);
        return;
      case "POST /audience":
        origin.report(validate(audienceSchema, await readJson(request, maxReportBytes)));
        return void response.writeHead(204).end();
      case "GET /level":
        return sendJson(response, 200, { ...origin.level.told, edges: origin.level.edges } satisfies WholeLevelTold);
      case "GET /healthz":
        return sendJson(response, 200, health(origin));
      case "GET /metrics":
        return void response.writeHead(200, { "content-type": "text/plain; version=0.0.4" }).end(meter.expose());
      default:
        throw notFound(path);
    }
  };
}

async function timelines(
  origin: Origin,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<void> {
  const [matched, id = "", sub = ""] = timelinePattern.exec(path) ?? [];
  if (!matched) throw notFound(path);
  const done = (): void => void response.writeHead(204).end();
  switch (`${request.method} ${sub}`) {
    case "PUT ": {
      const spec = validate(timelineSpecSchema, await readJson(request));
      if (spec.id !== id) throw wrongId(id, spec.id);
      await origin.put(spec);
      return done();
    }
    case "DELETE ":
      await origin.remove(id);
      return done();
    case "POST /events":
      await origin.need(id).tell(validate(roomEventsSchema, await readJson(request)));
      return done();
    case "POST /lease": {
      const fence = await origin.need(id).lease();
      return sendJson(response, 200, { fence } satisfies Lease);
    }
    default:
      throw wrongMethod(request, sub === "" ? "PUT, DELETE" : "POST");
  }
}

/** Health: the live is well as long as this answers; what the archive cannot take is told by Space. */
function health(origin: Origin): object {
  const troubled: Record<string, string> = {};
  let running = 0;
  for (const { id, journal } of origin.spaces()) {
    if (!journal) continue;
    running++;
    if (journal.state.kind !== "good") troubled[id] = `${journal.state.kind}: ${journal.state.why}`;
  }
  const archive = Object.keys(troubled).length === 0 ? "good" : "failing";
  return { ok: true, running, archive, ...(archive === "good" ? {} : { troubled }) };
}

const wrongId = (path: string, body: string): Problem =>
  new Problem({
    status: 400,
    code: "invalid",
    title: "The body does not have the expected shape",
    detail: `/id: the path names ${path}, the body ${body}.`,
    action: "Correct the member that the pointer names.",
    pointer: "/id",
  });

const wrongMethod = (request: IncomingMessage, allowed: string): Problem =>
  new Problem({
    status: 405,
    code: "wrong-method",
    title: "This address does not take that method",
    detail: `${request.method} was sent; ${allowed} can be.`,
    action: `Send ${allowed}.`,
  });
