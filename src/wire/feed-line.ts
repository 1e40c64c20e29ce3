import { isEdgeId, maxEdgePath } from "./edges.ts";
import { isSpaceName } from "./paths.ts";
import { isRendition } from "./rendition.ts";
import { type LiveState, publicStatuses, type RenditionState, roles, type StagePerson } from "./state.ts";
import { type LineFacts, maxLineBuckets } from "./tickets.ts";
import type { FeedLine } from "./timelines.ts";

/** The most bytes that one line of a feed may have; a state with everything in it has some 20 KB. */
export const maxFeedLineBytes = 256 * 1024;

/**
 * Reads a line of a feed that comes from another machine. `undefined` for what is not one; a kind that this version does
 * not know is passed over as `"unknown"`. By hand and not by schema: it happens in every edge for every segment, and
 * edges carry no validation library.
 */
export function readFeedLine(text: string): FeedLine | "unknown" | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(value) || typeof value["t"] !== "string") return undefined;
  const read = readers[value["t"]];
  if (read === undefined) return "unknown";
  return read(value) ? (value as unknown as FeedLine) : undefined;
}

type Fields = Readonly<Record<string, unknown>>;
type Check = (value: unknown) => boolean;

const isRecord = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isWhole: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isFlag: Check = (value) => typeof value === "boolean";
const isText =
  (most: number): Check =>
  (value) =>
    typeof value === "string" && value.length <= most;
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const isOneOf =
  (values: readonly unknown[]): Check =>
  (value) =>
    values.includes(value);
const isList =
  (most: number, check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.length <= most && value.every(check);
const isName: Check = (value) => typeof value === "string" && isSpaceName(value);
/** Whether a value has every member of a shape. */
const has =
  <T>(shape: { readonly [K in keyof T]-?: Check }): Check =>
  (value) =>
    isRecord(value) && Object.entries<Check>(shape).every(([name, check]) => check(value[name]));

const base64 = /^[A-Za-z0-9+/]*={0,2}$/;

const isPerson = has<StagePerson>({
  id: isText(64),
  name: isText(80),
  role: isOneOf(roles),
  muted: isFlag,
  present: isFlag,
});

const isRenditionState = has<RenditionState>({
  name: (name) => typeof name === "string" && isRendition(name),
  codecs: isText(64),
  bitrate: isWhole,
  init: (init) => typeof init === "string" && init.length <= 8192 && base64.test(init),
});

const isState = has<LiveState>({
  v: isOneOf([1]),
  id: isName,
  slug: isName,
  title: isText(200),
  description: isText(5000),
  language: isText(35),
  unlisted: isFlag,
  status: isOneOf(publicStatuses),
  hold: isFlag,
  replay: isFlag,
  startAt: isWhole,
  liveAt: orNull(isWhole),
  delayMs: orNull(Number.isSafeInteger),
  endedAt: orNull(isWhole),
  now: isWhole,
  epochMs: orNull(isWhole),
  first: orNull(isWhole),
  latest: orNull(isWhole),
  push: isOneOf(["chunk", "segment"]),
  level: isOneOf([0, 1, 2, 3, 4]),
  listeners: isWhole,
  heard: isWhole,
  beacon: (share) => typeof share === "number" && share >= 0 && share <= 1,
  edges: isList(64, isText(200)),
  renditions: isList(16, isRenditionState),
  stage: isList(64, isPerson),
  notice: isText(500),
});

const isHash: Check = (value) => typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
const isPart: Check = (value) => typeof value === "number" && value >= 0 && value <= 1;
const isLine = has<LineFacts>({
  hour: isWhole,
  commitment: isHash,
  seed: orNull(isHash),
  buckets: isList(maxLineBuckets, (bucket) => Array.isArray(bucket) && bucket.length === 3 && bucket.every(isWhole)),
  called: has<LineFacts["called"]>({ from: isWhole, part: isPart }),
  calledLastMinute: isWhole,
  seatedLastMinute: isWhole,
});

const readers: Readonly<Record<string, (line: Fields) => boolean>> = {
  salt: ({ id, salt }) => isName(id) && isText(64)(salt) && base64.test(salt as string),
  state: ({ state }) => isState(state),
  latest: ({ id, latest, first, hold }) => isName(id) && isWhole(latest) && isWhole(first) && isFlag(hold),
  gone: ({ id }) => isName(id),
  line: (line) => isName(line["id"]) && isLine(line),
  path: ({ edges }) => isList(maxEdgePath, isEdgeId)(edges),
  synced: () => true,
  tick: ({ now }) => isWhole(now),
};
