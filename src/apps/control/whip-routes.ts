import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Problem } from "../../foundation/errors.ts";
import { notFound, problemFrom } from "../../foundation/link.ts";
import type { Token } from "../../room/invites.ts";
import { isSeated, type Member } from "../../room/member.ts";
import { type Answer, maxOfferBytes } from "../../wire/stages.ts";
import type { ActiveSpace } from "./active-space.ts";
import type { Context } from "./context.ts";
import { cameByWhip, entryOf, inviteOf } from "./entries.ts";
import { mediaType } from "./problems.ts";
import { upstreamAway } from "./publisher.ts";
import { bearer } from "./request-facts.ts";

const sdpType = "application/sdp";
type OfSpace = { Params: { space: string }; Querystring: { transport?: string } };
type OfSession = { Params: { space: string; session: string } };

/**
 * WHIP (RFC 9725): an SDP offer and a token become a media session on the stage. An invite takes somebody new in; a
 * participant's token belongs to somebody in the room. Trickle ICE and ICE restarts are not offered: PATCH is 405.
 */
export function registerWhip(app: FastifyInstance, context: Context): void {
  const { director, stage } = context;
  const options = { bodyLimit: maxOfferBytes };
  app.addContentTypeParser(sdpType, { parseAs: "string" }, (_request, body, done) => done(null, body));

  app.options<OfSpace>("/api/v1/spaces/:space/whip", (_request, reply) =>
    allowAnywhere(reply, "POST, OPTIONS").header("accept-post", sdpType).code(204).send(),
  );
  app.options<OfSession>("/api/v1/spaces/:space/whip/:session", (_request, reply) =>
    allowAnywhere(reply, "DELETE, OPTIONS").code(204).send(),
  );

  app.post<OfSpace>("/api/v1/spaces/:space/whip", options, async (request, reply) => {
    allowAnywhere(reply, "POST, OPTIONS");
    const space = await director.need(request.params.space);
    const token = await readToken(context, request, space);
    const sdp = readOffer(request);
    if (!space.stageSpec()) throw notOpen(space);
    const before = space.room.size;
    const member = comeOnStage(context, space, token);
    const isNew = space.room.size > before;
    try {
      await director.stages.settled(space.id);
      const transport = request.query.transport === "tcp" ? "tcp" : "udp";
      const answer = await openSession(context, space, { participant: member.id, sdp, transport });
      const known = space.sessions.get(member.id);
      if (known?.session !== answer.session) {
        space.sessions.set(member.id, { session: answer.session, state: "connecting" });
      }
      return await reply
        .code(201)
        .header("location", `/api/v1/spaces/${space.id}/whip/${answer.session}`)
        .header("etag", `"${answer.session}"`)
        .type(sdpType)
        .send(answer.sdp);
    } catch (failure) {
      const nobodyElse = space.room.member(member.id)?.sockets === 0;
      if (isNew && nobodyElse) director.act(space, (room) => room.leave(member.id));
      throw failure;
    }
  });

  app.delete<OfSession>("/api/v1/spaces/:space/whip/:session", async (request, reply) => {
    allowAnywhere(reply, "DELETE, OPTIONS");
    const { session } = request.params;
    const { id } = await director.record(request.params.space);
    const space = director.find(id);
    if (!space) throw notFound(`The session "${session.slice(0, 64)}"`);
    const token = await readToken(context, request, space);
    const participant = [...space.sessions].find(([, one]) => one.session === session)?.[0];
    if (participant === undefined || !isTheirs(token, participant)) {
      throw notFound(`The session "${session.slice(0, 64)}", or your right to it,`);
    }
    space.sessions.delete(participant);
    const path = `/stages/${space.id}/sessions/${encodeURIComponent(session)}`;
    const failure = await stage.request({ method: "DELETE", path }).then(
      () => undefined,
      (cause: unknown) => upstreamAway("stage", cause),
    );
    // Also where the stage is away: they have left, and it will not tell of a session that it has forgotten.
    director.act(space, (room, now) => {
      // A page that is reloaded ends its media too; its participant's token brings it back to the place that is kept.
      const hasOnlyWhip = token.kind === "invite" && room.member(participant)?.sockets === 0;
      if (hasOnlyWhip) room.leave(participant);
      else room.heard(participant, false, now);
    });
    if (failure) throw failure;
    return reply.code(200).send();
  });
}

