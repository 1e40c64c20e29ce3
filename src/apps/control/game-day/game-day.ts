import { availableParallelism, totalmem } from "node:os";
import type { FastifyRequest } from "fastify";
import type { Link } from "../../../foundation/link.ts";
import type { Scope } from "../../../foundation/scope.ts";
import type { Audience } from "../../../rehearsal/game-day/facts.ts";
import { momentsOf, nextOf } from "../../../rehearsal/game-day/run-sheet.ts";
import { verdictOf } from "../../../rehearsal/report/record.ts";
import type { SpaceRecord } from "../../../store/store.ts";
import type { ExpectedAudience, RunCheckName, RunSheet } from "../../../wire/run-sheet.ts";
import type { Context } from "../context.ts";
import { publicOrigin } from "../request-facts.ts";
import { viewOf } from "../space-view.ts";
import { DiskLook, type FactSources, gatherFacts } from "./facts.ts";
import { type Planned, Planner } from "./planner.ts";
import { edgesOf, readRecord } from "./record.ts";
import type { Rehearsals } from "./rehearsals.ts";
import type { GameDayShelf } from "./shelf.ts";
import { frontChoice } from "../../serve/fronts.ts";

export interface GameDayOptions {
  readonly context: Context;
  readonly rehearsals: Rehearsals;
  readonly origin: Link;
  readonly scope: Scope;
  /** The data folder. */
  readonly data: string;
  /** The supervisor's socket. */
  readonly metricsSocket: string;
}

/** The network card of an edge that nobody described, bit/s. */
const usualNic = 1_000_000_000;
/** For how long the crowd of the command that is offered listens, from when all have come, and the longest run, seconds. */
const rehearsedFor = 240;
const longestRun = 6 * 3600;

/** The run sheets of all Spaces: what is kept of them, the plans that are being made, and the sheet as it is now. */
export class GameDay implements FactSources {
  readonly context: Context;
  readonly rehearsals: Rehearsals;
  readonly metricsSocket: string;
  readonly shelf: GameDayShelf;
  readonly planner: Planner;
  readonly disk: DiskLook;

  constructor({ context, rehearsals, origin, scope, data, metricsSocket }: GameDayOptions) {
    this.context = context;
    this.rehearsals = rehearsals;
    this.metricsSocket = metricsSocket;
    this.shelf = context.runSheets;
    this.planner = new Planner(scope, context.log);
    this.disk = new DiskLook(data, origin);
  }

  /** The sheet as it is now. `clock`: the time of who asks, ms since 1970. */
  async sheet(record: SpaceRecord, request: FastifyRequest, clock: number | null): Promise<RunSheet> {
    const { director, publicUrl } = this.context;
    const memory = await this.shelf.get(record.id);
    const facts = await gatherFacts(this, record, memory, clock);
    const moments = momentsOf(facts);
    const rehearsal = this.rehearsals.of(record.id);
    const address = `/api/v1/spaces/${record.id}`;
    const iso = (at: number): string => new Date(at).toISOString();
    const { audience, plan, report } = memory;
    return {
      now: iso(facts.now),
      startAt: iso(facts.startAt),
      moments,
      next: nextOf(moments),
      audience,
      plan:
        plan?.kind === "there" && facts.plan.kind === "there"
          ? {
              verdict: plan.verdict,
              edges: plan.edges,
              edgesWithSpare: plan.edgesWithSpare,
              at: iso(plan.at),
              url: `${address}/run-sheet/plan`,
            }
          : null,
      rehearsal: rehearsal ? viewOf(rehearsal.record, rehearsal, director.now()) : null,
      report: report
        ? {
            verdict: report.verdict,
            title: report.title,
            listeners: report.listeners,
            at: iso(report.at),
            url: `${address}/rehearsal/report`,
          }
        : null,
      command:
        rehearsal && audience ? commandFor(publicOrigin(request, publicUrl), rehearsal.record.slug, audience) : null,
    };
  }

  /** Notes who is expected, and has a plan made for them. Throws `plan-busy`. */
  async expect(space: string, wanted: ExpectedAudience): Promise<void> {
    const audience: Audience = { ...wanted, edge: wanted.edge ?? thisMachine() };
    const planning = this.planner.plan(space, audience);
    await this.shelf.change(space, () => ({ audience, plan: null }));
    void planning
      .then((planned) => planned && this.#keepPlan(space, audience, planned))
      .catch((failure: unknown) => this.context.log.error("plan-not-kept", { space, error: failure }));
  }

  /** Keeps a plan, unless another audience is expected by now. */
  async #keepPlan(space: string, audience: Audience, planned: Planned): Promise<void> {
    const { audience: wanted } = await this.shelf.get(space);
    if (JSON.stringify(wanted) !== JSON.stringify(audience)) return;
    const record = planned.ok ? readRecord(JSON.parse(planned.record)) : { wrong: planned.why };
    if ("wrong" in record) {
      return this.shelf.change(space, () => ({ plan: { kind: "failed", why: record.wrong.slice(0, 500) } }));
    }
    const at = Math.round(this.context.director.now().wall);
    await this.shelf.write(space, "plan", JSON.stringify(record));
    const verdict = verdictOf(record);
    await this.shelf.change(space, () => ({ plan: { kind: "there", verdict, ...edgesOf(record), at } }));
  }

  async tick(space: string, check: RunCheckName, by: string | null): Promise<void> {
    const at = Math.round(this.context.director.now().wall);
    await this.shelf.change(space, ({ ticks: { [check]: _old, ...rest } }) => ({
      ticks: by === null ? rest : { ...rest, [check]: { by, at } },
    }));
  }
}

/** An edge like this machine. */
const thisMachine = (): Audience["edge"] => ({
  cores: availableParallelism(),
  nic: usualNic,
  memory: totalmem(),
  tls: frontChoice({}, process.env).tls !== undefined,
});

/** What sends a crowd like the expected one to the rehearsal. */
export function commandFor(target: string, slug: string, { listeners, over }: Audience): string {
  const lasts = Math.min(longestRun, over + rehearsedFor);
  return [
    `rostra rehearse --target ${target} --space ${slug}`,
    `--listeners ${listeners} --arrivals flash --over ${Math.min(over, lasts)}s --for ${lasts}s --out rehearsal`,
  ].join(" ");
}
