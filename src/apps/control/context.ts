import type { FastifyRequest } from "fastify";
import type { Budget } from "../../foundation/budget.ts";
import type { Link } from "../../foundation/link.ts";
import type { Log } from "../../foundation/log.ts";
import type { Invites } from "../../room/invites.ts";
import { ownerParticipant } from "../../room/member.ts";
import type { ActionOnSpace } from "../../room/roles.ts";
import type { Store } from "../../store/store.ts";
import type { ActiveSpace } from "./active-space.ts";
import type { Diary } from "./diary.ts";
import type { Director } from "./director.ts";
import type { GameDayShelf } from "./game-day/shelf.ts";
import type { Payer, Price } from "./price/price.ts";
import { signInNeeded } from "./problems.ts";
import { bearer } from "./request-facts.ts";
import type { Rooms } from "./rooms.ts";

/** What the routes of control work with. */
export interface Context {
  readonly director: Director;
  readonly rooms: Rooms;
  readonly invites: Invites;
  readonly store: Store;
  /** What is kept of the Spaces' run sheets. */
  readonly runSheets: GameDayShelf;
  readonly stage: Link;
  /** Of each address, for what changes something and for what does not. */
  readonly budgets: { readonly writes: Budget; readonly reads: Budget };
  /** Of what costs this server something each time. */
  readonly price: Price;
  /** By what a request pays no price, where it need not. */
  readonly exemption: (request: FastifyRequest) => Payer["free"];
  readonly log: Log;
  /** What control writes down of itself; undefined where no evidence is kept. */
  readonly diary: Diary | undefined;
  /** The URL people use, where it is configured. */
  readonly publicUrl: string | undefined;
  /** Whether the streams of the two are open. */
  readonly links: () => { readonly origin: boolean; readonly stage: boolean };
  /** The owner's name when the request carries the owner's session. */
  readonly owner: (request: FastifyRequest) => Promise<string | undefined>;
}

/** The owner's name; throws `sign-in-needed`. */
export async function requireOwner(context: Context, request: FastifyRequest): Promise<string> {
  const owner = await context.owner(request);
  if (owner === undefined) throw signInNeeded();
  return owner;
}

/** On whose behalf a request acts: the owner's, or that of somebody on the stage of this Space, by their token. */
export type Actor = { readonly by: "owner" } | { readonly by: "participant"; readonly id: string };

/** Throws unless the request comes from the owner, or carries the token of somebody in the Space's room. */
export async function requireActor(context: Context, request: FastifyRequest, space: ActiveSpace): Promise<Actor> {
  const token = bearer(request);
  if (token !== undefined) {
    const read = await context.invites.read(token, space.id);
    if (read.kind === "participant" && read.participant === ownerParticipant) return { by: "owner" };
    if (read.kind === "participant") return { by: "participant", id: read.participant };
  }
  await requireOwner(context, request);
  return { by: "owner" };
}

export async function requireAction(
  context: Context,
  request: FastifyRequest,
  space: ActiveSpace,
  action: ActionOnSpace,
): Promise<Actor> {
  const actor = await requireActor(context, request, space);
  if (actor.by === "participant") space.room.require(actor.id, action, `${action} the Space`);
  return actor;
}
