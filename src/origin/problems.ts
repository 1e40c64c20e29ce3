import { Problem } from "../foundation/errors.ts";

/** What the origin refuses, besides `bad-chunk` of the material cmaf and `invalid` of the wire. */

export const unknownTimeline = (space: string): Problem =>
  new Problem({
    status: 404,
    code: "unknown-timeline",
    title: "The origin does not know this Space",
    detail: `No timeline has been put for ${space}.`,
    action: "PUT /timelines/{id} first.",
  });

export const fenced = (given: number | undefined, newest: number): Problem =>
  new Problem({
    status: 409,
    code: "fenced",
    title: "Another producer holds the programme",
    detail: `The chunk's fence is ${given ?? "missing"}; the newest lease has ${newest}.`,
    action: "Stop producing for this Space, or take a new lease.",
  });

export const late = (slot: number): Problem =>
  new Problem({
    status: 409,
    code: "late",
    title: "The chunk's slot is filled already",
    detail: `Slot ${slot} has been published with other bytes; what is published never changes.`,
    action: "Drop the chunk and go on with the next.",
  });

export const notOnAir = (detail: string): Problem =>
  new Problem({
    status: 409,
    code: "not-on-air",
    title: "The programme is not on air at that time",
    detail,
    action: "Send chunks from liveFrom on until the Space ends.",
  });

export const tooEarly = (slot: number, detail: string): Problem =>
  new Problem({
    status: 503,
    code: "too-early",
    title: "The chunk's time has not come",
    detail: `Slot ${slot} ${detail}.`,
    action: "Send it again in a moment.",
    retryAfter: 1,
  });

export const epochFixed = (space: string, is: number | null, given: number | null): Problem =>
  new Problem({
    status: 409,
    code: "epoch-fixed",
    title: "A timeline's epoch never changes",
    detail: `The timeline of ${space} begins at ${is}; ${given} was given.`,
    action: "Put the epoch that the timeline has.",
  });

export const notKept = (what: string): Problem =>
  new Problem({
    status: 507,
    code: "not-kept",
    title: "The origin could not write to its data folder",
    detail: `${what} is in force, but not on disk.`,
    action: "Free space in the data folder, and send it again.",
    retryAfter: 2,
  });

export const tooManySpaces = (cap: number): Problem =>
  new Problem({
    status: 507,
    code: "too-many-timelines",
    title: "The origin keeps no more Spaces",
    detail: `${cap} Spaces are kept already.`,
    action: "Delete Spaces that are over.",
  });

export const tooManyHeld = (cap: number): Problem =>
  new Problem({
    status: 503,
    code: "too-many-held",
    title: "Too many requests wait for a segment",
    detail: `${cap} requests are held already.`,
    action: "Ask again in a second.",
    retryAfter: 1,
  });

export const notInTime = (what: string): Problem =>
  new Problem({
    status: 503,
    code: "not-in-time",
    title: "It was not published in time",
    detail: `${what} has not been published while the request was held.`,
    action: "Ask again in a second.",
    retryAfter: 1,
  });
