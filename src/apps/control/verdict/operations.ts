import { toldOutsideSchema } from "../../../wire/verdict-schema.ts";
import type { Operation } from "../operation.ts";

const space = "/api/v1/spaces/:space";

/** Of what the load of a Space was. */
export const verdictOperations: readonly Operation[] = [
  {
    method: "GET",
    path: `${space}/verdict`,
    summary: "What the load was: crowd, attack, own fault, or cannot tell; live and afterwards.",
    who: "owner or stage",
    status: 200,
    answer: "json",
    problems: [401, 403, 404, 409, 500],
  },
  {
    method: "GET",
    path: `${space}/verdict.html`,
    summary: "The same as a report.",
    who: "owner or stage",
    status: 200,
    answer: "text/html",
    problems: [401, 403, 404, 409, 500],
  },
  {
    method: "POST",
    path: `${space}/told`,
    summary:
      "Writes down that people were told of the Space outside: a post, a notification. A verdict looks at who came then.",
    who: "owner or stage",
    body: toldOutsideSchema,
    status: 204,
    problems: [400, 401, 403, 404, 409, 413, 415],
  },
];
