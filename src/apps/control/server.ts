import websocket from "@fastify/websocket";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyServerOptions } from "fastify";
import { Problem } from "../../foundation/errors.ts";
import type { Meter } from "../../foundation/meter.ts";
import { maxBodyBytes } from "../../wire/body.ts";
import { pagePaths } from "../../wire/pages.ts";
import type { Context } from "./context.ts";
import { registerLevel } from "./level-routes.ts";
import { registerGameDay } from "./game-day/routes.ts";
import type { GameDayOptions } from "./game-day/game-day.ts";
import { registerOps } from "./ops-routes.ts";
import { registerOpenapi } from "./openapi.ts";
import { methodsOf } from "./operations.ts";
import { type PeopleDesk, registerPeople } from "./people-routes.ts";
import { payerOf } from "./price/paying.ts";
import { registerPrice } from "./price/routes.ts";
import { badAddress, registerProblems, sendProblem } from "./problems.ts";
import { RehearsalPermits, registerRehearsals } from "./rehearsal-permits.ts";
import { clientSubject } from "./request-facts.ts";
import { closeWithinMs, maxMessageBytes } from "./room-socket.ts";
import { registerSpaces } from "./spaces-routes.ts";
import { registerVerdict } from "./verdict/routes.ts";
import { registerWhip } from "./whip-routes.ts";

/** Methods that change something. */
const unsafe = new Set(["POST", "PATCH", "PUT", "DELETE"]);

/** `closeTimeout` is an option of `ws` that its types do not know yet. */
const socketOptions = { maxPayload: maxMessageBytes, clientTracking: false, closeTimeout: closeWithinMs };

/** Bodies are read by valibot in the routes; without this Fastify loads two compilers of JSON Schema that nobody uses. */
const noSchemas = {
  compilersFactory: { buildValidator: () => () => () => true, buildSerializer: () => () => JSON.stringify },
} as unknown as NonNullable<FastifyServerOptions["schemaController"]>;

export interface ServerOptions {
  readonly context: Context;
  readonly desk: PeopleDesk;
  readonly meter: Meter;
  readonly gameDay: Omit<GameDayOptions, "context" | "metricsSocket">;
  /** The supervisor's socket, for the ops page. */
  readonly metricsSocket: string;
}

/**
 * The API of control, ready to listen. Everything under `/api/` is public through the edges; the rest is not.
 *
 * @param onRoute is told of every route that is served
 */
export async function createServer(
  options: ServerOptions,
  onRoute?: (method: string, path: string) => void,
): Promise<FastifyInstance> {
  const { context, desk, meter, metricsSocket, gameDay } = options;
  const app = fastify({
    logger: false,
    bodyLimit: maxBodyBytes,
    // One proxy is ours: the edge. What it says of the client counts, what others said before it does not.
    trustProxy: (_address, hop) => hop === 0,
    routerOptions: { maxParamLength: 200 },
    requestTimeout: 30_000,
    forceCloseConnections: true,
    schemaController: noSchemas,
    frameworkErrors: (_error, _request, reply) => void sendProblem(reply as FastifyReply, badAddress()),
  });
  if (onRoute) app.addHook("onRoute", ({ method, url }) => [method].flat().forEach((one) => onRoute(one, url)));
  app.removeContentTypeParser("text/plain");
  registerProblems(app, context.log, methodsOf);
  const requests = meter.counter("rostra_api_requests_total", "Answers of the API, by status class.");
  app.addHook("onResponse", (_request, reply, done) => {
    requests.add(1, { class: `${Math.floor(reply.statusCode / 100)}xx` });
    done();
  });
  app.addHook("onRequest", (request, reply, done) => {
    reply.header("cache-control", "no-store");
    // Nobody else ends a connection whose upgrade is refused.
    if (request.headers.upgrade !== undefined) reply.raw.once("finish", () => request.raw.socket.destroySoon());
    const { writes, reads } = context.budgets;
    // Before anything else is done for it, so that a flood costs little more than to say no.
    if (request.url.startsWith("/api/")) (unsafe.has(request.method) ? writes : reads).take(clientSubject(request));
    done();
  });
  await app.register(websocket, {
    options: socketOptions,
    preClose: (done) => void context.rooms.end().then(() => done(), done),
  });
  await app.register(async (routes) => {
    registerSpaces(routes, context);
    registerWhip(routes, context);
    registerOps(routes, context, metricsSocket);
    registerGameDay(routes, { ...gameDay, context, metricsSocket });
    registerLevel(routes, { ...gameDay, context });
    registerVerdict(routes, { ...gameDay, context });
    registerOpenapi(routes);
    registerPrice(routes, context);
    routes.get<{ Params: { space: string } }>("/api/v1/spaces/:space/room", { websocket: true }, (socket, request) =>
      context.rooms.attach(socket, request.params.space, {
        address: clientSubject(request),
        free: context.exemption(request),
      }),
    );
  });
  await registerPeople(app, desk, (request) =>
    context.price.charge({ act: "sign-up", space: "" }, payerOf(request, context.exemption(request))),
  );
  registerRehearsals(app, new RehearsalPermits(() => context.director.now().wall));
  registerInternal(app, desk, meter);
  return app;
}

/** What edges never pass on: health, metrics and the owner link, for the supervisor on this machine. */
function registerInternal(app: FastifyInstance, desk: PeopleDesk, meter: Meter): void {
  app.get("/healthz", (_request, reply) => reply.type("text/plain").send("ok\n"));
  app.get("/metrics", (_request, reply) => reply.type("text/plain; version=0.0.4; charset=utf-8").send(meter.expose()));
  app.post<{ Body: { force?: unknown } | null }>("/internal/owner-link", async (request) => {
    if (request.headers["x-forwarded-for"] !== undefined) throw notForOutside();
    const link = await desk.people.newOwnerLink(request.body?.force === true);
    return { path: link ? pagePaths.owner(link.token) : null };
  });
}

/** An edge that forwards more than `/api/` must not give the server away. */
const notForOutside = (): Problem =>
  new Problem({
    status: 403,
    code: "not-for-outside",
    title: "That is for this machine alone",
    detail: "The request came through an edge.",
    action: "Run `rostra owner-link` on the server.",
  });
