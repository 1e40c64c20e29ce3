import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import * as v from "valibot";
import { Problem } from "../../foundation/errors.ts";
import { internalProblem, notFound } from "../../foundation/link.ts";
import type { Log } from "../../foundation/log.ts";
import { maxBodyBytes } from "../../wire/body.ts";

/** Makes every failure of the API a problem document (RFC 9457), and every unknown address 404 or 405. */
export function registerProblems(app: FastifyInstance, log: Log, methodsOf: (path: string) => readonly string[]): void {
  app.setErrorHandler((thrown: FastifyError | Problem, request, reply) => {
    const problem = asProblem(thrown, request);
    if (problem.code === "internal") log.error("request-failed", { method: request.method, error: thrown });
    return sendProblem(reply, problem);
  });
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split("?", 1)[0] ?? "";
    const methods = methodsOf(path);
    if (methods.length === 0 || methods.includes(request.method)) return sendProblem(reply, notFound(`"${path}"`));
    return sendProblem(reply.header("allow", methods.join(", ")), methodNotAllowed(request.method, methods));
  });
}

export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  if (problem.retryAfter !== undefined) reply.header("retry-after", String(problem.retryAfter));
  return reply
    .code(problem.status)
    .header("cache-control", "no-store")
    .type("application/problem+json")
    .send(Buffer.from(JSON.stringify(problem.toDocument()))); // as bytes: a text would get a charset, which JSON has not
}

/** Reads a body by its schema; what does not fit is a 400 problem that points at the member. */
export function parseBody<const S extends v.GenericSchema>(schema: S, body: unknown): v.InferOutput<S> {
  const parsed = v.safeParse(schema, body ?? {});
  if (parsed.success) return parsed.output;
  const issue = parsed.issues[0];
  const pointer = (issue.path ?? []).map(({ key }) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`);
  throw invalidBody(issue.message, pointer.join(""));
}

export const invalidBody = (detail: string, pointer: string): Problem =>
  new Problem({
    status: 400,
    code: "invalid-body",
    title: "The body has the wrong shape",
    detail: pointer === "" ? detail : `At "${pointer}": ${detail}`,
    action: "Correct it; /api/openapi.json describes every body.",
    pointer,
  });

export const signInNeeded = (): Problem =>
  new Problem({
    status: 401,
    code: "sign-in-needed",
    title: "That needs the owner",
    detail: "The request carries no session of the owner of this server.",
    action: "Sign in first.",
  });

function asProblem(thrown: FastifyError | Problem, request: FastifyRequest): Problem {
  if (thrown instanceof Problem) return thrown;
  switch (thrown.code) {
    case "FST_ERR_CTP_BODY_TOO_LARGE":
      return new Problem({
        status: 413,
        code: "too-large",
        title: "The request is too large",
        detail: `The body is larger than ${request.routeOptions.bodyLimit ?? maxBodyBytes} bytes.`,
        action: "Send less.",
      });
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return mediaType(request.headers["content-type"], "application/json");
    case "FST_ERR_CTP_EMPTY_JSON_BODY":
    case "FST_ERR_CTP_INVALID_JSON_BODY":
      return notJson();
    default:
      if (thrown instanceof SyntaxError) return notJson();
      if (thrown.statusCode !== undefined && thrown.statusCode >= 400 && thrown.statusCode < 500) {
        return new Problem({
          status: thrown.statusCode,
          code: "bad-request",
          title: "The request cannot be understood",
          detail: thrown.message,
          action: "Correct the request.",
        });
      }
      return internalProblem();
  }
}

export const mediaType = (given: string | undefined, wanted: string): Problem =>
  new Problem({
    status: 415,
    code: "unsupported-media-type",
    title: "The body is of another type than is taken here",
    detail: `It is declared as ${given ? `"${given.slice(0, 100)}"` : "nothing"}.`,
    action: `Send it as ${wanted}.`,
  });

const notJson = (): Problem =>
  new Problem({
    status: 400,
    code: "not-json",
    title: "The body is not JSON",
    detail: "The body cannot be read as JSON.",
    action: "Send one JSON value in UTF-8.",
  });

/** The address itself cannot be read: broken percent-encoding, or a part that is far too long. */
export const badAddress = (): Problem =>
  new Problem({
    status: 400,
    code: "bad-address",
    title: "The address cannot be read",
    detail: "Its path is not valid, or a part of it is too long.",
    action: "Check the address.",
  });

const methodNotAllowed = (method: string, allowed: readonly string[]): Problem =>
  new Problem({
    status: 405,
    code: "method-not-allowed",
    title: "That cannot be done here",
    detail: `${method} is not among the methods of this address: ${allowed.join(", ")}.`,
    action: "Use one of the methods named.",
  });
