import type { RoomEvent } from "../../src/wire/events.ts";
import type { LiveState } from "../../src/wire/state.ts";
import { asElement, bytes, chunk, FakeAudio, FakeSourceClass, FakeStream } from "./media.test-double.ts";
import { createPlayer, type Player, type PlayerChange, type PlayerOptions } from "./player.ts";

/** For tests: a player with a fake media element and servers that answer as the test says. */
export const epoch = 1_700_000_000_000;
export const liveState = (over: Partial<LiveState> = {}): LiveState => ({
  v: 1,
  id: "one",
  slug: "one",
  title: "One",
  description: "",
  language: "en",
  unlisted: false,
  status: "live",
  hold: false,
  replay: false,
  startAt: epoch,
  liveAt: epoch,
  delayMs: 0,
  endedAt: null,
  now: epoch + 3200,
  epochMs: epoch,
  first: 0,
  latest: 2,
  push: "chunk",
  heard: 0,
  beacon: 1,
  edges: [],
  level: 0,
  listeners: 1,
  renditions: [],
  stage: [],
  notice: "",
  ...over,
});

/** The servers of a test: answer by address (a path alone is home); a path without an answer is a broken connection. */
export interface Server {
  answers: Map<string, () => Response | FakeStream | undefined>;
  asked: string[];
  /** Requests other than GET, the same way. */
  posted: string[];
}

export function setUp(options: Partial<PlayerOptions> = {}): {
  player: Player;
  audio: FakeAudio;
  server: Server;
  seen: PlayerChange[];
} {
  const audio = new FakeAudio();
  const server: Server = { answers: new Map(), asked: [], posted: [] };
  server.answers.set("/live/one/state.json", () => Response.json(liveState()));
  const fetch = async (url: RequestInfo | URL, request?: RequestInit): Promise<Response> => {
    const path = url instanceof Request ? url.url : url.toString();
    (request?.method === "POST" ? server.posted : server.asked).push(path);
    const answer = server.answers.get(path)?.();
    if (!answer) throw new TypeError("Failed to fetch");
    if (answer instanceof Response) return answer;
    request?.signal?.addEventListener("abort", () => answer.break());
    return answer.response;
  };
  const player = createPlayer({
    space: "one",
    audio: asElement(audio),
    mediaSource: FakeSourceClass,
    fetch,
    streams: true,
    ...options,
  });
  const seen: PlayerChange[] = [];
  player.listen((change) => seen.push(change));
  return { player, audio, server, seen };
}

export const stream = "/live/one/opus-32k/stream.mp4";
export const segment = (n: number): Response => new Response(bytes(...[0, 1, 2].map((part) => chunk(3 * n + part))));
export const chunks = (from: number, to: number, events: readonly RoomEvent[] = []): Uint8Array[] =>
  Array.from({ length: to - from + 1 }, (_, i) => chunk(from + i, events));
