import * as v from "valibot";
import { spaceSchema } from "../../../wire/api.ts";
import { expectedAudienceSchema, tickSchema } from "../../../wire/run-sheet.ts";
import type { Operation } from "../operation.ts";

const space = "/api/v1/spaces/:space";
/** What the description says of a record; all of it is in `src/rehearsal/report/record.ts`, and is read by `record.ts`. */
const recordShape = v.looseObject({ v: v.literal(1), kind: v.literal("run"), title: v.string(), command: v.string() });

/** Of a Space's rehearsal and its run sheet. */
export const gameDayOperations: readonly Operation[] = [
  {
    method: "POST",
    path: `${space}/rehearsal`,
    summary: "Makes the Space's hidden rehearsal, or gives the one there is.",
    who: "owner or stage",
    status: 200,
    answer: spaceSchema,
    problems: [401, 403, 404, 409],
  },
  {
    method: "DELETE",
    path: `${space}/rehearsal`,
    summary: "Removes the Space's rehearsal with everything of it.",
    who: "owner or stage",
    status: 204,
    problems: [401, 403, 404, 409],
  },
  {
    method: "POST",
    path: `${space}/rehearsal/report`,
    summary:
      "Takes the record of a run against the rehearsal, as `rostra rehearse --out` writes it (report.json); also packed (application/gzip).",
    who: "owner or stage",
    body: recordShape,
    status: 200,
    answer: "json",
    problems: [400, 401, 403, 404, 409, 413, 415],
  },
  {
    method: "GET",
    path: `${space}/rehearsal/report`,
    summary: "The report of the last rehearsal: a page, or its record where JSON is asked for.",
    who: "owner or stage",
    query: { lang: "`en`, `fr` or `id`." },
    status: 200,
    answer: "text/html",
    problems: [401, 403, 404],
  },
  {
    method: "GET",
    path: `${space}/run-sheet`,
    summary: "What must be so before the announced minute, whether it is, and what to do.",
    who: "owner or stage",
    query: { clock: "The asking device's time, ms since 1970: another witness of the server's." },
    status: 200,
    answer: "json",
    problems: [401, 403, 404, 409],
  },
  {
    method: "PUT",
    path: `${space}/run-sheet/audience`,
    summary: "Says who is expected; a plan for them is made.",
    who: "owner or stage",
    body: expectedAudienceSchema,
    status: 200,
    answer: "json",
    problems: [400, 401, 403, 404, 409, 413, 415],
  },
  {
    method: "GET",
    path: `${space}/run-sheet/plan`,
    summary: "The plan for the expected audience: a page, or its record where JSON is asked for.",
    who: "owner or stage",
    query: { lang: "`en`, `fr` or `id`." },
    status: 200,
    answer: "text/html",
    problems: [401, 403, 404],
  },
  {
    method: "PUT",
    path: `${space}/run-sheet/:check`,
    summary: "Ticks what only a person can know, or takes the tick away.",
    who: "owner or stage",
    body: tickSchema,
    status: 200,
    answer: "json",
    problems: [400, 401, 403, 404, 409, 413, 415],
  },
];
