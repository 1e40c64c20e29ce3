import type { FastifyInstance, FastifyRequest } from "fastify";
import { minutes } from "../../../foundation/duration.ts";
import { Problem } from "../../../foundation/errors.ts";
import type { SpaceRecord } from "../../../store/store.ts";
import { toldOutsideSchema } from "../../../wire/verdict-schema.ts";
import type { VerdictTold } from "../../../wire/verdict.ts";
import type { Context } from "../context.ts";
import { hosted } from "../game-day/routes.ts";
import { invalidBody, parseBody } from "../problems.ts";
import type { Evening, VerdictDesk, VerdictDeskOptions } from "./desk.ts";

type OfSpace = { Params: { space: string } };

/** What is judged before the announced minute and after the end, and at most. */
const before = minutes(5);
const after = minutes(2);
const longest = minutes(6 * 60);
/** Of a Space that has gone on for long, while it does. */
const longestLive = minutes(60);

export interface VerdictRoutesOptions extends Pick<VerdictDeskOptions, "data" | "scope"> {
  readonly context: Context;
}

/** "What was that?": for the host of a Space, live and afterwards. All behind it is loaded when it is first asked for. */
export function registerVerdict(app: FastifyInstance, { context, data, scope }: VerdictRoutesOptions): void {
  const { director, log } = context;
  const now = (): number => director.now().wall;
  let desk: VerdictDesk | undefined;
  const judge = async (record: SpaceRecord) => {
    const { VerdictDesk: Desk } = await import("./desk.ts");
    desk ??= new Desk({ data, scope, log, now });
    return desk.judge(eveningOf(record, now()));
  };

  app.get<OfSpace>("/api/v1/spaces/:space/verdict", async (request): Promise<VerdictTold> => {
    const { record } = await hosted(context, request);
    const judged = await judge(record);
    const { toldOf } = await import("./told.ts");
    const elsewhere = new Set(director.find(record.id)?.edges ?? []).size;
    return toldOf(judged, { elsewhere, url: `/api/v1/spaces/${record.id}/verdict.html` });
  });

  app.get<OfSpace>("/api/v1/spaces/:space/verdict.html", async (request: FastifyRequest, reply) => {
    const { record } = await hosted(context, request);
    const { record: told } = await judge(record);
    const { page } = await import("../../../verdict/report/page.ts");
    return reply
      .type("text/html; charset=utf-8")
      .header("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
      .send(page(told));
  });

  app.post<OfSpace>("/api/v1/spaces/:space/told", async (request, reply) => {
    const { record } = await hosted(context, request);
    const { says, at } = parseBody(toldOutsideSchema, request.body);
    if (!context.diary) throw notKept();
    const when = readWhen(at, now());
    await context.diary.said(record.id, says === "" ? `of "${record.slug}"` : `of "${record.slug}": ${says}`, when);
    return reply.code(204).send();
  });
}

/** How long ago people may have been told. */
const longestAgo = minutes(24 * 60);

/** When people were told; throws `invalidBody` for what is not within the last day. */
function readWhen(text: string | undefined, now: number): number {
  const at = text === undefined ? now : Date.parse(text);
  if (at > now + minutes(1) || at < now - longestAgo) throw invalidBody(`${text} is not within the last day.`, "/at");
  return at;
}

const notKept = (): Problem =>
  new Problem({
    status: 404,
    code: "no-evidence",
    title: "There is no evidence here",
    detail: "This server keeps none.",
    action: "Start it without ROSTRA_EVIDENCE=0.",
  });

/** Which time is judged of a Space as it is now, in whole ten seconds: as often there is something new. */
export function eveningOf({ id, startAt, liveAt, endedAt }: SpaceRecord, now: number): Evening {
  const to = Math.min(now, endedAt === null ? now : endedAt + after);
  const began = Math.min(startAt, liveAt ?? startAt) - before;
  const least = to - (endedAt === null ? longestLive : longest);
  const from = Math.min(Math.max(began, least), to - before);
  const whole = (at: number): number => Math.floor(at / 10_000) * 10_000;
  return { space: id, from: whole(from), to: whole(to) + 10_000, isOver: endedAt !== null && now > endedAt + after };
}
