import { X509Certificate } from "node:crypto";
import { readFile, rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errno, reason } from "../../../foundation/errors.ts";
import type { Link } from "../../../foundation/link.ts";
import type {
  CertificateFact,
  GameDayFacts,
  PlanFact,
  ProcessFacts,
  StageFact,
} from "../../../rehearsal/game-day/facts.ts";
import { publicStatus } from "../../../room/life.ts";
import { isOnAir, ownerParticipant } from "../../../room/member.ts";
import type { SpaceRecord } from "../../../store/store.ts";
import type { Ops } from "../../../wire/api.ts";
import { frontChoice } from "../../serve/fronts.ts";
import type { ActiveSpace } from "../active-space.ts";
import { lifeOf } from "../life-record.ts";
import { exposition, processesOf } from "../ops-routes.ts";
import type { Context } from "../context.ts";
import type { Planner } from "./planner.ts";
import type { Rehearsals } from "./rehearsals.ts";
import type { GameDayMemory } from "./shelf.ts";

/** How long after a segment the next one may take until hold audio counts as silent. */
const silentAfterMs = 5000;
/** How long what the disk said is believed: a desk asks every few seconds, and a probe is a write. */
const diskBelievedMs = 10_000;

/** Where the facts come from. */
export interface FactSources {
  readonly context: Context;
  readonly rehearsals: Rehearsals;
  readonly planner: Planner;
  readonly disk: DiskLook;
  /** The supervisor's socket. */
  readonly metricsSocket: string;
}

/** All facts of a Space's game day, as they are now. `clock`: the time of who asks, ms since 1970. */
export async function gatherFacts(
  sources: FactSources,
  record: SpaceRecord,
  memory: GameDayMemory,
  clock: number | null,
): Promise<GameDayFacts> {
  const { context, planner, rehearsals } = sources;
  const now = context.director.now();
  const active = context.director.find(record.id);
  const rehearsal = rehearsals.of(record.id);
  const [processes, disk, certificate] = await Promise.all([
    exposition(sources.metricsSocket).then(processesOf),
    sources.disk.look(record.id, now.wall),
    certificateFact(context.publicUrl),
  ]);
  return {
    now: now.wall,
    startAt: record.startAt,
    status: publicStatus(active?.life ?? lifeOf(record, now.timeline), now),
    delayMs: record.delayMs,
    audience: memory.audience,
    plan: planFact(memory, planner.isWorking(record.id)),
    edges: machines(processes, active?.edges ?? []),
    diskFree: disk.free,
    certificate,
    clock: { setMs: now.wall - now.timeline, differsMs: clock === null ? null : clock - now.wall },
    invites: memory.invites,
    ticks: memory.ticks,
    rehearsal: rehearsal
      ? {
          plays: rehearsal.life.kind === "live" && isPublished(rehearsal, now.timeline) && rehearsal.programmeThere,
          listeners: rehearsal.listeners,
        }
      : null,
    report: memory.report,
    stage: stageFact(active),
    processes: processFacts(processes, context.links()),
    hold:
      !active || active.life.kind === "scheduled" ? "closed" : isPublished(active, now.timeline) ? "playing" : "silent",
    notRecording: disk.notRecording,
  };
}

const isPublished = ({ publishedAt }: ActiveSpace, now: number): boolean =>
  publishedAt !== null && now - publishedAt < silentAfterMs;

function planFact({ plan }: GameDayMemory, isWorking: boolean): PlanFact {
  if (isWorking) return { kind: "working" };
  return plan ?? { kind: "none" };
}

/** This machine while an edge of it is up, and every other that players are told of. */
function machines(processes: Ops["processes"], told: readonly string[]): number {
  const here = processes.some(({ name, up }) => up && name.startsWith("edge")) ? 1 : 0;
  return here + new Set(told.map((url) => URL.parse(url)?.host ?? url)).size;
}

