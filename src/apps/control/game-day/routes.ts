import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Problem } from "../../../foundation/errors.ts";
import { notFound } from "../../../foundation/link.ts";
import type { SpaceRecord } from "../../../store/store.ts";
import {
  expectedAudienceSchema,
  maxRecordBytes,
  packedType,
  type RunCheckName,
  type RunSheet,
  runChecks,
  tickSchema,
} from "../../../wire/run-sheet.ts";
import { type Context, requireAction, requireOwner } from "../context.ts";
import { invalidBody, parseBody } from "../problems.ts";
import { viewOf } from "../space-view.ts";
import type { GameDay, GameDayOptions } from "./game-day.ts";
import { requireNoRehearsal } from "./rehearsals.ts";
import type { RecordName } from "./shelf.ts";

type OfSpace = { Params: { space: string } };
type OfCheck = { Params: { space: string; check: string } };
type Asked = OfSpace & { Querystring: { clock?: string; lang?: string } };
const base = "/api/v1/spaces/:space";

/** The rehearsal and the run sheet of a Space. All behind it but the rehearsals themselves is loaded when it is first asked for. */
export function registerGameDay(app: FastifyInstance, options: GameDayOptions): void {
  const { context, rehearsals } = options;
  let opening: Promise<GameDay> | undefined;
  const open = (): Promise<GameDay> =>
    (opening ??= import("./game-day.ts").then((module) => new module.GameDay(options)));
  const sheet = async (record: SpaceRecord, request: FastifyRequest, clock: number | null = null): Promise<RunSheet> =>
    (await open()).sheet(record, request, clock);

  app.post<OfSpace>(`${base}/rehearsal`, async (request) => {
    const { record } = await hosted(context, request);
    const space = await context.director.need(record.id);
    const rehearsal = await rehearsals.make(space.record);
    return viewOf(rehearsal.record, rehearsal, context.director.now());
  });

  app.delete<OfSpace>(`${base}/rehearsal`, async (request, reply) => {
    const { record } = await hosted(context, request);
    if (!(await rehearsals.remove(record.id))) throw notFound(`The rehearsal of "${record.slug}"`);
    return reply.code(204).send();
  });

  app.get<Asked>(`${base}/run-sheet`, async (request) => {
    const { record } = await hosted(context, request);
    const clock = Number(request.query.clock ?? Number.NaN);
    return sheet(record, request, Number.isFinite(clock) ? clock : null);
  });

  app.put<OfSpace>(`${base}/run-sheet/audience`, async (request) => {
    const { record } = await hosted(context, request);
    await (await open()).expect(record.id, parseBody(expectedAudienceSchema, request.body));
    return sheet(record, request);
  });

  app.put<OfCheck>(`${base}/run-sheet/:check`, async (request) => {
    const { record, name } = await hosted(context, request);
    const { done } = parseBody(tickSchema, request.body);
    const gameDay = await open();
    const { moments } = await sheet(record, request);
    const check = runChecks.find((one) => one === request.params.check);
    if (!check) throw notFound(`The check "${request.params.check.slice(0, 64)}"`);
    const found = moments.flatMap((one) => one.checks).find(({ id }) => id === check);
    if (!found?.byHand) throw checkMeasured(check);
    await gameDay.tick(record.id, check, done ? name : null);
    return sheet(record, request);
  });

  app.get<Asked>(`${base}/run-sheet/plan`, async (request, reply) => {
    const { record } = await hosted(context, request);
    return sendRecord(await open(), record, "plan", request, reply);
  });

  app.get<Asked>(`${base}/rehearsal/report`, async (request, reply) => {
    const { record } = await hosted(context, request);
    return sendRecord(await open(), record, "report", request, reply);
  });

  app.register(async (packed) => {
    packed.addContentTypeParser(packedType, { parseAs: "buffer" }, (_request, body, done) => {
      unpacked(body as Buffer).then((json) => done(null, json), done);
    });
    packed.post<OfSpace>(`${base}/rehearsal/report`, async (request) => {
      const { record } = await hosted(context, request);
      await takeReport(await open(), record, request.body);
      return sheet(record, request);
    });
  });
}

