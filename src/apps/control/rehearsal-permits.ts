import type { FastifyInstance } from "fastify";
import * as v from "valibot";
import { Problem } from "../../foundation/errors.ts";
import { notFound } from "../../foundation/link.ts";
import { isPermitCode, maxPermitListeners, maxPermitMs, type Permit, permitPath } from "../../wire/rehearsal.ts";
import { parseBody } from "./problems.ts";

/** Permits at once. They are few: each is for one run, made by the owner by hand. */
export const maxPermits = 16;

const askSchema = v.strictObject({
  code: v.pipe(
    v.string(),
    v.check((text) => isPermitCode(text), "a code is 32 digits and letters from a to f"),
  ),
  forMs: v.pipe(v.number(), v.minValue(1000), v.maxValue(maxPermitMs)),
  listeners: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(maxPermitListeners)),
});
export type PermitAsk = v.InferOutput<typeof askSchema>;

/** The rehearsals that this server's owner permits. In memory alone: control's next start permits nothing. */
export class RehearsalPermits {
  readonly #permits = new Map<string, { readonly until: number; readonly listeners: number }>();
  readonly #now: () => number;

  /** @param now ms since 1970 */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Permits a run, or permits it anew. Throws `too-many-permits`. */
  permit({ code, forMs, listeners }: PermitAsk): Permit {
    this.#sweep();
    if (!this.#permits.has(code) && this.#permits.size >= maxPermits) throw tooMany();
    this.#permits.set(code, { until: this.#now() + forMs, listeners });
    return this.find(code) as Permit;
  }

  /** `undefined` when nothing is permitted, or not any more. */
  find(code: string): Permit | undefined {
    const found = this.#permits.get(code);
    const leftMs = found ? found.until - this.#now() : 0;
    return found && leftMs > 0
      ? { v: 1, code, until: Math.round(found.until), leftMs: Math.round(leftMs), listeners: found.listeners }
      : undefined;
  }

  /** True when there was one. */
  withdraw(code: string): boolean {
    return this.#permits.delete(code);
  }

  get size(): number {
    this.#sweep();
    return this.#permits.size;
  }

  #sweep(): void {
    for (const [code, { until }] of this.#permits) if (until <= this.#now()) this.#permits.delete(code);
  }
}

/** The public proof, and how the owner makes one on this machine. */
export function registerRehearsals(app: FastifyInstance, permits: RehearsalPermits): void {
  app.get<{ Params: { code: string } }>(permitPath(":code"), (request) => {
    const found = isPermitCode(request.params.code) ? permits.find(request.params.code) : undefined;
    if (!found) throw notFound("That permit");
    return found;
  });
  app.post("/internal/rehearsal-permits", (request) => {
    requireHere(request.headers["x-forwarded-for"]);
    return permits.permit(parseBody(askSchema, request.body));
  });
  app.delete<{ Params: { code: string } }>("/internal/rehearsal-permits/:code", (request, reply) => {
    requireHere(request.headers["x-forwarded-for"]);
    if (!permits.withdraw(request.params.code)) throw notFound("That permit");
    return reply.code(204).send();
  });
}

function requireHere(forwardedFor: unknown): void {
  if (forwardedFor === undefined) return;
  throw new Problem({
    status: 403,
    code: "not-for-outside",
    title: "That is for this machine alone",
    detail: "The request came through an edge.",
    action: "Run `rostra rehearsal-permit` on the server.",
  });
}

const tooMany = (): Problem =>
  new Problem({
    status: 409,
    code: "too-many-permits",
    title: "Too many rehearsals are permitted",
    detail: `${maxPermits} permits hold at once.`,
    action: "Wait until one ends, or withdraw one: `rostra rehearsal-permit CODE --withdraw`.",
  });
