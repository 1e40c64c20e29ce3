import type { IncomingMessage, ServerResponse } from "node:http";
import { maxChunkBytes, parseChunk } from "../cmaf/parse.ts";
import { badChunk } from "../cmaf/problem.ts";
import { Problem } from "../foundation/errors.ts";
import { notFound, readBody, sendJson } from "../foundation/link.ts";
import { isRendition, renditionFacts, type RenditionName } from "../wire/rendition.ts";
import { slotOf } from "../wire/timeline.ts";
import { fenceHeader, type Unarchived } from "../wire/timelines.ts";
import type { Origin } from "./origin.ts";

/** Every event of a chunk is the producer's own word of who speaks; more than these is a mistake. */
const maxVoicesEvents = 4;

const ingestPattern = /^\/ingest\/([a-z0-9-]{1,64})\/([a-z0-9-]{1,20})\/(0|[1-9]\d{0,9})\/([012])$/;

interface IngestPath {
  readonly space: string;
  readonly rendition: RenditionName;
  readonly slot: number;
}

function readPath(path: string): IngestPath {
  const [, space = "", rendition = "", n = "", part = ""] = ingestPattern.exec(path) ?? [];
  if (!isRendition(rendition)) throw notFound(path);
  return { space, rendition, slot: slotOf(Number(n), 0) + Number(part) };
}

/** `PUT /ingest/{space}/{rendition}/{n}/{part}`. */
export async function ingest(
  origin: Origin,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<void> {
  try {
    const { space: id, rendition, slot } = readPath(path);
    const bytes = await readBody(request, maxChunkBytes);
    const space = origin.need(id);
    checkChunk(bytes, rendition, slot);
    const header = request.headers[fenceHeader];
    const fence = typeof header === "string" && /^\d{1,16}$/.test(header) ? Number(header) : undefined;
    if (await space.ingest(rendition, slot, fence, bytes)) {
      response.writeHead(204).end();
      return;
    }
    origin.metrics.unarchivedChunks.add();
    const { state } = space.journal ?? {};
    const why = state && "why" in state ? state.why : "the disk did not take it in time";
    sendJson(response, 200, { published: true, archived: false, why } satisfies Unarchived);
  } catch (refusal) {
    if (refusal instanceof Problem) origin.metrics.refusedChunks.add(1, { code: refusal.code });
    throw refusal;
  }
}

/** What is published must be what every player can read, in the place that its path names. */
function checkChunk(bytes: Uint8Array, rendition: RenditionName, slot: number): void {
  const chunk = parseChunk(bytes);
  if (chunk.slot !== slot) throw badChunk(`The path names slot ${slot}; the chunk is of slot ${chunk.slot}.`);
  if (chunk.codec !== renditionFacts[rendition].codec) {
    throw badChunk(`The path names ${rendition}; the chunk holds ${chunk.codec}.`);
  }
  const { events } = chunk;
  if (events.length > maxVoicesEvents || events.some((event) => event.t !== "voices")) {
    throw badChunk(`A producer's chunk may tell voices, ${maxVoicesEvents} times; other events are the origin's.`);
  }
}
