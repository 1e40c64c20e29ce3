import { once } from "node:events";
import http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { edgePaths, keyHeader } from "../wire/edges.ts";
import { livePaths } from "../wire/paths.ts";
import type { FeedLine } from "../wire/timelines.ts";
import { TestEdge } from "./edge.test-server.ts";
import { initOf, TestOrigin } from "./origin.test-server.ts";
import type { EdgeOptions } from "./server.ts";

/** What the tests of edges that follow each other share. */
export const rendition = "opus-32k";
export const path = livePaths.stream("a", rendition);
export const key = "k".repeat(43);
export const withKey = { headers: { [keyHeader]: key } };
/** Quick to judge, so that tests are. */
export const feedTiming = { silenceMs: 400, lostMs: 900, lookBackMs: 60, wellMs: 250 };
export const urlOf = ({ port }: { port: number }): string => `http://127.0.0.1:${port}`;
export const quickTicks = (origin: TestOrigin): void => void (origin.tickMs = 50);

export const follows = (upstreams: readonly string[], more: Partial<EdgeOptions> = {}): Promise<TestEdge> =>
  TestEdge.start({ upstreams, control: undefined, key, feedTiming, ...more });

/** What stands for edges above; to be ended after each test. */
const dying: TestOrigin[] = [];
export const endAbove = async (): Promise<void> =>
  void (await Promise.all(dying.splice(0).map((origin) => origin.die())));
/** Has an origin ended after the test. */
export function mortal(origin: TestOrigin): TestOrigin {
  dying.push(origin);
  return origin;
}
/** All tell of the same timeline. */
const epochMs = Date.now();

/** What stands for an edge above: the same bytes at each, under a URL of its own. */
export async function above(from = 10): Promise<TestOrigin & { url: string }> {
  const origin = new TestOrigin("");
  quickTicks(origin);
  origin.open("a", from, { epochMs });
  mortal(origin);
  return Object.assign(origin, { url: await origin.listen() });
}

export const streamed = (origin: TestOrigin, from: number, to: number): Buffer =>
  Buffer.concat([
    initOf(rendition),
    ...Array.from({ length: to - from + 1 }, (_, i) => origin.segment("a", rendition, from + i)),
  ]);

export const publish = async (origins: readonly TestOrigin[], chunks: number): Promise<void> => {
  for (let i = 0; i < chunks; i++) {
    for (const origin of origins) origin.publishChunk("a");
    await sleep(15);
  }
};
/** The lines of an edge's feed, as they come. */
export async function readFeed(port: number, more: http.OutgoingHttpHeaders = {}) {
  const lines: FeedLine[] = [];
  const request = http.get({ port, path: edgePaths.feed, headers: { [keyHeader]: key, ...more }, agent: false });
  const [response] = (await once(request, "response")) as [http.IncomingMessage];
  let rest = "";
  response.on("data", (data: Buffer) => {
    const parts = (rest + data.toString()).split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts) lines.push(JSON.parse(part) as FeedLine);
  });
  response.on("error", () => {});
  return { lines, status: response.statusCode, [Symbol.dispose]: () => void request.destroy() };
}

/** An edge that has nobody to hear from. */
export const startUnsynced = (
  upstreams: readonly string[],
  more: Partial<EdgeOptions> = {},
  port = 0,
): Promise<TestEdge> =>
  TestEdge.start({ upstreams, control: undefined, key, feedTiming, ...more }, () => {}, { synced: false, port });
