import type { FastifyInstance } from "fastify";
import type * as v from "valibot";
import { maxOfferBytes } from "../../wire/stages.ts";
import { maxPaymentChars, priceHeader } from "../../wire/price.ts";
import { problemSchema } from "./answers.ts";
import { type Operation, operations } from "./operations.ts";

type Json = Readonly<Record<string, unknown>>;
type ToSchema = (schema: v.GenericSchema) => Json;

/** `/api/openapi.json`: made from the schemas that requests are read by, when it is asked for first. */
export function registerOpenapi(app: FastifyInstance): void {
  let text: Promise<string> | undefined;
  app.get("/api/openapi.json", async (_request, reply) => {
    text ??= openapi().then((document) => JSON.stringify(document));
    return reply.type("application/json").send(await text);
  });
}

/** The API as an OpenAPI 3.1 document. */
export async function openapi(): Promise<Json> {
  const { toJsonSchema } = await import("@valibot/to-json-schema");
  const inputs: ToSchema = (schema) => plain(toJsonSchema(schema, { errorMode: "ignore", typeMode: "input" }));
  const paths: Record<string, Record<string, Json>> = {};
  for (const operation of operations) {
    const path = operation.path.replaceAll(/:([a-z]+)/g, "{$1}");
    paths[path] ??= {};
    paths[path][operation.method.toLowerCase()] = describe(operation, inputs);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Rostra",
      version: "1",
      description: "The control API. Every refusal is a problem document (RFC 9457) with a stable `code`.",
    },
    paths,
    components: {
      schemas: { Problem: inputs(problemSchema) },
      securitySchemes: {
        session: { type: "apiKey", in: "cookie", name: "rostra", description: "The owner's session." },
        token: { type: "http", scheme: "bearer", description: "An invite or a participant's token." },
      },
    },
  };
}

function describe(operation: Operation, toSchema: ToSchema): Json {
  const { method, path, summary, query, body, who, priced } = operation;
  const inPath = [...path.matchAll(/:([a-z]+)/g)].map(([, name]) => ({ name, in: "path", required: true }));
  const inQuery = Object.entries(query ?? {}).map(([name, description]) => ({ name, in: "query", description }));
  const text = { schema: { type: "string" } };
  const parameters = [
    ...[...inPath, ...inQuery].map((one) => ({ ...one, ...text })),
    ...(priced ? [paymentParameter] : []),
  ];
  const content =
    body === "sdp"
      ? { "application/sdp": { schema: { type: "string", maxLength: maxOfferBytes } } }
      : body && { "application/json": { schema: toSchema(body) } };
  return {
    operationId: operationId(method, path),
    summary,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(content ? { requestBody: { required: true, content } } : {}),
    ...(security[who].length > 0 ? { security: security[who] } : {}),
    responses: responses(operation, toSchema),
  };
}

const paymentParameter: Json = {
  name: priceHeader,
  in: "header",
  description: "What answers the challenge of the problem `price-due`; docs/protocol.md says how.",
  schema: { type: "string", maxLength: maxPaymentChars },
};

const security: Readonly<Record<Operation["who"], readonly Json[]>> = {
  anyone: [],
  owner: [{ session: [] }],
  "owner or stage": [{ session: [] }, { token: [] }],
  "invite or participant": [{ token: [] }],
};

function responses({ status, answer, problems = [] }: Operation, toSchema: ToSchema): Json {
  const schema = answer === undefined ? undefined : typeof answer === "string" ? {} : toSchema(answer);
  const type = typeof answer === "string" && answer !== "json" ? answer : "application/json";
  const problem = {
    description: "A problem document.",
    content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
  };
  return {
    [status]: {
      description: status === 101 ? "Switching to WebSocket." : "Done.",
      ...(schema ? { content: { [type]: { schema } } } : {}),
    },
    ...Object.fromEntries([...problems, 429, 503].map((one) => [one, problem])),
  };
}

/** `post-spaces-space-invites` */
const operationId = (method: string, path: string): string =>
  [method.toLowerCase(), ...path.split(/[/:.]+/).filter((part) => part !== "" && part !== "api" && part !== "v1")].join(
    "-",
  );

function plain(schema: object): Json {
  const { $schema: _version, ...rest } = schema as Record<string, unknown>;
  return rest;
}
