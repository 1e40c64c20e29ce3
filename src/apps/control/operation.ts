import type * as v from "valibot";

/** One operation of the public API: what `/api/openapi.json` says of it, and which methods an address has. */
export interface Operation {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS";
  /** As Fastify writes it; `:name` stands for one part. */
  readonly path: string;
  readonly summary: string;
  /** Who may ask for it. */
  readonly who: "anyone" | "owner" | "owner or stage" | "invite or participant";
  readonly query?: Readonly<Record<string, string>>;
  /** A JSON body, or an SDP offer. */
  readonly body?: v.GenericSchema | "sdp" | undefined;
  /** Whether it has a price while many ask; the answer to its challenge comes in a header. */
  readonly priced?: true;
  readonly status: 200 | 201 | 204 | 101;
  /** The answer's body: JSON by its schema, any JSON, or text of a type. */
  readonly answer?: v.GenericSchema | "json" | "application/sdp" | "text/calendar" | "text/html";
  /** Statuses of the problems it may answer with, besides 429 and 503. */
  readonly problems?: readonly number[];
}
