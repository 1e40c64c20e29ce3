import type { FastifyInstance } from "fastify";
import type { Link } from "../../foundation/link.ts";
import { askLevelSchema, type SpaceLevel } from "../../wire/api.ts";
import type { LevelCause } from "../../wire/levels.ts";
import type { WholeLevelTold } from "../../wire/timelines.ts";
import type { ActiveSpace } from "./active-space.ts";
import { type Context, requireActor } from "./context.ts";
import { parseBody } from "./problems.ts";
import { upstreamAway } from "./publisher.ts";

type OfSpace = { Params: { space: string } };
/** How long the origin may take to say the level of the whole, ms. */
const originWithinMs = 2000;

export interface LevelOptions {
  readonly context: Context;
  readonly origin: Link;
}

/** `/api/v1/spaces/:space/level`: the level of service that those who run a Space ask for, which only raises what is measured. */
export function registerLevel(app: FastifyInstance, { context, origin }: LevelOptions): void {
  const { director, log } = context;

  const told = async (space: ActiveSpace): Promise<SpaceLevel> => {
    const whole = await origin
      .json<WholeLevelTold>({ path: "/level", timeoutMs: originWithinMs })
      .catch((failure: unknown) => {
        throw upstreamAway("origin", failure);
      });
    const { level: asked, at } = space.asked;
    const isByHand = asked > whole.level;
    return {
      asked,
      measured: whole.level,
      effective: isByHand ? asked : whole.level,
      cause: isByHand ? ("by-hand" satisfies LevelCause) : whole.cause,
      since: new Date(isByHand ? at : whole.at).toISOString(),
      edges: whole.edges,
    };
  };

  app.get<OfSpace>("/api/v1/spaces/:space/level", async (request) => {
    const space = await director.need(request.params.space);
    await requireMay(context, request, space);
    return told(space);
  });

  app.put<OfSpace>("/api/v1/spaces/:space/level", async (request) => {
    const space = await director.need(request.params.space);
    const actor = await requireMay(context, request, space);
    const { level } = parseBody(askLevelSchema, request.body);
    const before = space.asked.level;
    await director.askLevel(space, level);
    if (level !== before)
      log.info("service-level-asked", {
        space: space.id,
        level,
        before,
        by: actor.by === "owner" ? "owner" : actor.id,
      });
    await director.timelines.settled(space.id);
    return told(space);
  });
}

async function requireMay(
  context: Context,
  request: Parameters<typeof requireActor>[1],
  space: ActiveSpace,
): Promise<Awaited<ReturnType<typeof requireActor>>> {
  const actor = await requireActor(context, request, space);
  if (actor.by === "participant") space.room.require(actor.id, "level", "set the Space's level of service");
  return actor;
}
