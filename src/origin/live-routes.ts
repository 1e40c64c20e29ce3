import type { IncomingMessage, ServerResponse } from "node:http";
import { badDelivery, blockMs, msnLead, parseDelivery } from "../hls/delivery.ts";
import { masterPlaylist, playlistType } from "../hls/master.ts";
import { livePlaylist } from "../hls/media.ts";
import { digestHeader } from "../wire/edges.ts";
import { chunksHeader, type LivePath } from "../wire/paths.ts";
import type { RenditionName } from "../wire/rendition.ts";
import { chunksPerSegment, earlySegments, segmentMs, type SegmentNumber, slotOf } from "../wire/timeline.ts";
import { forOneSecond, immutable, openHeaders, sendNothing, sendWhole } from "./answers.ts";
import type { Held, Waited } from "./held.ts";
import { inits } from "./live-state.ts";
import type { LiveTexts } from "./live-text.ts";
import { notInTime } from "./problems.ts";
import type { Space } from "./space.ts";
import { longestGraceMs, resendGraceMs, type Timeline } from "./timeline.ts";

/** An early request is held until its segment must have been published, even by an origin that has just started. */
export const holdSegmentMs = (earlySegments + 1) * segmentMs + longestGraceMs + resendGraceMs;

const mediaHeaders = { "content-type": "audio/mp4", "cache-control": immutable } as const;
const playlistHeaders = { "content-type": playlistType, "cache-control": forOneSecond } as const;
const textHeaders = { "content-type": "application/json", "cache-control": forOneSecond } as const;
const stateHeaders = {
  "content-type": "application/json",
  "cache-control": "public, max-age=1, stale-while-revalidate=5, stale-if-error=60",
} as const;

/** `/live/**`: everything but `stream.mp4`, which only edges send. */
export class LiveRoutes {
  readonly #held: Held;
  readonly #texts: LiveTexts;

  constructor(held: Held, texts: LiveTexts) {
    this.#held = held;
    this.#texts = texts;
  }

  async handle(
    request: IncomingMessage,
    response: ServerResponse,
    space: Space,
    path: LivePath,
    query: string,
  ): Promise<void> {
    switch (path.kind) {
      case "state":
        return sendWhole(response, stateHeaders, JSON.stringify(space.state()));
      case "master":
        return sendWhole(response, playlistHeaders, masterPlaylist());
      case "init":
        return sendWhole(response, mediaHeaders, inits.get(path.rendition) ?? "");
      case "text":
        return sendWhole(response, textHeaders, JSON.stringify(this.#texts.of(space)));
      case "beacon":
      case "line":
      case "place":
      case "stream":
        return sendNothing(request, response);
      case "playlist":
        if (!space.timeline) return sendNothing(request, response);
        return this.#playlist(request, response, space, space.timeline, query);
      case "segment":
        if (!space.timeline) return sendNothing(request, response);
        return this.#segment(request, response, space.timeline, path);
    }
  }

  async #segment(
    request: IncomingMessage,
    response: ServerResponse,
    timeline: Timeline,
    { rendition, n }: { readonly rendition: RenditionName; readonly n: SegmentNumber },
  ): Promise<void> {
    const { ring } = timeline;
    const complete = (): boolean => ring.next(rendition) >= slotOf(n, 0) + chunksPerSegment;
    const never = (): boolean => timeline.end !== undefined && n >= timeline.end;
    if (!complete() && (never() || n > (ring.latest() ?? -1) + earlySegments)) return sendNothing(request, response);
    if (request.headers[chunksHeader] !== undefined && !complete()) {
      return this.#chunks(request, response, timeline, rendition, n);
    }
    const waited = await this.#held.until(timeline, response, holdSegmentMs, () => complete() || never());
    if (waited === "gone-away") return;
    if (waited === "too-long") throw notInTime(`Segment ${n}`);
    const parts = ring.parts(rendition, n);
    if (parts?.length !== chunksPerSegment) return sendNothing(request, response);
    const headers = { ...mediaHeaders, [digestHeader]: ring.digest(rendition, n) };
    sendWhole(response, headers, Buffer.concat(parts.map((chunk) => chunk.bytes)));
  }

  /** For our own servers: each chunk as it is published. The head is sent with the first, the digest after the last. */
  async #chunks(
    request: IncomingMessage,
    response: ServerResponse,
    timeline: Timeline,
    rendition: RenditionName,
    n: SegmentNumber,
  ): Promise<void> {
    for (let part = 0; part < chunksPerSegment; part++) {
      const ready = (): boolean => timeline.ring.next(rendition) > slotOf(n, 0) + part;
      const waited = await this.#held.until(timeline, response, holdSegmentMs, ready);
      if (waited === "gone-away") return;
      const chunk = timeline.ring.chunk(rendition, slotOf(n, 0) + part);
      if (!chunk) return this.#breakOff(request, response, waited, n);
      if (part === 0) response.writeHead(200, { ...openHeaders, ...mediaHeaders, trailer: digestHeader });
      response.write(chunk.bytes);
    }
    const digest = timeline.ring.digest(rendition, n);
    if (digest !== undefined) response.addTrailers({ [digestHeader]: digest });
    response.end();
  }

  #breakOff(request: IncomingMessage, response: ServerResponse, waited: Waited, n: SegmentNumber): void {
    if (response.headersSent) response.destroy();
    else if (waited === "too-long") throw notInTime(`Segment ${n}`);
    else sendNothing(request, response);
  }

  async #playlist(
    request: IncomingMessage,
    response: ServerResponse,
    space: Space,
    timeline: Timeline,
    query: string,
  ): Promise<void> {
    const delivery = parseDelivery(query);
    if (delivery.kind === "bad") throw badDelivery(delivery.why);
    const { ring } = timeline;
    const over = (): boolean => timeline.end !== undefined && (ring.latest() ?? -1) >= timeline.end - 1;
    const msn = delivery.kind === "wait" ? delivery.msn : 0;
    const latest = ring.latest() ?? -1;
    if (msn > latest + msnLead) throw badDelivery(`_HLS_msn ${msn} is more than ${msnLead} past segment ${latest}`);
    const ready = (): boolean => over() || (ring.latest() ?? -1) >= msn;
    const waited = await this.#held.until(timeline, response, blockMs, ready);
    if (waited === "gone-away") return;
    if (waited === "too-long") throw notInTime(`Segment ${msn}`);
    const [first, last, epochMs] = [ring.first(), ring.latest(), space.spec.epochMs];
    if (first === undefined || last === undefined || epochMs === null) return sendNothing(request, response);
    sendWhole(response, playlistHeaders, livePlaylist({ epochMs, first, latest: last, ended: over() }));
  }
}
