import { randomBytes } from "node:crypto";
import type { NewSpace } from "./store.ts";

/** Values for the contract suite; every id is new, so that the tests do not meet in the one database they share. */

export const newId = (): string => randomBytes(8).toString("hex");

export function newSpace(given: Partial<NewSpace> = {}): NewSpace {
  const id = newId();
  return {
    id,
    slug: `space-${id}`,
    title: "A Space",
    description: "",
    language: "en",
    visibility: "public",
    status: "scheduled",
    startAt: 1_800_000_000_000,
    createdAt: 1_790_000_000_000,
    epochMs: null,
    liveFrom: null,
    liveAt: null,
    delayMs: null,
    endedAt: null,
    notice: "",
    demo: false,
    rehearsalOf: null,
    ...given,
  };
}