/** WHIP clients may run on other sites' pages; what they may do hangs on their token alone. */
const allowAnywhere = (reply: FastifyReply, methods: string): FastifyReply =>
  reply
    .header("access-control-allow-origin", "*")
    .header("access-control-allow-methods", methods)
    .header("access-control-allow-headers", "authorization, content-type")
    .header("access-control-expose-headers", "location, etag, link, retry-after")
    .header("access-control-max-age", "86400");

async function readToken(context: Context, request: FastifyRequest, space: ActiveSpace): Promise<Token> {
  const token = bearer(request);
  if (token === undefined) {
    throw new Problem({
      status: 401,
      code: "token-needed",
      title: "A token is needed",
      detail: "The request has no `Authorization: Bearer …` header.",
      action: "Send the token of an invite to this Space.",
    });
  }
  return context.invites.read(token, space.id, space.record.rehearsalOf);
}

function readOffer(request: FastifyRequest): string {
  if (typeof request.body !== "string") throw mediaType(request.headers["content-type"], sdpType);
  if (request.body.trim() !== "") return request.body;
  throw new Problem({
    status: 400,
    code: "offer-empty",
    title: "The offer is empty",
    detail: "The body has no SDP in it.",
    action: "POST the SDP offer of your peer connection.",
  });
}

/**
 * The seat of the token's bearer. A WHIP client with an invite comes back to its own place while that is kept; the place of
 * another bearer of the same invite, whose sound has not come yet, is not its own.
 */
function comeOnStage(context: Context, space: ActiveSpace, token: Token): Member {
  const away =
    token.kind === "invite"
      ? space.room.seated.find(({ id, media }) => media.kind === "away" && cameByWhip(id, token.id))
      : undefined;
  const entry = away
    ? ({ by: "participant", id: away.id, name: token.name } as const)
    : entryOf(token, undefined, "whip");
  space.room.mayReturn(entry.id);
  const known = space.room.member(entry.id);
  if (entry.by === "participant" && (!known || !isSeated(known))) throw notOnStage();
  return context.director.act(space, (room, now) => room.enter(entry, now));
}

async function openSession(
  { stage }: Context,
  space: ActiveSpace,
  offer: { participant: string; sdp: string; transport: "udp" | "tcp" },
): Promise<Answer> {
  const answer = await stage
    .request({ method: "POST", path: `/stages/${space.id}/sessions`, body: offer, timeoutMs: 7000 })
    .catch((cause: unknown) => {
      throw upstreamAway("stage", cause);
    });
  const text = answer.body.toString("utf8");
  if (answer.status !== 201) throw problemFrom(answer.status, text, "the stage");
  return JSON.parse(text) as Answer;
}

const isTheirs = (token: Token, participant: string): boolean =>
  token.kind === "participant" ? token.participant === participant : inviteOf(participant) === token.id;

const notOnStage = (): Problem =>
  new Problem({
    status: 403,
    code: "not-on-stage",
    title: "You are not on the stage",
    detail: "The token is good, but its bearer has no place on the stage now.",
    action: "Raise your hand in the room, or ask the host for an invite.",
  });

const notOpen = (space: ActiveSpace): Problem =>
  new Problem({
    status: 409,
    code: "space-not-open",
    title: "The Space has not opened yet",
    detail: `Its lobby opens 30 minutes before ${new Date(space.record.startAt).toISOString()}.`,
    action: "Come back then.",
    retryAfter: 30,
  });
