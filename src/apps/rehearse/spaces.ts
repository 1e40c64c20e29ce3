import { setTimeout as sleep } from "node:timers/promises";
import { Problem, reason } from "../../foundation/errors.ts";
import { livePaths } from "../../wire/paths.ts";
import type { LiveState } from "../../wire/state.ts";
import { ask, type Target, unreachable } from "./target.ts";

/** The Space that a rehearsal goes to. */
export interface FoundSpace {
  readonly id: string;
  readonly slug: string;
  readonly title: string;
}

/** How often, and how far apart in ms, a Space that should be live by now is looked at. */
const [looks, lookEveryMs] = [20, 500] as const;
/** A Space in the lobby that begins within so long is waited for, ms. */
const soonMs = 5000;

/** Finds the Space that was named, or the target's only live one. @throws Problem `target-unreachable`, `target-not-live` */
export async function findSpace(target: Target, named: string | undefined): Promise<FoundSpace> {
  const space = named ?? (await onlyLive(target));
  let state = await stateOf(target, space);
  // A server that has just begun lists a Space a moment before its edges have heard of it.
  for (let tries = 0; tries < looks && state?.status !== "live"; tries++) {
    if (!(await listed(target)).some((one) => one.slug === space && isLiveSoon(one))) break;
    await sleep(lookEveryMs);
    state = await stateOf(target, space);
  }
  if (state === undefined) throw notLive(`There is no Space "${space}" at ${target.url.origin}`, await listed(target));
  if (state.status !== "live")
    throw notLive(`The Space "${space}" is not live but "${state.status}"`, await listed(target));
  return { id: state.id, slug: state.slug, title: state.title };
}

/** A Space's state; `undefined` when there is none. */
export async function stateOf(target: Target, space: string): Promise<LiveState | undefined> {
  const { status, body } = await ask(target, livePaths.state(space)).catch((thrown: unknown) => {
    throw unreachable(target.url, reason(thrown), thrown);
  });
  if (status === 404) return undefined;
  const state = status === 200 ? json<LiveState>(body) : undefined;
  if (typeof state?.id !== "string" || typeof state.slug !== "string")
    throw unreachable(target.url, `it answered ${status} to a Space's state, and is no Rostra`);
  return state;
}

interface Listed {
  readonly slug: string;
  readonly status: string;
  readonly startAt?: string | null | undefined;
}

const isLiveSoon = ({ status, startAt }: Listed): boolean =>
  status === "live" || (status === "lobby" && Date.parse(startAt ?? "") < Date.now() + soonMs);

async function listed(target: Target): Promise<Listed[]> {
  const { status, body } = await ask(target, "/api/v1/spaces?limit=50").catch((thrown: unknown) => {
    throw unreachable(target.url, reason(thrown), thrown);
  });
  const all = status === 200 ? json<{ spaces?: unknown } | unknown[]>(body) : undefined;
  const spaces = Array.isArray(all) ? all : all?.spaces;
  if (!Array.isArray(spaces))
    throw unreachable(target.url, `it answered ${status} to the list of Spaces, and is no Rostra`);
  return (spaces as Listed[]).map(({ slug, status: is, startAt }) => ({ slug, status: is, startAt }));
}

async function onlyLive(target: Target): Promise<string> {
  let spaces = await listed(target);
  for (let tries = 0; tries < looks && !spaces.some(({ status }) => status === "live"); tries++) {
    if (!spaces.some(isLiveSoon)) break;
    await sleep(lookEveryMs);
    spaces = await listed(target);
  }
  const [first, ...more] = spaces.filter(({ status }) => status === "live");
  if (!first) throw notLive(`No Space is live at ${target.url.origin}`, spaces);
  if (more.length > 0) throw notLive(`${more.length + 1} Spaces are live at ${target.url.origin}`, spaces);
  return first.slug;
}

function json<T>(body: Buffer): T | undefined {
  try {
    return JSON.parse(body.toString("utf8")) as T;
  } catch {
    return undefined;
  }
}

function notLive(what: string, spaces: readonly Listed[]): Problem {
  const there = spaces.map(({ slug, status }) => `${slug} (${status})`).join(", ");
  return new Problem({
    status: 409,
    code: "target-not-live",
    title: "There is nothing to rehearse with",
    detail: `${what}. It has ${there || "no Spaces"}.`,
    action: "Name a live Space with --space, or open one.",
  });
}
