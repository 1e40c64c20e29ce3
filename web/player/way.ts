import { type RenditionName, renditionFacts } from "../../src/wire/rendition.ts";
import type { ServiceLevel } from "../../src/wire/state.ts";
import type { MediaSourceClass } from "./sink.ts";

/** How the sound comes, and why not by the way before it. */
export type WayTaken =
  | { readonly by: "stream" }
  | { readonly by: "segments"; readonly why: "no-streaming-fetch" | "no-stream-here" | "stream-held-back" }
  | { readonly by: "hls"; readonly why: HlsReason };
export type HlsReason = "no-media-source" | "no-codec" | "decoder-refused";

export const mimeOf = (rendition: RenditionName): string => `audio/mp4; codecs="${renditionFacts[rendition].codecs}"`;

/** The rendition to ask for: Opus where it plays, lean when the server asks for it (level 2), else AAC. */
export function pickRendition(Source: MediaSourceClass | undefined, level: ServiceLevel): RenditionName | undefined {
  const wanted: RenditionName[] = [level >= 2 ? "opus-16k" : "opus-32k", "aac-64k"];
  return wanted.find((name) => Source?.isTypeSupported(mimeOf(name)));
}

/** Whether responses can be read while they come. */
export const streamsResponses = (): boolean => typeof Response === "function" && "body" in Response.prototype;
