import type { RenditionName } from "../../wire/rendition.ts";
import type { Base } from "./bases.ts";
import type { ListenerWay } from "./contract.ts";
import type { Crowd } from "./crowd.ts";
import type { LiveFacts } from "./facts.ts";
import type { Follower } from "./follower.ts";
import { HlsListener } from "./hls-listener.ts";
import type { Doing, Told } from "./listening.ts";
import { NumberedListener } from "./numbered-listener.ts";
import { StreamListener } from "./stream-listener.ts";

/** The level from which on players ask for the lean rendition (`web/player/way.ts`). */
const leanLevel = 2;

/** What a newcomer asks for: AAC by HLS, as the devices do that listen so; else Opus, lean when the server wants it. */
export function renditionFor(way: ListenerWay, { state }: LiveFacts): RenditionName {
  if (way === "hls") return "aac-64k";
  return (state?.level ?? 0) >= leanLevel ? "opus-16k" : "opus-32k";
}

const ways = { stream: StreamListener, numbered: NumberedListener, hls: HlsListener } as const;

/** Begins to listen. */
export function listen(
  way: ListenerWay,
  crowd: Crowd,
  person: Told,
  base: Base,
  rendition: RenditionName,
  follower: Follower,
): Doing {
  const Way = ways[way];
  return new Way(crowd, person, base, rendition, follower);
}
