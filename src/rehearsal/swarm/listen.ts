import type { RenditionName } from "../../wire/rendition.ts";
import type { Base } from "./bases.ts";
import type { ListenerWay } from "./contract.ts";
import type { Crowd } from "./crowd.ts";
import type { LiveFacts } from "./facts.ts";
import type { Follower } from "./follower.ts";
import type { Listening, Told } from "./listening.ts";
import { StreamListener } from "./stream-listener.ts";

/** The level from which on players ask for the lean rendition (`web/player/way.ts`). */
const leanLevel = 2;

/** What a newcomer asks for: AAC by HLS, as the devices do that listen so; else Opus, lean when the server wants it. */
export function renditionFor(way: ListenerWay, { state }: LiveFacts): RenditionName {
  if (way === "hls") return "aac-64k";
  return (state?.level ?? 0) >= leanLevel ? "opus-16k" : "opus-32k";
}

/** Begins to listen. */
export function listen(
  _way: ListenerWay,
  crowd: Crowd,
  person: Told,
  base: Base,
  rendition: RenditionName,
  follower: Follower,
): Listening {
  return new StreamListener(crowd, person, base, rendition, follower);
}
