import * as v from "valibot";
import { priceSchema } from "../../wire/price-schema.ts";
import {
  type HostToken,
  type Invite,
  type Me,
  type Ops,
  type SpaceChange,
  type SpaceLevel,
  spaceSchema,
} from "../../wire/api.ts";
import type { PasskeyInfo, RegisteredPasskey } from "../../wire/people.ts";
import { levelCauses } from "../../wire/levels.ts";
import { publicStatuses } from "../../wire/state.ts";

/**
 * Schemas of what the API answers, for its description. They are held to the types of `src/wire/` by the compiler
 * (`Describes`), so that neither drifts.
 */
type Describes<T> = v.GenericSchema<unknown, T>;

const instant = v.pipe(v.string(), v.isoTimestamp());
const status = v.picklist(publicStatuses);
const amount = v.nullable(v.number());

export const spaceListSchema = v.object({ spaces: v.array(spaceSchema) });

export const changeListSchema = v.object({
  changes: v.array(v.object({ at: instant, from: v.string(), to: v.string(), why: v.string() })),
}) satisfies Describes<{ changes: readonly SpaceChange[] }>;

const serviceLevel = v.picklist([0, 1, 2, 3, 4]);
export const spaceLevelSchema = v.object({
  asked: serviceLevel,
  measured: serviceLevel,
  effective: serviceLevel,
  cause: v.picklist(levelCauses),
  since: instant,
  edges: v.array(v.number()),
}) satisfies Describes<SpaceLevel>;

export const hostTokenSchema = v.object({ token: v.string() }) satisfies Describes<HostToken>;

export const inviteSchema = v.object({
  url: v.string(),
  token: v.string(),
  role: v.picklist(["host", "cohost", "speaker"]),
  expiresAt: instant,
  whipUrl: v.string(),
}) satisfies Describes<Invite>;

export const meSchema = v.object({
  signedIn: v.boolean(),
  name: v.nullable(v.string()),
  role: v.nullable(v.literal("owner")),
  ownerExists: v.boolean(),
}) satisfies Describes<Me>;

export const passkeyListSchema = v.object({
  passkeys: v.array(v.object({ id: v.string(), createdAt: instant, lastUsedAt: v.nullable(instant) })),
}) satisfies Describes<{ passkeys: readonly PasskeyInfo[] }>;

export const registeredPasskeySchema = v.object({ id: v.string() }) satisfies Describes<RegisteredPasskey>;

export const opsSchema = v.object({
  now: instant,
  processes: v.array(
    v.object({
      name: v.string(),
      up: v.boolean(),
      rss: amount,
      cpuSeconds: amount,
      uptimeSeconds: amount,
      loopDelaySeconds: amount,
      restarts: amount,
      edge: v.nullable(
        v.object({
          listeners: v.number(),
          numbered: v.number(),
          held: v.number(),
          joins: v.number(),
          sentBytes: v.number(),
          skips: v.number(),
          closes: v.number(),
          fetches: v.number(),
          level: v.number(),
          cause: v.picklist(levelCauses),
        }),
      ),
    }),
  ),
  spaces: v.array(
    v.object({
      id: v.string(),
      slug: v.string(),
      title: v.string(),
      status,
      hold: v.boolean(),
      listeners: v.number(),
      onStage: v.number(),
      hands: v.number(),
      delayMs: amount,
      programme: v.nullable(v.object({ onAir: v.boolean(), lagMs: v.number(), lost: v.number() })),
    }),
  ),
  listeners: v.number(),
  sockets: v.number(),
  links: v.object({ origin: v.boolean(), stage: v.boolean() }),
}) satisfies Describes<Ops>;

/** RFC 9457. */
export const problemSchema = v.object({
  type: v.string(),
  title: v.string(),
  status: v.number(),
  code: v.string(),
  detail: v.string(),
  action: v.string(),
  pointer: v.optional(v.string()),
  /** Of `price-due`. */
  price: v.optional(priceSchema),
});
