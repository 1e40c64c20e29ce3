import type { FastifyInstance } from "fastify";
import { epochMs, minutes, seconds } from "../../foundation/duration.ts";
import { Problem, reason } from "../../foundation/errors.ts";
import { ownerParticipant } from "../../room/member.ts";
import { cancel, end, moveStart, startNow } from "../../room/life.ts";
import { maxListed, type NewSpace, type SpacePatch, type SpaceStatus } from "../../store/store.ts";
import {
  createInviteSchema,
  createSpaceSchema,
  editSpaceSchema,
  type HostToken,
  type Invite,
  type Space,
  type SpaceChange,
  type SpaceList,
} from "../../wire/api.ts";
import { calendar } from "../../wire/calendar.ts";
import { pagePaths } from "../../wire/pages.ts";
import { publicStatuses, type PublicStatus } from "../../wire/state.ts";
import type { ActiveSpace } from "./active-space.ts";
import { type Context, requireAction, requireActor, requireOwner } from "./context.ts";
import { newId, randomName } from "./entries.ts";
import { payerOf } from "./price/paying.ts";
import { invalidBody, parseBody } from "./problems.ts";
import { publicOrigin } from "./request-facts.ts";
import { listed, slugFrom, viewOf } from "./space-view.ts";

type OfSpace = { Params: { space: string } };
/** How far behind now a start may be said: clocks differ. */
const startSlack = minutes(1);
/** How far ahead a Space may be scheduled. */
const furthestStart = minutes(366 * 24 * 60);
const defaultListed = 50;

/** `/api/v1/spaces…`: to find, make, change, open and close Spaces, and to invite to them. */
export function registerSpaces(app: FastifyInstance, context: Context): void {
  const { director, store, invites, log } = context;
  const view = (space: ActiveSpace): Space => viewOf(space.record, space, director.now());

  app.get<{ Querystring: { limit?: string; status?: string; all?: string } }>("/api/v1/spaces", async (request) => {
    const limit = readLimit(request.query.limit);
    const status = readStatus(request.query.status);
    const all = request.query.all === "true";
    if (all) await requireOwner(context, request);
    const now = director.now();
    const open = director.spaces
      .filter(({ record }) => record.rehearsalOf === null && (all || record.visibility === "public"))
      .map(view);
    const wanted: readonly SpaceStatus[] = [
      "ended",
      "replay",
      ...(all || status === "cancelled" ? (["cancelled"] as const) : []),
    ];
    const visibility = all ? {} : { visibility: "public" as const };
    const over = await store.spaces.list({ status: wanted, ...visibility, order: "latest", limit });
    const known = new Set(open.map(({ id }) => id));
    const found = [...open, ...over.filter(({ id }) => !known.has(id)).map((record) => viewOf(record, undefined, now))];
    const isWanted = (one: Space): boolean => (status ? one.status === status : all || one.status !== "cancelled");
    const spaces = listed(found.filter(isWanted));
    return { spaces: spaces.slice(0, limit) } satisfies SpaceList;
  });

  app.post("/api/v1/spaces", async (request, reply) => {
    await requireOwner(context, request);
    const wanted = parseBody(createSpaceSchema, request.body);
    const now = director.now();
    const startAt = readStart(wanted.startAt, now.wall);
    const record: NewSpace = {
      id: newId(),
      slug: "",
      title: wanted.title,
      description: wanted.description,
      language: wanted.language,
      visibility: wanted.visibility,
      status: "scheduled",
      startAt,
      createdAt: Math.round(now.wall),
      epochMs: null,
      liveFrom: null,
      liveAt: null,
      delayMs: null,
      endedAt: null,
      notice: "",
      demo: false,
      rehearsalOf: null,
    };
    const space = await createWithSlug(context, record, wanted.slug);
    return reply.code(201).header("location", `/api/v1/spaces/${space.id}`).send(view(space));
  });

  app.get<OfSpace>("/api/v1/spaces/:space", async (request) => {
    const record = await director.record(request.params.space);
    return viewOf(record, director.find(record.id), director.now());
  });

  app.patch<OfSpace>("/api/v1/spaces/:space", async (request) => {
    await requireOwner(context, request);
    const { startAt: start, ...rest } = parseBody(editSpaceSchema, request.body);
    const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)) as SpacePatch;
    if (start === undefined) {
      const record = await director.describe(request.params.space, given);
      return viewOf(record, director.find(record.id), director.now());
    }
    const space = await director.need(request.params.space);
    await director.change(space, (now) => ({
      life: moveStart(space.life, epochMs(readStart(start, now.wall))),
      patch: given,
    }));
    return view(space);
  });

  app.post<OfSpace>("/api/v1/spaces/:space/start", async (request) => {
    const space = await director.need(request.params.space);
    await requireAction(context, request, space, "start");
    if (!space.room.occupied) throw stageEmpty();
    await director.change(space, (now) => startNow(space.life, now, "started-by-hand"));
    return view(space);
  });

  app.post<OfSpace>("/api/v1/spaces/:space/end", async (request) => {
    const space = await director.need(request.params.space);
    await requireAction(context, request, space, "end");
    await director.change(space, (now) => ({ steps: [end(space.life, now, "ended-by-hand")] }));
    return view(space);
  });

  app.post<OfSpace>("/api/v1/spaces/:space/cancel", async (request) => {
    await requireOwner(context, request);
    const space = await director.need(request.params.space);
    await director.change(space, (now) => ({ steps: [cancel(space.life, now, "cancelled-by-owner")] }));
    return view(space);
  });

  app.get<OfSpace>("/api/v1/spaces/:space/changes", async (request) => {
    await requireOwner(context, request);
    const { id } = await director.record(request.params.space);
    const changes = (await store.spaces.changes(id)).map(({ at, from, to, why }): SpaceChange => ({
      at: new Date(at).toISOString(),
      from: from ?? "",
      to,
      why,
    }));
    return { changes };
  });

  app.post<OfSpace>("/api/v1/spaces/:space/host-token", async (request) => {
    const name = await requireOwner(context, request);
    const space = await director.need(request.params.space);
    return { token: await invites.participant(space.id, ownerParticipant, name) } satisfies HostToken;
  });

  app.post<OfSpace>("/api/v1/spaces/:space/invites", async (request, reply) => {
    const space = await director.need(request.params.space);
    const actor = await requireActor(context, request, space);
    const { role, name, expiresIn } = parseBody(createInviteSchema, request.body);
    if (actor.by === "participant") space.room.requireInvite(actor.id, role);
    const invited = actor.by === "participant" && space.room.member(actor.id)?.invite;
    const free = invited ? () => "invite" as const : context.exemption(request);
    await context.price.charge({ act: "invite", space: space.id }, payerOf(request, free));
    const life = seconds(expiresIn);
    const by = actor.by === "participant" ? actor.id : undefined;
    const token = await invites.invite(space.id, { id: newId(), role, name, by }, life);
    // An invite needs no store: where that is away, only its number is missed.
    context.runSheets
      .change(space.id, (memory) => ({ invites: memory.invites + 1 }))
      .catch((failure: unknown) => log.warn("invite-not-counted", { space: space.id, reason: reason(failure) }));
    const origin = publicOrigin(request, context.publicUrl);
    const invite: Invite = {
      url: `${origin}${pagePaths.stage(space.record.slug, token)}`,
      token,
      role,
      expiresAt: new Date(director.now().wall + life).toISOString(),
      whipUrl: `${origin}/api/v1/spaces/${space.id}/whip`,
    };
    return reply.code(201).send(invite);
  });

  app.get<OfSpace>("/api/v1/spaces/:space/calendar.ics", async (request, reply) => {
    const record = await director.record(request.params.space);
    const origin = publicOrigin(request, context.publicUrl);
    const text = calendar({
      uid: `${record.id}@${new URL(origin).hostname}`,
      sequence: record.revision - 1,
      title: record.title,
      description: record.description,
      url: `${origin}${pagePaths.space(record.slug)}`,
      startAt: record.startAt,
      endAt: record.endedAt,
      cancelled: record.status === "cancelled",
      now: director.now().wall,
    });
    return reply
      .type("text/calendar; charset=utf-8")
      .header("content-disposition", `attachment; filename="${record.slug}.ics"`)
      .send(text);
  });
}