function processFacts(processes: Ops["processes"], links: { origin: boolean; stage: boolean }): ProcessFacts {
  const slowest = processes
    .filter(({ loopDelaySeconds }) => loopDelaySeconds !== null)
    .map(({ name, loopDelaySeconds }) => ({ name, delayMs: (loopDelaySeconds ?? 0) * 1000 }))
    .toSorted((a, b) => b.delayMs - a.delayMs)[0];
  return {
    count: processes.length,
    down: processes.filter(({ up }) => !up).map(({ name }) => name),
    slowest: slowest ?? null,
    linked: links.origin && links.stage,
  };
}

function stageFact(space: ActiveSpace | undefined): StageFact {
  if (!space) return { seated: 0, connected: 0, hasHost: false, away: [], unheard: [], worst: null };
  // The owner at the desk has a place on the stage without coming on it.
  const people = space.room.seated.filter(({ id, media }) => id !== ownerParticipant || media.kind !== "none");
  const connected = people.filter(isOnAir);
  const nameOf = (id: string): string => people.find((one) => one.id === id)?.name ?? id;
  const worst = (space.health?.sessions ?? [])
    .filter(({ participant }) => connected.some(({ id }) => id === participant))
    .toSorted((a, b) => b.lossPercent + b.jitterMs / 10 - (a.lossPercent + a.jitterMs / 10))[0];
  return {
    seated: people.length,
    connected: connected.length,
    hasHost: space.room.readyToStart,
    // Who is on the page and has not turned the microphone on is away from the stage as well.
    away: people.filter((one) => !isOnAir(one)).map(({ name }) => name),
    unheard: connected
      .filter(({ id, media }) => media.kind === "connected" && !space.spoke.has(id))
      .map(({ name }) => name),
    worst: worst ? { name: nameOf(worst.participant), lossPercent: worst.lossPercent, jitterMs: worst.jitterMs } : null,
  };
}

async function certificateFact(publicUrl: string | undefined): Promise<CertificateFact> {
  const { tls } = frontChoice({}, process.env);
  if (!tls) return publicUrl?.startsWith("https://") ? { kind: "elsewhere", url: publicUrl } : { kind: "none" };
  try {
    return { kind: "own", validTo: new X509Certificate(await readFile(tls.cert)).validToDate.getTime() };
  } catch (failure) {
    return { kind: "unreadable", why: errno(failure) ?? reason(failure) };
  }
}

interface DiskFact {
  readonly free: number | null;
  readonly notRecording: string | null;
}

/** Whether the archive can be written: by the disk, and by what the origin says of the Space's own archive. */
export class DiskLook {
  readonly #data: string;
  readonly #origin: Link;
  #last: { readonly at: number; readonly fact: Promise<DiskFact> } | undefined;

  constructor(data: string, origin: Link) {
    this.#data = data;
    this.#origin = origin;
  }

  async look(space: string, now: number): Promise<DiskFact> {
    if (!this.#last || Math.abs(now - this.#last.at) >= diskBelievedMs) this.#last = { at: now, fact: this.#probe() };
    const { free, notRecording } = await this.#last.fact;
    return { free, notRecording: notRecording ?? (await this.#troubleOf(space)) };
  }

  async #probe(): Promise<DiskFact> {
    const disk = await statfs(this.#data).catch(() => undefined);
    const file = join(this.#data, "archive", `.probe-${process.pid}`);
    let notRecording: string | null = null;
    try {
      await writeFile(file, "a sound disk gives back what it was given");
      await rm(file, { force: true });
    } catch (failure) {
      notRecording = errno(failure) ?? reason(failure);
    }
    return { free: disk ? disk.bavail * disk.bsize : null, notRecording };
  }

  async #troubleOf(space: string): Promise<string | null> {
    const answer = await this.#origin.request({ path: "/healthz", timeoutMs: 2000 }).catch(() => undefined);
    if (answer?.status !== 200) return null;
    const { troubled } = JSON.parse(answer.body.toString("utf8")) as { troubled?: Record<string, string> };
    return troubled?.[space] ?? null;
  }
}
