import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { errno } from "../foundation/errors.ts";
import { rangeNotThere } from "../foundation/link.ts";
import { masterPlaylist, playlistType } from "../hls/master.ts";
import { vodPlaylist } from "../hls/media.ts";
import type { ReplayPath } from "../wire/paths.ts";
import { readRange } from "../wire/range.ts";
import { renditionFacts, renditionNames } from "../wire/rendition.ts";
import { segmentStart } from "../wire/timeline.ts";
import { epochMs } from "../foundation/duration.ts";
import type { ReplayState } from "../wire/replay.ts";
import { forOneHour, immutable, openHeaders, sendNothing, sendWhole } from "./answers.ts";
import type { Download } from "./downloads.ts";
import { inits } from "./live-state.ts";
import type { Replay, ReplayShelf } from "./replay.ts";
import type { Space } from "./space.ts";

const jsonHeaders = { "content-type": "application/json", "cache-control": forOneHour } as const;
const playlistHeaders = { "content-type": playlistType, "cache-control": immutable } as const;
const mediaHeaders = { "content-type": "audio/mp4", "cache-control": immutable } as const;

/** `/replay/**`: what a Space has published, as VOD HLS over the same segments and as whole files. */
export class ReplayRoutes {
  readonly #replays: ReplayShelf;

  constructor(replays: ReplayShelf) {
    this.#replays = replays;
  }

  async handle(request: IncomingMessage, response: ServerResponse, space: Space, path: ReplayPath): Promise<void> {
    const answered = await this.#replays.use(space, async (replay) => {
      await this.#answer(request, response, replay, space, path);
      return true;
    });
    if (!answered) sendNothing(request, response);
  }

  async #answer(
    request: IncomingMessage,
    response: ServerResponse,
    replay: Replay,
    space: Space,
    path: ReplayPath,
  ): Promise<void> {
    switch (path.kind) {
      case "replay-state":
        return sendWhole(response, jsonHeaders, JSON.stringify(replayState(replay, space)));
      case "replay-master":
        return sendWhole(response, playlistHeaders, masterPlaylist());
      case "replay-playlist":
        return sendWhole(response, playlistHeaders, vodPlaylist(replay));
      case "replay-init":
        return sendWhole(response, mediaHeaders, inits.get(path.rendition) ?? "");
      case "replay-segment": {
        if (path.n < replay.first || path.n > replay.last) return sendNothing(request, response);
        return sendWhole(response, mediaHeaders, Buffer.concat(await replay.chunks(path.rendition, path.n)));
      }
      case "replay-marks":
        return sendWhole(response, jsonHeaders, JSON.stringify(await replay.marks()));
      case "replay-file":
        return sendFile(request, response, await replay.download(path.file), fileName(replay.spec.slug, path.file));
    }
  }
}

function replayState(replay: Replay, space: Space): ReplayState {
  const { spec } = replay;
  return {
    v: 1,
    id: spec.id,
    slug: spec.slug,
    title: space.spec.title,
    description: space.spec.description,
    language: space.spec.language,
    unlisted: space.spec.unlisted,
    startAt: spec.startAt,
    liveAt: segmentStart(epochMs(replay.epochMs), replay.first),
    endedAt: spec.endedAt,
    durationMs: replay.durationMs,
    epochMs: replay.epochMs,
    first: replay.first,
    last: replay.last,
    renditions: renditionNames.map((name) => ({
      name,
      codecs: renditionFacts[name].codecs,
      bitrate: renditionFacts[name].bitrate,
    })),
  };
}

/** A slug has only letters, digits and hyphens, so it is safe in a header and on any disk. */
const fileName = (slug: string, file: string): string => `${slug}${file.slice(file.lastIndexOf("."))}`;

async function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  download: Download,
  name: string,
): Promise<void> {
  const { bytes, etag, contentType } = download;
  const headers = {
    ...openHeaders,
    "content-type": contentType,
    "content-disposition": `attachment; filename="${name}"`,
    "cache-control": immutable,
    "accept-ranges": "bytes",
    etag,
  };
  if (request.headers["if-none-match"] === etag) {
    response.writeHead(304, headers).end();
    return;
  }
  // If-Range with another validator means the client has parts of another file: it gets the whole one.
  const condition = request.headers["if-range"];
  const isWanted = request.method === "GET" && (condition === undefined || condition === etag);
  const range = readRange(isWanted ? request.headers.range : undefined, bytes);
  if (range.kind === "unsatisfiable") {
    const text = JSON.stringify(rangeNotThere(bytes).toDocument());
    const length = Buffer.byteLength(text);
    const type = "application/problem+json";
    response
      .writeHead(416, {
        ...openHeaders,
        "content-type": type,
        "content-range": `bytes */${bytes}`,
        "content-length": length,
      })
      .end(text);
    return;
  }
  const [from, to] = range.kind === "part" ? [range.from, range.to + 1] : [0, bytes];
  response.writeHead(range.kind === "part" ? 206 : 200, {
    ...headers,
    "content-length": to - from,
    ...(range.kind === "part" ? { "content-range": `bytes ${from}-${to - 1}/${bytes}` } : {}),
  });
  if (request.method === "HEAD") {
    response.end();
    return;
  }
  try {
    await pipeline(Readable.from(download.read(from, to), { objectMode: false }), response);
  } catch (failure) {
    // Whoever seeks in a file leaves the answer before its end.
    if (errno(failure) !== "ERR_STREAM_PREMATURE_CLOSE") throw failure;
  }
}