/** Makes the Space under the slug that was asked for, or one made from its title that is free. */
export async function createWithSlug(
  context: Context,
  space: NewSpace,
  slug: string | undefined,
): Promise<ActiveSpace> {
  const base = slug ?? slugFrom(space.title);
  const tries = slug === undefined ? [base, `${base}-${randomName(4)}`, `${base}-${randomName(8)}`] : [base];
  for (const one of tries) {
    const name = one.replace(/^-+/, "") || randomName(8);
    const created = await context.director.create({ ...space, slug: name });
    if (created) return created;
  }
  throw new Problem({
    status: 409,
    code: "slug-taken",
    title: "There is a Space of that name in the address",
    detail: `"${base}" is taken.`,
    action: "Choose another slug, or leave it out.",
    pointer: "/slug",
  });
}

function readStart(text: string | undefined, now: number): number {
  if (text === undefined) return Math.round(now);
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw invalidBody(`"${text}" is not a moment.`, "/startAt");
  if (at < now - startSlack) throw invalidBody(`${text} is past; leave it out to begin now.`, "/startAt");
  if (at > now + furthestStart) throw invalidBody(`${text} is more than a year ahead.`, "/startAt");
  return at;
}

function readLimit(text: string | undefined): number {
  if (text === undefined) return defaultListed;
  if (/^[1-9]\d{0,2}$/.test(text) && Number(text) <= maxListed) return Number(text);
  throw invalidBody(`The query's limit is a number from 1 to ${maxListed}.`, "");
}

function readStatus(text: string | undefined): PublicStatus | undefined {
  const status = publicStatuses.find((one) => one === text);
  if (text !== undefined && !status)
    throw invalidBody(`The query's status is one of ${publicStatuses.join(", ")}.`, "");
  return status;
}

const stageEmpty = (): Problem =>
  new Problem({
    status: 409,
    code: "stage-empty",
    title: "Nobody on stage can be heard",
    detail: "No microphone is connected to the stage, so there is nothing to publish.",
    action: "Come on stage first, then start.",
  });