/** The Space, and the name of who asks: its owner, or its host while it is not over. */
export async function hosted(
  context: Context,
  request: FastifyRequest,
): Promise<{ readonly record: SpaceRecord; readonly name: string }> {
  const { space: asked } = request.params as OfSpace["Params"];
  const record = await context.director.record(asked);
  const active = context.director.find(record.id);
  if (!active) {
    const name = await requireOwner(context, request);
    requireNoRehearsal(record);
    return { record, name };
  }
  const actor = await requireAction(context, request, active, "end");
  requireNoRehearsal(record);
  const member = actor.by === "participant" ? active.room.member(actor.id) : undefined;
  return { record, name: member?.name ?? (await context.owner(request)) ?? "Owner" };
}

/** JSON that was packed (RFC 1952), of at most `maxRecordBytes` unpacked. */
async function unpacked(body: Buffer): Promise<unknown> {
  const { gunzip } = await import("node:zlib");
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  gunzip(body, { maxOutputLength: maxRecordBytes }, (failure, bytes) => {
    if (!failure) resolve(bytes);
    else if ("code" in failure && failure.code === "ERR_BUFFER_TOO_LARGE") reject(recordTooLarge());
    else reject(invalidBody(`It cannot be unpacked: ${failure.message}.`, ""));
  });
  const text = (await promise).toString("utf8");
  try {
    return JSON.parse(text);
  } catch {
    throw invalidBody("What was packed is not JSON.", "");
  }
}

/** Keeps the record of a run that was made against the Space's rehearsal. */
async function takeReport(gameDay: GameDay, space: SpaceRecord, body: unknown): Promise<void> {
  const { askedOf, readRecord } = await import("./record.ts");
  const { verdictOf } = await import("../../../rehearsal/report/record.ts");
  const record = readRecord(body);
  if ("wrong" in record) throw invalidBody(`It is no record of a rehearsal: ${record.wrong}.`, "");
  if (record.kind !== "run") throw invalidBody("It is a plan; what is asked for is the record of a run.", "/kind");
  const rehearsal = gameDay.rehearsals.of(space.id);
  const asked = askedOf(record);
  if (!rehearsal || (asked.space !== rehearsal.id && asked.space !== rehearsal.record.slug)) {
    throw otherSpace(asked.space, rehearsal?.record.slug);
  }
  const at = Math.round(gameDay.context.director.now().wall);
  await gameDay.shelf.write(space.id, "report", JSON.stringify(record));
  const report = { verdict: verdictOf(record), title: record.title.slice(0, 200), listeners: asked.listeners, at };
  await gameDay.shelf.change(space.id, () => ({ report }));
}

/** A record as a page, or as it is where JSON is asked for. */
async function sendRecord(
  { shelf }: GameDay,
  space: SpaceRecord,
  name: RecordName,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const text = await shelf.read(space.id, name);
  if (text === undefined) throw notFound(`The ${name} of "${space.slug}"`);
  if (!request.headers.accept?.includes("text/html")) return reply.type("application/json").send(text);
  const { page } = await import("../../../rehearsal/report/page.ts");
  const { isLanguage } = await import("../../../rehearsal/report/language.ts");
  const { readRecord } = await import("./record.ts");
  const record = readRecord(JSON.parse(text));
  if ("wrong" in record) throw notFound(`A ${name} of "${space.slug}" that can be read`);
  const { lang = "en" } = request.query as Asked["Querystring"];
  return reply
    .type("text/html; charset=utf-8")
    .header("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
    .send(page(record, isLanguage(lang) ? lang : "en"));
}

const checkMeasured = (check: RunCheckName): Problem =>
  new Problem({
    status: 409,
    code: "check-measured",
    title: "That check is measured, not ticked",
    detail: `"${check}" is worked out from what this server sees.`,
    action: "Do what the run sheet says there; it turns green by itself.",
  });

const recordTooLarge = (): Problem =>
  new Problem({
    status: 413,
    code: "too-large",
    title: "The request is too large",
    detail: `The record has more than ${maxRecordBytes} bytes, unpacked.`,
    action: "Send less.",
  });

const otherSpace = (named: string | undefined, wanted: string | undefined): Problem =>
  new Problem({
    status: 409,
    code: "report-other-space",
    title: "That record is of another rehearsal",
    detail:
      wanted === undefined
        ? "The Space has no rehearsal now."
        : `Its command names ${named === undefined ? "no Space" : `"${named}"`}; this Space's rehearsal is "${wanted}".`,
    action: "Run the command that the desk shows, and hand in what it writes.",
  });
