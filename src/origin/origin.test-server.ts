import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { anchoredClock, newAnchor } from "../foundation/clock.ts";
import { epochMs } from "../foundation/duration.ts";
import { closeServer, Link, type LinkResponse, listenUnix } from "../foundation/link.ts";
import { silentLog } from "../foundation/log.ts";
import { Meter } from "../foundation/meter.ts";
import { Scope } from "../foundation/scope.ts";
import { renditionNames } from "../wire/rendition.ts";
import { partOfSlot, segmentOfSlot, slotEnd } from "../wire/timeline.ts";
import { fenceHeader, ingestPath, type Lease, type TimelineSpec } from "../wire/timelines.ts";
import { diskShelf } from "./archive.disk.ts";
import { diskAudienceShelf } from "./audience-shelf.ts";
import type { Lines } from "./lines.ts";
import { Origin } from "./origin.ts";
import { hold, programmeChunk } from "./origin.test-kit.ts";
import { diskRegister } from "./register.ts";
import { originRoutes } from "./routes.ts";

export const clock = anchoredClock(newAnchor());

export interface StartedOrigin {
  readonly link: Link;
  readonly scope: Scope;
  readonly socket: string;
  readonly origin: Origin;
}

/** An origin on a Unix socket, as its process runs it. */
export async function startOrigin(data: string, lines?: Lines): Promise<StartedOrigin> {
  const scope = new Scope();
  const meter = new Meter();
  const origin = await Origin.open({
    clock,
    meter,
    scope,
    hold,
    log: silentLog,
    register: await diskRegister(join(data, "timelines"), silentLog),
    shelf: await diskShelf(join(data, "archive"), silentLog),
    audiences: await diskAudienceShelf(join(data, "audience"), silentLog),
    ...(lines && { lines }),
  });
  const socket = join(data, "origin.sock");
  const server = await listenUnix(socket, originRoutes(origin, meter), silentLog);
  scope.onEnd(() => closeServer(server, 50));
  const link = new Link(socket);
  scope.onEnd(() => link.close());
  return { link, scope, socket, origin };
}

export const put = (link: Link, body: TimelineSpec): Promise<LinkResponse> =>
  link.request({ method: "PUT", path: `/timelines/${body.id}`, body });
export const code = ({ body }: LinkResponse): unknown => (JSON.parse(body.toString("utf8")) as { code: string }).code;

/** Sends the programme's chunk of a slot in every rendition, once the slot is over; the answers' statuses. */
export async function send(
  link: Link,
  id: string,
  epoch: number,
  slot: number,
  fence: number,
  aheadMs = 0,
): Promise<number[]> {
  await sleep(Math.max(0, slotEnd(epochMs(epoch), slot) - aheadMs - clock.now()));
  const voices = { t: "voices" as const, at: [[["p1", 5] as const], [["p1", 4] as const], [["p1", 4] as const]] };
  const answers = renditionNames.map((name) =>
    link.request({
      method: "PUT",
      path: ingestPath(id, name, segmentOfSlot(slot), partOfSlot(slot)),
      headers: { [fenceHeader]: String(fence) },
      body: programmeChunk(name, slot, [voices]),
    }),
  );
  return (await Promise.all(answers)).map(({ status }) => status);
}

/** Sends the programme of a Space in real time until told to stop. */
export async function produce(link: Link, id: string, epoch: number, from: number, signal: AbortSignal): Promise<void> {
  const { fence } = await link.json<Lease>({ method: "POST", path: `/timelines/${id}/lease` });
  for (let slot = from; !signal.aborted; slot++) await send(link, id, epoch, slot, fence);
}
